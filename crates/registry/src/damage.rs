//! A blob that was read wrong: looked at again, and noted if it is damaged, so that whoever has its chunk's
//! bytes is asked for them.

use jiff::Timestamp;
use sheaf_catalog::ChunkRow;
use sheaf_types::{ChunkId, UploadId};

use crate::materialize::verify_blob;
use crate::{Error, Registry, Result};

impl Registry {
    /// Passes on what came of reading a blob. Where it was damaged, makes sure of that.
    pub(crate) async fn suspect<T>(&self, row: &ChunkRow, read: Result<T>) -> Result<T> {
        if matches!(read, Err(Error::Damaged { .. }))
            && let Err(error) = self.note_if_damaged(row).await
        {
            crate::report::log(&error);
        }
        read
    }

    async fn note_if_damaged(&self, row: &ChunkRow) -> Result<()> {
        // One blob at a time is in memory for this, which no budget counts: the reader holds a part of
        // that already, and must not wait for more.
        let _turn = self.suspecting.lock().await;
        let found = self.catalog.chunk_at(&row.object_key).await?;
        let known = found.is_none_or(|(_, damaged)| damaged);
        if known || self.reads_whole(row).await? {
            return Ok(());
        }
        let key = &row.object_key;
        tracing::error!(
            object_key = key,
            "a blob is damaged: pushing its file again mends it"
        );
        Ok(self.catalog.mark_damaged(key, Timestamp::now()).await?)
    }

    /// Whether some of these chunks of an upload, which are taken for damaged, are whole after all: the
    /// object was put back, say. They are not taken for damaged any more.
    pub(crate) async fn whole_again(&self, upload: &UploadId, chunks: &[ChunkId]) -> Result<bool> {
        let mut again = false;
        for chunk in chunks {
            let damaged = self.catalog.damaged_pin(upload, chunk).await?;
            if let Some(row) = damaged
                && self.decodes(&row).await?
            {
                self.catalog.mark_whole(&row.object_key).await?;
                again = true;
            }
        }
        Ok(again)
    }

    async fn decodes(&self, row: &ChunkRow) -> Result<bool> {
        let memory = row.raw_len + row.stored_len;
        // Who asks may hold memory for its list.
        let _reserved = self.ingest_budget.reserve_soon(memory).await?;
        let raw = match self.read_chunk(row).await {
            Ok(raw) => raw,
            Err(Error::Damaged { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let chunk = row.chunk;
        let same = move || blake3::hash(&raw).as_bytes() == chunk.as_bytes();
        self.cpu.run(same).await
    }

    async fn reads_whole(&self, row: &ChunkRow) -> Result<bool> {
        let bytes = match self.blobs.get(&row.object_key, 0..row.stored_len).await {
            Ok(bytes) => bytes,
            Err(sheaf_blobs::Error::NotFound(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let row = row.clone();
        self.cpu
            .run(move || verify_blob(&row, &bytes).is_ok())
            .await
    }
}
