use bytes::Bytes;
use sheaf_types::files::StoredChunk;
use sheaf_types::uploads::ReceivedBlob;
use sheaf_types::{BlobId, ChunkId, RepositoryName, UploadId};

use crate::request::Request;
use crate::route::repository;
use crate::{Client, Error};

impl Client {
    /// The bytes of the blob that holds a chunk, unverified: [`sheaf_codec`] does that. Not found
    /// when another blob took its place: the file's manifest then has that one.
    pub async fn blob(&self, name: &RepositoryName, chunk: &StoredChunk) -> Result<Bytes, Error> {
        let limit = usize::try_from(chunk.stored_size).unwrap_or(usize::MAX);
        let request = Request::get(repository(name, &blob_route(&chunk.blob))).limit(limit);
        Ok(self.send(request).await?.success()?.body)
    }

    /// Sends a chunk's blob to an upload.
    pub async fn put_blob(
        &self,
        name: &RepositoryName,
        upload: UploadId,
        chunk: ChunkId,
        blob: Bytes,
    ) -> Result<ReceivedBlob, Error> {
        let route = repository(name, &format!("/uploads/{upload}/chunks/{chunk}"));
        self.json(Request::put(route).raw(blob)).await
    }
}

fn blob_route(blob: &BlobId) -> String {
    format!("/blobs/{blob}")
}
