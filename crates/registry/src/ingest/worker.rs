//! Commits that were promised are kept.

use std::sync::Arc;

use sheaf_catalog::Job;
use sheaf_types::uploads::CommitRequest;

use super::commit::Change;
use super::condition::Condition;
use crate::jobs::needed;
use crate::{Error, Registry, Result};

impl Registry {
    /// Does what a commit's job says. The job ends in the transaction that makes the revision.
    pub(crate) async fn run_commit(self: &Arc<Self>, job: &Job) -> Result<()> {
        let (upload, repository) = (needed(job.upload)?, needed(job.repository)?);
        let request: CommitRequest = serde_json::from_str(&job.payload).map_err(Error::internal)?;
        let mut put = Vec::with_capacity(request.files.len());
        for file in request.files {
            put.push(self.verify_file(&upload, file).await?);
        }
        let change = Change {
            branch: request.branch,
            parent: request.parent,
            message: request.message,
            put,
            delete: request.delete,
            condition: Condition::default(),
        };
        self.commit_change(&upload, repository, &change).await?;
        Ok(())
    }
}
