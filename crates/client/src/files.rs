use bytes::Bytes;
use sheaf_types::files::{FileManifest, FileTensors};
use sheaf_types::revisions::Revision;
use sheaf_types::{FilePath, RefName, RepositoryName};

use crate::request::Request;
use crate::route::{path, query, repository, resolve, segment};
use crate::{Client, Error};

impl Client {
    /// How a file is put together.
    pub async fn manifest(
        &self,
        name: &RepositoryName,
        reference: &str,
        file: &FilePath,
    ) -> Result<FileManifest, Error> {
        let route = format!("/files/{}/{}", segment(reference), path(file));
        self.json(Request::get(repository(name, &route))).await
    }

    /// What is in a model file.
    pub async fn tensors(
        &self,
        name: &RepositoryName,
        reference: &str,
        file: &FilePath,
    ) -> Result<FileTensors, Error> {
        let route = format!("/tensors/{}/{}", segment(reference), path(file));
        self.json(Request::get(repository(name, &route))).await
    }

    /// A file's raw bytes, no more than so many.
    pub(crate) async fn bytes(
        &self,
        name: &RepositoryName,
        reference: &str,
        file: &FilePath,
        limit: usize,
    ) -> Result<Bytes, Error> {
        let request = Request::get(resolve(name, reference, file)).limit(limit);
        Ok(self.send(request).await?.success()?.body)
    }

    /// Makes a revision of a branch without a file.
    pub async fn delete_file(
        &self,
        name: &RepositoryName,
        branch: &RefName,
        file: &FilePath,
        message: Option<&str>,
    ) -> Result<Revision, Error> {
        let route = resolve(name, branch.as_str(), file);
        let route = query(route, &[("message", message.map(str::to_owned))]);
        self.json(Request::delete(route)).await
    }
}
