//! Whether a list of chunks is the file that it is said to be.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use sha2::Digest;
use sheaf_catalog::{ChunkRow, NewFile as VerifiedFile};
use sheaf_types::files::ChunkRef;
use sheaf_types::uploads::NewFile;
use sheaf_types::{Sha256, UploadId};

use super::revision_id::list_id;
use crate::budget::Reserved;
use crate::step::Step;
use crate::task::on_task;
use crate::{Error, Registry, Result};

/// Chunks that are read ahead of the hash.
const AHEAD: usize = 3;

impl Registry {
    /// Makes sure of a file's SHA-256. A list that was hashed before is not hashed again.
    pub(crate) async fn verify_file(
        self: &Arc<Self>,
        upload: &UploadId,
        file: NewFile,
    ) -> Result<VerifiedFile> {
        let list = list_id(&file.sha256, &file.chunks);
        if !self.catalog.find_content(&file.sha256, &list).await? {
            let found = self.hash_chunks(upload, &file.chunks).await?;
            if found != file.sha256 {
                return Err(Error::FileMismatch {
                    path: file.path,
                    declared: file.sha256,
                    found,
                });
            }
            self.reached(Step::CommitHashed);
        }
        let id = (&file.sha256, &list);
        let scanned = self.judge(upload, &file.path, id, &file.chunks).await?;
        self.reached(Step::CommitJudged);
        Ok(VerifiedFile {
            path: file.path,
            sha256: file.sha256,
            size: file.size,
            list,
            near_lossless: file.near_lossless,
            scanned: Some(scanned),
            chunks: file.chunks,
        })
    }

    async fn hash_chunks(
        self: &Arc<Self>,
        upload: &UploadId,
        chunks: &[ChunkRef],
    ) -> Result<Sha256> {
        let mut hasher = sha2::Sha256::new();
        let mut reading = VecDeque::new();
        let mut next = chunks.iter().peekable();
        loop {
            while reading.len() < AHEAD
                && let Some(chunk) = next.peek()
                && let Some(read) = self.begin_read(upload, chunk, reading.is_empty()).await?
            {
                reading.push_back(read);
                next.next();
            }
            let Some(read) = reading.pop_front() else {
                return Ok(Sha256(hasher.finalize().into()));
            };
            let bytes: Bytes = read.await?;
            hasher = self
                .cpu
                .run(move || {
                    hasher.update(&bytes);
                    hasher
                })
                .await?;
        }
    }

    /// Reserves memory for a chunk and begins to read it. Only the `first` waits for memory: the others hold
    /// theirs until they are hashed, and two files that wait for more would wait for each other.
    async fn begin_read(
        self: &Arc<Self>,
        upload: &UploadId,
        chunk: &ChunkRef,
        first: bool,
    ) -> Result<Option<impl Future<Output = Result<Bytes>> + use<>>> {
        let row = self.catalog.pinned_chunk(upload, chunk).await?;
        let row = row.ok_or(Error::ChunksMissing {
            count: 1,
            first: chunk.id,
        })?;
        let bytes = row.raw_len + row.stored_len;
        let reserved = match first {
            true => Some(self.ingest_budget.reserve(bytes).await?),
            false => self.ingest_budget.try_reserve(bytes),
        };
        let begin = |reserved| on_task(read(Arc::clone(self), row, reserved));
        Ok(reserved.map(begin))
    }
}

async fn read(registry: Arc<Registry>, row: ChunkRow, reserved: Reserved) -> Result<Bytes> {
    Ok(reserved.hold(registry.chunk_bytes(&row).await?))
}
