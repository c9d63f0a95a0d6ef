//! A change of one file, in one request.

use std::sync::Arc;

use sheaf_catalog::{NewFile as VerifiedFile, RepositoryId};
use sheaf_types::revisions::Revision;
use sheaf_types::{FilePath, RepositoryName, UploadId};

use super::commit::{Change, check_message};
use super::condition::Condition;
use super::file::Ingested;
use super::revision_id::list_id;
use crate::repository::branch_name;
use crate::{Caller, Error, Registry, Result};

/// A file to be put, or taken away, by one request.
#[derive(Debug, Clone)]
pub struct FileChange {
    /// The branch.
    pub branch: String,
    /// The path in it.
    pub path: FilePath,
    /// The revision's message; made up when empty.
    pub message: String,
    /// What must hold of the file that is there.
    pub condition: Condition,
}

impl Registry {
    /// Makes a revision with one more file, whose chunks an upload holds.
    pub(crate) async fn commit_file(
        self: &Arc<Self>,
        upload: &UploadId,
        repository: RepositoryId,
        put: FileChange,
        file: Ingested,
    ) -> Result<(Revision, bool)> {
        let branch = branch_name(&put.branch)?;
        let list = list_id(&file.sha256, &file.chunks);
        let id = (&file.sha256, &list);
        let scanned = self.judge(upload, &put.path, id, &file.chunks).await?;
        let change = Change {
            branch,
            parent: None,
            message: message(put.message, "Add", &put.path)?,
            put: vec![VerifiedFile {
                path: put.path,
                sha256: file.sha256,
                size: file.size,
                list,
                near_lossless: None,
                scanned: Some(scanned),
                chunks: file.chunks,
            }],
            delete: vec![],
            condition: put.condition,
        };
        self.commit_change(upload, repository, &change).await
    }

    /// Makes a revision without a file.
    pub async fn delete_file(
        self: &Arc<Self>,
        caller: &Caller,
        name: &RepositoryName,
        put: FileChange,
    ) -> Result<Revision> {
        let repository = self.writable(caller, name).await?.id;
        let change = Change {
            branch: branch_name(&put.branch)?,
            parent: None,
            message: message(put.message, "Delete", &put.path)?,
            put: vec![],
            delete: vec![put.path],
            condition: put.condition,
        };
        if self.head(repository, &change.branch).await?.is_none() {
            return Err(Error::RefNotFound(put.branch));
        }
        let upload = self.own_upload(repository).await?;
        let done = self.commit_change(upload.id(), repository, &change).await;
        Ok(done?.0)
    }
}

fn message(given: String, verb: &str, path: &FilePath) -> Result<String> {
    check_message(&given)?;
    Ok(if given.is_empty() {
        format!("{verb} {path}")
    } else {
        given
    })
}
