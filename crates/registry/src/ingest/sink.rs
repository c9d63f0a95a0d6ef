//! Chunks on their way into the store, several at once.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use sheaf_codec::encode;
use sheaf_formats::Chunk;
use sheaf_types::files::ChunkRef;
use sheaf_types::{BlobId, ChunkId, UploadId};
use tokio_util::task::AbortOnDropHandle;

use crate::budget::Reserved;
use crate::{Error, Registry, Result};

/// Chunks of one file in flight: enough to keep the cores busy while others are being synced.
const IN_FLIGHT: usize = 8;

/// Stores chunks and keeps their list. Dropped, it stops.
pub(crate) struct Sink {
    registry: Arc<Registry>,
    upload: UploadId,
    storing: FuturesOrdered<AbortOnDropHandle<Result<ChunkRef>>>,
    stored: Vec<ChunkRef>,
}

impl Sink {
    pub fn new(registry: Arc<Registry>, upload: UploadId) -> Self {
        Self {
            registry,
            upload,
            storing: FuturesOrdered::new(),
            stored: Vec::new(),
        }
    }

    /// Begins to store a chunk. Waits while too many are under way, or too much memory is taken.
    pub async fn store(&mut self, chunk: Chunk) -> Result<()> {
        while self.storing.len() >= IN_FLIGHT {
            self.settle().await?;
        }
        let raw_len = chunk.raw.len();
        // Raw, encoded, and what the codec works with.
        let bytes = 2 * raw_len + sheaf_codec::max_blob_len(raw_len);
        let reserved = self.registry.ingest_budget.reserve(bytes as u64).await?;
        let task = store(Arc::clone(&self.registry), self.upload, chunk, reserved);
        self.storing
            .push_back(AbortOnDropHandle::new(tokio::spawn(task)));
        Ok(())
    }

    /// Waits for all; the chunks in their order.
    pub async fn finish(mut self) -> Result<Vec<ChunkRef>> {
        while !self.storing.is_empty() {
            self.settle().await?;
        }
        Ok(self.stored)
    }

    async fn settle(&mut self) -> Result<()> {
        if let Some(done) = self.storing.next().await {
            self.stored.push(done.map_err(Error::internal)??);
        }
        Ok(())
    }
}

async fn store(
    registry: Arc<Registry>,
    upload: UploadId,
    chunk: Chunk,
    reserved: Reserved,
) -> Result<ChunkRef> {
    let size = chunk.raw.len() as u64;
    // The reservation goes along: what runs is not stopped when nobody waits for it any more.
    let (id, chunk, reserved) = registry
        .cpu
        .run(move || {
            let id = ChunkId(*blake3::hash(&chunk.raw).as_bytes());
            (id, chunk, reserved)
        })
        .await?;
    if !registry.hold_stored(&upload, &id).await? {
        let level = registry.settings.level;
        let (blob, _reserved) = registry
            .cpu
            .run(move || {
                let blob = encode(&chunk.raw, *id.as_bytes(), &chunk.hint, None, level);
                (blob, reserved)
            })
            .await?;
        registry
            .store_blob(upload, id, size, BlobId(blob.id), blob.bytes.into())
            .await?;
    }
    Ok(ChunkRef { id, size })
}
