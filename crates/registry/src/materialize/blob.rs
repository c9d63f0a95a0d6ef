//! Blobs as they are stored, for clients that decode.

use bytes::Bytes;
use sheaf_types::{BlobId, RepositoryName};

use crate::{Caller, Error, Registry, Result};

/// A blob, verified.
#[derive(Debug, Clone)]
pub struct OpenBlob {
    /// All of it.
    pub bytes: Bytes,
}

impl Registry {
    /// A blob of a chunk that is in some revision of a repository.
    pub async fn read_blob(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        blob: &BlobId,
    ) -> Result<OpenBlob> {
        let repository = self.readable(caller, name).await?;
        let row = self.catalog.find_blob(repository.id, blob).await?;
        let row = row.ok_or(Error::BlobNotFound(*blob))?;
        let raw_len = row.raw_len;
        let reserved = self.serve_budget.reserve(row.stored_len).await?;
        let bytes = self.blob_bytes(row).await?;
        self.count_sent(repository.id, raw_len, bytes.len() as u64);
        Ok(OpenBlob {
            bytes: reserved.hold(bytes.into()),
        })
    }
}
