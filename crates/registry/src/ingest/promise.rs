//! The commit of an upload: refused at once where that can be seen, promised otherwise.

use std::collections::HashSet;
use std::time::Duration;

use sheaf_catalog::{RepositoryId, Visibility};
use sheaf_codec::MAX_CHUNK_LEN;
use sheaf_types::files::{ChunkRef, NearLossless, RoundedTensor};
use sheaf_types::jobs::JobKind;
use sheaf_types::uploads::{CommitRequest, NewFile, Upload, UploadState};
use sheaf_types::{ChunkId, RepositoryName, UploadId};

use super::commit::{check_message, check_parent};
use crate::step::Step;
use crate::{Caller, Error, Registry, Result};

/// The most bits to which weights can be rounded.
const MAX_BITS: u8 = 52;

/// The most tensors of which is said how they were rounded: as many as a file can have.
const MAX_TENSORS: usize = 1 << 18;

/// How long a commit is waited for before the client is told to ask again.
const WAIT: Duration = Duration::from_secs(5);

impl Registry {
    /// Asks for the revision of what an upload holds. What can be refused at once is; then the commit
    /// is a promise that outlives this server, and is waited for a little.
    pub async fn commit_upload(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        id: &UploadId,
        request: &CommitRequest,
    ) -> Result<Upload> {
        let repository = self.writable(caller, name).await?.id;
        check_request(request)?;
        let state = self.find_upload(repository, id).await?.upload.state;
        if matches!(state, UploadState::Open | UploadState::Failed) {
            self.promise_commit(caller, repository, id, request).await?;
        }
        let upload = self.upload_once_ended(repository, id, WAIT).await?;
        if upload.state == UploadState::Committed {
            self.reached(Step::CommitUploadEnded);
        }
        match (&upload.state, &upload.error) {
            (UploadState::Failed, Some(error)) => Err(Error::Refused(error.clone())),
            _ => Ok(upload),
        }
    }

    async fn promise_commit(
        &self,
        caller: &Caller,
        repository: RepositoryId,
        id: &UploadId,
        request: &CommitRequest,
    ) -> Result<()> {
        self.keep_open(repository, id).await?;
        let chunks: Vec<ChunkRef> = request
            .files
            .iter()
            .flat_map(|f| &f.chunks)
            .copied()
            .collect();
        let visibility = caller.visibility();
        let mut missing = self.missing_of(id, &visibility, &chunks).await?;
        if self.whole_again(id, &missing).await? {
            missing = self.missing_of(id, &visibility, &chunks).await?;
        }
        if let Some(first) = missing.first() {
            return Err(Error::ChunksMissing {
                count: missing.len(),
                first: *first,
            });
        }
        let head = self.head(repository, &request.branch).await?;
        check_parent(&request.branch, request.parent, head.as_ref())?;
        let payload = serde_json::to_string(request).map_err(Error::internal)?;
        if !self.catalog.queue_commit(id, &payload).await? {
            return Err(Error::UploadClosed);
        }
        self.reached(Step::CommitPromised);
        self.jobs.wake(JobKind::Commit);
        Ok(())
    }

    async fn missing_of(
        &self,
        id: &UploadId,
        visibility: &Visibility,
        chunks: &[ChunkRef],
    ) -> Result<Vec<ChunkId>> {
        let missing = self.catalog.pin_or_missing(id, visibility, chunks).await?;
        missing.ok_or(Error::UploadClosed)
    }
}

/// Refuses what contradicts itself.
fn check_request(request: &CommitRequest) -> Result<()> {
    check_message(&request.message)?;
    if request.files.is_empty() && request.delete.is_empty() {
        return Err(Error::Invalid(
            "the commit has neither files nor paths to delete".into(),
        ));
    }
    let mut paths = HashSet::new();
    let named = request.files.iter().map(|file| &file.path);
    for path in named.chain(&request.delete) {
        if !paths.insert(path) {
            return Err(Error::Invalid(format!("the commit names '{path}' twice")));
        }
    }
    request.files.iter().try_for_each(check_file)
}

fn check_file(file: &NewFile) -> Result<()> {
    if let Some(done) = &file.near_lossless {
        check_near_lossless(file, done)?;
    }
    let mut size = 0u64;
    for chunk in &file.chunks {
        if chunk.size == 0 || chunk.size > MAX_CHUNK_LEN as u64 {
            return Err(Error::Invalid(format!(
                "chunk {} of '{}' must have 1 to {MAX_CHUNK_LEN} bytes",
                chunk.id, file.path
            )));
        }
        size = size.saturating_add(chunk.size);
    }
    if size == file.size {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "'{}' has {} bytes, its chunks have {size}",
        file.path, file.size
    )))
}

/// Refuses what cannot be said of any file that was rounded. Whether it was is its pusher's word.
fn check_near_lossless(file: &NewFile, done: &NearLossless) -> Result<()> {
    let errors = |of: &RoundedTensor| [of.max_error, of.mean_error];
    let sane = (1..=MAX_BITS).contains(&done.bits)
        && done.original_sha256 != file.sha256
        && !done.tensors.is_empty()
        && done.tensors.len() <= MAX_TENSORS
        && done
            .tensors
            .iter()
            .flat_map(errors)
            .all(|error| (0.0..=1.0).contains(&error));
    if sane {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "what is said of how '{}' was rounded cannot be",
        file.path
    )))
}
