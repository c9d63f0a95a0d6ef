//! Commits that were promised are kept.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sheaf_catalog::Job;
use sheaf_types::UploadId;
use sheaf_types::uploads::CommitRequest;

use super::commit::Change;
use super::condition::Condition;
use crate::{Error, Kind, Registry, Result, report};

/// How long a server that died keeps others from its commits.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// How often a lease is renewed.
const RENEWAL: std::time::Duration = std::time::Duration::from_secs(5);

/// After a failure that is not the caller's doing.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);

/// How often is tried in all.
const MAX_ATTEMPTS: u64 = 4;

impl Registry {
    /// Works on commits until none is left.
    pub(crate) async fn work_on_commits(self: &Arc<Self>) -> Result<()> {
        while !self.stop.is_cancelled() {
            let now = Timestamp::now();
            let Some(job) = self.catalog.claim_job(now, after(now, LEASE)).await? else {
                break;
            };
            tokio::select! {
                done = self.work_on(&job) => done?,
                gone = self.keep_lease(&job.upload) => gone?,
                () = self.stop.cancelled() => {
                    self.catalog.renew_job(&job.upload, now).await?;
                }
            }
            self.commits_ended.send_modify(|ended| *ended += 1);
        }
        Ok(())
    }

    async fn work_on(self: &Arc<Self>, job: &Job) -> Result<()> {
        // One that was begun so often without an end takes the server down with it.
        let done = match job.attempts < MAX_ATTEMPTS {
            true => self.run_commit(job).await,
            false => Err(Error::internal(TooOften)),
        };
        let Err(error) = done else { return Ok(()) };
        report::log(&error);
        let now = Timestamp::now();
        let passing = matches!(error.kind(), Kind::Internal | Kind::Unavailable);
        if passing && job.attempts + 1 < MAX_ATTEMPTS {
            self.catalog
                .renew_job(&job.upload, after(now, PAUSE))
                .await?;
            return Ok(());
        }
        let expires_at = self.expiry(now);
        let detail = error.detail();
        self.catalog
            .fail_job(&job.upload, &detail, expires_at)
            .await?;
        Ok(())
    }

    async fn run_commit(self: &Arc<Self>, job: &Job) -> Result<()> {
        let request: CommitRequest = serde_json::from_str(&job.payload).map_err(Error::internal)?;
        let mut put = Vec::with_capacity(request.files.len());
        for file in request.files {
            put.push(self.verify_file(&job.upload, file).await?);
        }
        let change = Change {
            branch: request.branch,
            parent: request.parent,
            message: request.message,
            put,
            delete: request.delete,
            condition: Condition::default(),
        };
        self.commit_change(&job.upload, job.repository, &change)
            .await?;
        Ok(())
    }

    /// Renews a lease until the upload is aborted.
    async fn keep_lease(&self, upload: &UploadId) -> Result<()> {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let until = after(Timestamp::now(), LEASE);
            if !self.catalog.renew_job(upload, until).await? {
                return Ok(());
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a commit was begun {MAX_ATTEMPTS} times and never ended")]
struct TooOften;

fn after(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
