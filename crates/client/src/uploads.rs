use sheaf_types::files::ChunkRef;
use sheaf_types::repositories::Page;
use sheaf_types::uploads::{CommitRequest, MissingRequest, MissingResponse, Upload};
use sheaf_types::{ChunkId, RepositoryName, UploadId};

use crate::request::Request;
use crate::route::{query, repository};
use crate::{Client, Error};

/// The most chunks that one question may name.
pub(crate) const MAX_ASKED: usize = 10_000;

impl Client {
    /// Opens an upload.
    pub async fn open_upload(&self, name: &RepositoryName) -> Result<Upload, Error> {
        self.json(Request::post(repository(name, "/uploads"))).await
    }

    /// One page of the uploads in progress.
    pub async fn uploads(
        &self,
        name: &RepositoryName,
        cursor: Option<&str>,
    ) -> Result<Page<Upload>, Error> {
        let parameters = [("cursor", cursor.map(str::to_owned))];
        let route = query(repository(name, "/uploads"), &parameters);
        self.json(Request::get(route)).await
    }

    /// How far an upload is. With `wait` the server answers once it is no longer committing, or
    /// after so many seconds, at most 30.
    pub async fn upload(
        &self,
        name: &RepositoryName,
        id: UploadId,
        wait: Option<u32>,
    ) -> Result<Upload, Error> {
        let parameters = [("wait", wait.map(|seconds| seconds.to_string()))];
        let route = query(repository(name, &format!("/uploads/{id}")), &parameters);
        self.json(Request::get(route)).await
    }

    /// Drops an upload and what only it holds.
    pub async fn abort_upload(&self, name: &RepositoryName, id: UploadId) -> Result<(), Error> {
        let route = repository(name, &format!("/uploads/{id}"));
        self.done(Request::delete(route)).await
    }

    /// Which of at most 10,000 chunks must be sent. The others are kept for the upload.
    pub async fn missing(
        &self,
        name: &RepositoryName,
        id: UploadId,
        chunks: Vec<ChunkRef>,
    ) -> Result<Vec<ChunkId>, Error> {
        let route = repository(name, &format!("/uploads/{id}/missing"));
        let request = Request::post(route)
            .json(&MissingRequest { chunks })?
            .idempotent();
        let response: MissingResponse = self.json(request).await?;
        Ok(response.missing)
    }

    /// Makes a revision of what was sent. What comes back may still be committing.
    pub async fn commit(
        &self,
        name: &RepositoryName,
        id: UploadId,
        commit: &CommitRequest,
    ) -> Result<Upload, Error> {
        let route = repository(name, &format!("/uploads/{id}/commit"));
        self.json(Request::post(route).json(commit)?).await
    }
}
