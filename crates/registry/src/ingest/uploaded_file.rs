//! A file that is not committed yet as something that can be read anywhere.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use sheaf_formats::ReadAt;
use sheaf_types::UploadId;
use sheaf_types::files::ChunkRef;
use tokio::runtime::Handle;

use crate::{Error, Registry, Result};

/// Chunks that are kept: the one that is read, and the one before.
const KEPT: usize = 2;

/// Numbers of chunks and their bytes, the one that was read last at the end.
type Kept = Vec<(usize, Vec<u8>)>;

/// Reads a file from chunks that an upload holds. Blocks, so it belongs on a thread for that.
pub(crate) struct UploadedFile {
    registry: Arc<Registry>,
    runtime: Handle,
    upload: UploadId,
    /// Where each chunk begins.
    chunks: Vec<(u64, ChunkRef)>,
    size: u64,
    kept: Mutex<Kept>,
}

impl UploadedFile {
    pub fn new(
        registry: Arc<Registry>,
        runtime: Handle,
        upload: UploadId,
        chunks: &[ChunkRef],
    ) -> UploadedFile {
        let mut size = 0;
        let place = |chunk: &ChunkRef| {
            let start = size;
            size += chunk.size;
            (start, *chunk)
        };
        let chunks = chunks.iter().map(place).collect();
        UploadedFile {
            registry,
            runtime,
            upload,
            chunks,
            size,
            kept: Mutex::default(),
        }
    }

    async fn read(&self, chunk: &ChunkRef) -> Result<Vec<u8>> {
        let row = self
            .registry
            .catalog
            .pinned_chunk(&self.upload, chunk)
            .await?;
        let row = row.ok_or(Error::ChunksMissing {
            count: 1,
            first: chunk.id,
        })?;
        self.registry.chunk_bytes(&row).await
    }

    /// The bytes of a chunk, last among those that are kept.
    fn kept(&self, number: usize) -> io::Result<MutexGuard<'_, Kept>> {
        let mut kept = self.kept.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(at) = kept.iter().position(|(found, _)| *found == number) {
            let found = kept.remove(at);
            kept.push(found);
            return Ok(kept);
        }
        let (_, chunk) = self.chunks[number];
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        let bytes = self.runtime.block_on(self.read(&chunk));
        kept.push((number, bytes.map_err(io::Error::other)?));
        Ok(kept)
    }
}

impl ReadAt for UploadedFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while !buffer.is_empty() {
            let number = self.chunks.partition_point(|(start, _)| *start <= offset) - 1;
            let from = (offset - self.chunks[number].0) as usize;
            let kept = self.kept(number)?;
            let bytes = kept.last().and_then(|(_, bytes)| bytes.get(from..));
            let bytes = bytes.filter(|bytes| !bytes.is_empty());
            let bytes = bytes.ok_or(io::ErrorKind::UnexpectedEof)?;
            let len = bytes.len().min(buffer.len());
            let (now, later) = buffer.split_at_mut(len);
            now.copy_from_slice(&bytes[..len]);
            (offset, buffer) = (offset + len as u64, later);
        }
        Ok(())
    }
}
