//! Takes jobs, keeps their leases while they run, and settles what comes of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sheaf_catalog::{Job, Lease};
use sheaf_types::ErrorDetail;
use sheaf_types::jobs::{JobKind, JobResult};

use super::backoff::pause;
use crate::{Error, Kind, Registry, Result, report};

/// How often a lease is renewed while it lasts, so that a few renewals may fail.
const RENEWALS: u32 = 6;

/// The longest that a queue is not looked at.
const POLL: Duration = Duration::from_secs(5);

impl Registry {
    /// Works on jobs of a kind until the registry stops.
    pub(crate) async fn work(self: Arc<Self>, kind: JobKind) {
        while !self.stop.is_cancelled() {
            let next = self.work_on_queue(kind).await.unwrap_or_else(|error| {
                report::log(&error);
                POLL
            });
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = self.jobs.queued(kind, next.min(self.renewal())) => {}
            }
        }
    }

    /// Works until nothing is due; when something may be.
    async fn work_on_queue(self: &Arc<Self>, kind: JobKind) -> Result<Duration> {
        let settings = &self.settings;
        let mut next = POLL;
        while !self.stop.is_cancelled() {
            let claimed = self
                .catalog
                .claim_job(kind, &settings.server_name, settings.job_lease);
            let Some(job) = claimed.await? else { break };
            if let Some(pause) = self.work_on(&job).await? {
                next = next.min(pause);
            }
            self.jobs.ended();
        }
        Ok(next)
    }

    /// One attempt; how long to wait where there is to be another.
    async fn work_on(self: &Arc<Self>, job: &Job) -> Result<Option<Duration>> {
        tokio::select! {
            outcome = self.attempt(job) => self.settle(job, outcome).await,
            lost = self.keep_lease(&job.lease) => lost.map(|()| None),
            () = self.stop.cancelled() => {
                self.catalog.put_back_job(&job.lease).await?;
                Ok(None)
            }
        }
    }

    /// One that was begun so often without getting on takes the server down with it.
    async fn attempt(self: &Arc<Self>, job: &Job) -> Result<Option<JobResult>> {
        if job.fruitless > most_attempts(job.kind) {
            return Err(Error::internal(TooOften));
        }
        self.run_job(job).await
    }

    async fn settle(
        &self,
        job: &Job,
        outcome: Result<Option<JobResult>>,
    ) -> Result<Option<Duration>> {
        match outcome {
            Ok(result) => {
                let result = serde_json::to_string(&result).map_err(Error::internal)?;
                self.catalog.end_job(&job.lease, &result).await?;
                Ok(None)
            }
            Err(error) => self.settle_failure(job, &error).await,
        }
    }

    /// What is not the caller's doing may go well later. What is given up is told to a client that
    /// waits, and stays to be looked at unless it was the client's own doing.
    async fn settle_failure(&self, job: &Job, error: &Error) -> Result<Option<Duration>> {
        report::log(error);
        let cause = ErrorDetail {
            code: error.code().into(),
            message: report::cause(error),
        };
        let passing = match error.kind() {
            Kind::Internal | Kind::Unavailable => true,
            // Somebody may make room, and no client waits to be told.
            Kind::Full => job.upload.is_none(),
            _ => false,
        };
        let lease = &job.lease;
        let fruitless = self.catalog.fruitless_attempts(lease).await?;
        if passing && fruitless < most_attempts(job.kind) {
            let pause = pause(fruitless);
            self.catalog.retry_job_later(lease, &cause, pause).await?;
            return Ok(Some(pause));
        }
        let told = error.detail();
        let expires_at = self.expiry(Timestamp::now());
        match &job.upload {
            Some(upload) if !passing => {
                let refused = self.catalog.refuse_commit(lease, upload, &told, expires_at);
                refused.await?;
            }
            upload => {
                let commit = upload.as_ref().map(|upload| (upload, &told, expires_at));
                self.catalog.give_up_job(lease, &cause, commit).await?;
            }
        }
        Ok(None)
    }

    /// Renews a lease until it is lost: the job was dropped, or another server took it over.
    async fn keep_lease(&self, lease: &Lease) -> Result<()> {
        loop {
            tokio::time::sleep(self.renewal()).await;
            if !self
                .catalog
                .renew_job(lease, self.settings.job_lease)
                .await?
            {
                tracing::warn!(job = %lease.job, "a job was dropped or taken over while it ran");
                return Ok(());
            }
        }
    }

    fn renewal(&self) -> Duration {
        (self.settings.job_lease / RENEWALS).min(POLL)
    }
}

/// How often is tried without getting on. A client waits for its commit.
fn most_attempts(kind: JobKind) -> u64 {
    match kind {
        JobKind::Commit => 4,
        JobKind::Reencode | JobKind::Collect | JobKind::Check => 6,
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it was begun again and again and never ended")]
struct TooOften;
