//! A damaged chunk gets the bytes of another object of the same chunk, where the store has one that is
//! whole: of a write that came second, say, or of a blob that was replaced.

use bytes::Bytes;
use futures::TryStreamExt;
use sheaf_blobs::Object;
use sheaf_catalog::ChunkRow;
use sheaf_codec::{Header, MAX_CHUNK_LEN, Parsed, decode, max_blob_len};
use sheaf_types::{BlobId, ChunkId};

use crate::{Registry, Result};

impl Registry {
    /// Mends the chunk whose blob is at a key; whether that could be done.
    pub(super) async fn mend(&self, damaged_key: &str) -> Result<bool> {
        let Some((row, _)) = self.catalog.chunk_at(damaged_key).await? else {
            return Ok(false);
        };
        for object in self.objects_of(&row.chunk).await? {
            if let Some((bytes, blob, raw_len)) = self.copy_of(&row.chunk, &object).await? {
                // Not the other object itself: the collection may be about to delete it.
                let new = ChunkRow {
                    chunk: row.chunk,
                    raw_len,
                    blob,
                    object_key: sheaf_blobs::object_key(&row.chunk, &blob)?,
                    stored_len: bytes.len() as u64,
                };
                return self.put_in_place(damaged_key, new, bytes).await;
            }
        }
        Ok(false)
    }

    async fn objects_of(&self, chunk: &ChunkId) -> Result<Vec<Object>> {
        let mut listed = self.blobs.list_folder(chunk.as_bytes()[0]);
        let limit = max_blob_len(MAX_CHUNK_LEN) as u64;
        let mut found = Vec::new();
        while let Some(object) = listed.try_next().await? {
            let of = sheaf_blobs::read_object_key(&object.key);
            if object.size <= limit && of.is_some_and(|(of, _)| of == *chunk) {
                found.push(object);
            }
        }
        Ok(found)
    }

    /// The bytes of an object, if they are a blob of the chunk, with the blob's id and the raw length.
    async fn copy_of(
        &self,
        chunk: &ChunkId,
        object: &Object,
    ) -> Result<Option<(Bytes, BlobId, u64)>> {
        let memory = object.size + MAX_CHUNK_LEN as u64;
        let reserved = self.ingest_budget.reserve(memory).await?;
        let bytes = match self.blobs.get(&object.key, 0..object.size).await {
            Ok(bytes) => bytes,
            Err(sheaf_blobs::Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let chunk = *chunk;
        self.cpu
            .run(move || {
                let _reserved = reserved;
                let (blob, raw_len) = whole(&chunk, &bytes)?;
                Some((bytes, blob, raw_len))
            })
            .await
    }

    async fn put_in_place(&self, damaged_key: &str, new: ChunkRow, bytes: Bytes) -> Result<bool> {
        let key = new.object_key.clone();
        self.catalog.announce(key.clone()).await?;
        self.blobs.put(&key, bytes).await?;
        let mended = self.catalog.mend(damaged_key, &new).await?;
        if !mended {
            // Somebody else mended it, or it was collected.
            self.discard(&key).await;
        }
        Ok(mended)
    }
}

/// The id and the raw length of a blob that is whole, standalone, and the chunk's.
fn whole(chunk: &ChunkId, bytes: &[u8]) -> Option<(BlobId, u64)> {
    let Ok(Parsed::Header(header, _)) = Header::parse(bytes) else {
        return None;
    };
    let its = header.chunk_id() == *chunk.as_bytes() && header.blob_len() == bytes.len() as u64;
    if !its || header.base().is_some() {
        return None;
    }
    let raw = decode(bytes, None).ok()?;
    let same = blake3::hash(&raw).as_bytes() == chunk.as_bytes();
    same.then(|| (BlobId(header.blob_id()), raw.len() as u64))
}
