//! Blobs as they are stored, for clients that decode.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use sheaf_types::files::BlobLocation;
use sheaf_types::{BlobId, RepositoryName};

use super::ahead::Piece;
use super::chunk::OpenChunk;
use super::run::{Form, runs};
use crate::{Caller, Error, Registry, Result};

/// A blob that the caller may read.
pub struct OpenBlob {
    /// How many bytes it has.
    pub len: u64,
    /// The bytes, each verified before it goes out.
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

impl Registry {
    /// A blob of a chunk that is in some revision of a repository.
    pub async fn read_blob(
        self: &Arc<Self>,
        caller: &Caller,
        name: &RepositoryName,
        blob: &BlobId,
    ) -> Result<OpenBlob> {
        let repository = self.readable(caller, name).await?;
        let row = self.catalog.find_blob(repository.id, blob).await?;
        let row = row.ok_or(Error::BlobNotFound(*blob))?;
        let len = row.stored_len;
        let Some(chunk) = self.open_blob(&row).await? else {
            // One that was replaced is gone by now, or else it is damage.
            self.moved(&row).await?;
            return Err(Error::BlobNotFound(*blob));
        };
        let chunk = Arc::new(chunk);
        let pieces = stream::iter(blob_pieces(&chunk).into_iter().map(Ok));
        Ok(OpenBlob {
            len,
            bytes: self.send(repository.id, pieces.boxed()),
        })
    }
}

impl Registry {
    /// Where such a blob can be had without this server. The URL is good for no longer than a chunk is kept
    /// that nothing reaches any more, so that its object outlives it.
    pub async fn locate_blob(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        blob: &BlobId,
    ) -> Result<BlobLocation> {
        let repository = self.readable(caller, name).await?;
        let row = self.catalog.find_blob(repository.id, blob).await?;
        let row = row.ok_or(Error::BlobNotFound(*blob))?;
        let url = match self.settings.direct {
            Some(lifetime) => self.blobs.url(&row.object_key, lifetime).await?,
            None => None,
        };
        let lifetime = self.settings.direct.filter(|_| url.is_some());
        if url.is_some() {
            self.count_direct(repository.id, &row);
        }
        Ok(BlobLocation {
            url,
            expires_in: lifetime.map(|lifetime| lifetime.as_secs()),
        })
    }
}

/// A blob's bytes: its header, then its frames in runs.
pub(crate) fn blob_pieces(chunk: &Arc<OpenChunk>) -> Vec<Piece> {
    let frames = runs(chunk, 0..chunk.row().raw_len, &Form::Stored);
    std::iter::once(Piece::Bytes(chunk.header_bytes()))
        .chain(frames.into_iter().map(Piece::Run))
        .collect()
}
