//! Uploads in progress.

use std::time::Duration;

use jiff::Timestamp;
use sheaf_catalog::{RepositoryId, UploadRow};
use sheaf_types::files::ChunkRef;
use sheaf_types::repositories::Page;
use sheaf_types::uploads::{MissingResponse, Upload, UploadState};
use sheaf_types::{RepositoryName, UploadId};

use crate::random::random;
use crate::{Caller, Error, Registry, Result};

/// Chunks that may be asked about at once.
const MAX_ASKED: usize = 10_000;

/// The longest that a client may wait for a commit in one request.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// How often is looked whether another server ended a commit.
const WAIT_POLL: Duration = Duration::from_secs(1);

impl Registry {
    /// Opens an upload.
    pub async fn create_upload(&self, caller: &Caller, name: &RepositoryName) -> Result<Upload> {
        let repository = self.writable(caller, name).await?;
        self.open_upload(repository.id).await
    }

    pub(crate) async fn open_upload(&self, repository: RepositoryId) -> Result<Upload> {
        let id = UploadId(random()?);
        let now = Timestamp::now();
        let expires_at = self.expiry(now);
        self.catalog
            .create_upload(repository, id, now, expires_at)
            .await?;
        Ok(Upload {
            id,
            state: UploadState::Open,
            created_at: now,
            expires_at,
            revision: None,
            error: None,
        })
    }

    /// The uploads to a repository that are not done.
    pub async fn list_uploads(
        &self,
        caller: &Caller,
        name: &RepositoryName,
    ) -> Result<Page<Upload>> {
        let repository = self.writable(caller, name).await?;
        let rows = self.catalog.list_uploads(repository.id).await?;
        Ok(Page {
            items: rows.into_iter().map(|row| row.upload).collect(),
            next: None,
        })
    }

    /// An upload; where it is being committed, waits up to `wait` for that to end.
    pub async fn upload(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        id: &UploadId,
        wait: Duration,
    ) -> Result<Upload> {
        let repository = self.writable(caller, name).await?;
        self.upload_once_ended(repository.id, id, wait).await
    }

    /// Drops an upload and what only it held, also when it is being committed.
    pub async fn abort_upload(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        id: &UploadId,
    ) -> Result<()> {
        let repository = self.writable(caller, name).await?;
        self.find_upload(repository.id, id).await?;
        if self.catalog.drop_upload(id).await? {
            return Ok(());
        }
        Err(Error::UploadNotFound)
    }

    /// Which chunks must be sent. The others are held for the upload from now on.
    pub async fn missing(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        id: &UploadId,
        asked: &[ChunkRef],
    ) -> Result<MissingResponse> {
        let repository = self.writable(caller, name).await?;
        if asked.len() > MAX_ASKED {
            return Err(Error::TooLarge {
                what: "the list of chunks",
                limit: MAX_ASKED as u64,
            });
        }
        self.keep_open(repository.id, id).await?;
        let visibility = caller.visibility();
        let missing = self.catalog.pin_or_missing(id, &visibility, asked).await?;
        Ok(MissingResponse {
            missing: missing.ok_or(Error::UploadClosed)?,
        })
    }

    /// Puts off the expiry of an upload that takes chunks.
    pub(crate) async fn keep_open(&self, repository: RepositoryId, id: &UploadId) -> Result<()> {
        let row = self.find_upload(repository, id).await?;
        let state = row.upload.state;
        if !matches!(state, UploadState::Open | UploadState::Failed) {
            return Err(Error::UploadClosed);
        }
        let now = Timestamp::now();
        let expires_at = self.expiry(now);
        // Each write costs a sync: once for every tenth of the time will do.
        let due =
            expires_at.duration_since(row.upload.expires_at) > expires_at.duration_since(now) / 10;
        if (due || state == UploadState::Failed)
            && !self.catalog.reopen_upload(id, expires_at).await?
        {
            return Err(Error::UploadClosed);
        }
        Ok(())
    }

    pub(crate) async fn find_upload(
        &self,
        repository: RepositoryId,
        id: &UploadId,
    ) -> Result<UploadRow> {
        let row = self.catalog.find_upload(repository, id).await?;
        row.ok_or(Error::UploadNotFound)
    }

    pub(crate) async fn upload_once_ended(
        &self,
        repository: RepositoryId,
        id: &UploadId,
        wait: Duration,
    ) -> Result<Upload> {
        let mut ended = self.jobs.subscribe();
        let deadline = tokio::time::Instant::now() + wait.min(MAX_WAIT);
        loop {
            let row = self.find_upload(repository, id).await?;
            let waiting = row.upload.state == UploadState::Committing;
            if !waiting || tokio::time::Instant::now() >= deadline {
                return self.show_upload(repository, row).await;
            }
            tokio::select! {
                _ = ended.changed() => {}
                () = tokio::time::sleep(WAIT_POLL) => {}
                () = tokio::time::sleep_until(deadline) => {}
                () = self.stop.cancelled() => return self.show_upload(repository, row).await,
            }
        }
    }

    async fn show_upload(&self, repository: RepositoryId, row: UploadRow) -> Result<Upload> {
        let mut upload = row.upload;
        if upload.state == UploadState::Committed {
            // Another server may have made the revision, and died before it was recorded.
            self.record(repository).await?;
        }
        if let Some(id) = row.revision {
            upload.revision = self.catalog.revision(id).await?.map(|row| row.revision);
        }
        Ok(upload)
    }
}
