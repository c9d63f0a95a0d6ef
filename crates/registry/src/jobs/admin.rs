//! Jobs as they are looked at and looked after.

use std::time::Duration;

use jiff::Timestamp;
use sheaf_catalog::{Dropped, JobFilter, JobRow, NewJob as QueuedJob, Retried};
use sheaf_types::jobs::{Job, JobId, JobKind, JobResult, JobState, NewJob};
use sheaf_types::repositories::Page;
use sheaf_types::{ErrorDetail, RepositoryName};

use crate::{Caller, Error, PageRequest, Registry, Result};

/// The longest that a client may wait for a job in one request.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// How often is looked whether another server ended a job.
const WAIT_POLL: Duration = Duration::from_secs(1);

/// Which jobs are asked for.
#[derive(Debug, Clone, Default)]
pub struct JobQuery {
    /// Only of this kind.
    pub kind: Option<JobKind>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only about this repository.
    pub repository: Option<RepositoryName>,
}

impl Registry {
    /// Jobs, newest first: all for an administrator, a repository's for who may write to it.
    pub async fn list_jobs(
        &self,
        caller: &Caller,
        query: &JobQuery,
        page: &PageRequest,
    ) -> Result<Page<Job>> {
        let repository = match &query.repository {
            None => {
                caller.check_admin()?;
                None
            }
            Some(name) => Some(self.writable(caller, name).await?.id),
        };
        let filter = JobFilter {
            kind: query.kind,
            state: query.state,
            repository,
        };
        let before = match page.cursor.as_str() {
            "" => JobId(i64::MAX),
            cursor => cursor.parse().map_err(|_| {
                Error::Invalid("'cursor' must be the 'next' of the page before".into())
            })?,
        };
        let rows = self.catalog.list_jobs(&filter, before, page.rows()).await?;
        let jobs = rows.into_iter().map(shown).collect::<Result<Vec<_>>>()?;
        Ok(page.page(jobs, |job| job.id.to_string()))
    }

    /// A job; where it has not ended, waits up to `wait` for that.
    pub async fn job(&self, caller: &Caller, id: JobId, wait: Duration) -> Result<Job> {
        let mut ended = self.jobs.subscribe();
        let deadline = tokio::time::Instant::now() + wait.min(MAX_WAIT);
        loop {
            let job = self.own_job(caller, id).await?;
            let waiting = matches!(job.state, JobState::Queued | JobState::Running);
            if !waiting || tokio::time::Instant::now() >= deadline {
                return Ok(job);
            }
            tokio::select! {
                _ = ended.changed() => {}
                () = tokio::time::sleep(WAIT_POLL) => {}
                () = tokio::time::sleep_until(deadline) => {}
                () = self.stop.cancelled() => return Ok(job),
            }
        }
    }

    /// Queues a job, unless the same is queued or running: then that one is given. Also whether it is
    /// new.
    pub async fn start_job(&self, caller: &Caller, new: &NewJob) -> Result<(Job, bool)> {
        let queued = match new {
            NewJob::Reencode {
                repository,
                reference,
                level,
            } => {
                self.queue_reencoding(caller, repository, reference, *level)
                    .await?
            }
            NewJob::Collect => {
                caller.check_admin()?;
                self.queue_collection(Duration::ZERO).await?
            }
            NewJob::Check(check) => self.queue_check(caller, check).await?,
        };
        Ok((self.own_job(caller, queued.job).await?, queued.new))
    }

    /// Tries a job again that was given up.
    pub async fn retry_job(&self, caller: &Caller, id: JobId) -> Result<Job> {
        let job = self.own_job(caller, id).await?;
        match self.catalog.retry_job(id).await? {
            Retried::Queued => {}
            Retried::NotFailed => return Err(Error::JobNotFailed(job.state.as_str())),
            Retried::Superseded => return Err(Error::JobSuperseded),
            Retried::Gone => return Err(Error::JobNotFound),
        }
        self.jobs.wake(job.kind);
        self.own_job(caller, id).await
    }

    /// Takes a job away; one that runs is stopped. A client that waits for it is told.
    pub async fn drop_job(&self, caller: &Caller, id: JobId) -> Result<()> {
        self.own_job(caller, id).await?;
        let told = ErrorDetail {
            code: "job_dropped".into(),
            message: "the job of this commit was dropped: commit again".into(),
        };
        let expires_at = self.expiry(Timestamp::now());
        let dropped = self.catalog.drop_job(id, &told, expires_at).await?;
        self.jobs.ended();
        match dropped {
            Dropped::Dropped => Ok(()),
            Dropped::Gone => Err(Error::JobNotFound),
        }
    }

    /// A job that the caller may look after.
    async fn own_job(&self, caller: &Caller, id: JobId) -> Result<Job> {
        let row = self.catalog.find_job(id).await?;
        let row = row.filter(|row| caller.may_see_job(row.job.repository.as_ref()));
        shown(row.ok_or(Error::JobNotFound)?)
    }

    /// Queues a collection, unless one was done as lately as that.
    pub(crate) async fn queue_collection(
        &self,
        unless_done_within: Duration,
    ) -> Result<sheaf_catalog::Queued> {
        let new = QueuedJob {
            kind: JobKind::Collect,
            key: "collect",
            repository: None,
            what: "what nothing reaches",
            payload: "{}",
            unless_done_within,
        };
        let queued = self.catalog.queue_job(&new).await?;
        self.jobs.wake(JobKind::Collect);
        Ok(queued)
    }
}

fn shown(row: JobRow) -> Result<Job> {
    let result: Option<Option<JobResult>> = row
        .result
        .map(|json| serde_json::from_str(&json))
        .transpose()
        .map_err(Error::internal)?;
    Ok(Job {
        result: result.flatten(),
        ..row.job
    })
}
