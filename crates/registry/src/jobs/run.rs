//! What is done for each kind of job, and for how many at once.

use std::sync::Arc;

use jiff::Timestamp;
use sheaf_catalog::Job;
use sheaf_types::jobs::{JobKind, JobResult, Taken};

use crate::{Error, Registry, Result};

impl Registry {
    pub(super) async fn run_job(self: &Arc<Self>, job: &Job) -> Result<Option<JobResult>> {
        match job.kind {
            JobKind::Commit => self.run_commit(job).await.map(|()| None),
            JobKind::Reencode => {
                let done = self.run_reencoding(job).await?;
                Ok(Some(JobResult::Reencode(done)))
            }
            JobKind::Collect => self.collect_in_background().await.map(Some),
            JobKind::Check => self.run_check(job).await.map(Some),
        }
    }

    async fn collect_in_background(&self) -> Result<JobResult> {
        let taken = self.run_collection(Timestamp::now()).await?;
        let (objects, bytes) = (taken.objects.rows, taken.objects.bytes);
        if objects > 0 {
            tracing::info!(objects, bytes, "objects that nothing reached are deleted");
        }
        Ok(JobResult::Collect(Taken {
            revisions: taken.revisions.rows,
            chunks: taken.chunks.rows,
            objects,
            bytes,
        }))
    }
}

/// How many jobs of a kind one server works on at once. Each kind has its own, so that none waits for
/// another.
pub(crate) fn workers(kind: JobKind) -> usize {
    match kind {
        // They read much and wait for each other's CPU anyway.
        JobKind::Commit => 2,
        JobKind::Reencode | JobKind::Collect | JobKind::Check => 1,
    }
}

/// A job of which the catalog lacks what its kind needs.
#[derive(Debug, thiserror::Error)]
#[error("the job's row lacks what a job of its kind has")]
pub(crate) struct Incomplete;

/// What a job of this kind has.
pub(crate) fn needed<T>(part: Option<T>) -> Result<T> {
    part.ok_or_else(|| Error::internal(Incomplete))
}
