//! Whether a list of chunks is the file that it is said to be.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use sha2::Digest;
use sheaf_catalog::FileContent;
use sheaf_types::files::ChunkRef;
use sheaf_types::revisions::TreeEntry;
use sheaf_types::uploads::NewFile;
use sheaf_types::{Sha256, UploadId};
use tokio_util::task::AbortOnDropHandle;

use super::revision_id::list_id;
use super::tree::TreeFile;
use crate::{Error, Registry, Result};

/// Chunks that are read ahead of the hash.
const AHEAD: usize = 3;

impl Registry {
    /// Makes sure of a file's SHA-256. A list that was hashed before is not hashed again.
    pub(crate) async fn verify_file(
        self: &Arc<Self>,
        upload: &UploadId,
        file: NewFile,
    ) -> Result<TreeFile> {
        let list = list_id(&file.sha256, &file.chunks);
        if !self.catalog.find_content(&file.sha256, &list).await? {
            let found = self.hash_chunks(*upload, &file.chunks).await?;
            if found != file.sha256 {
                return Err(Error::FileMismatch {
                    path: file.path,
                    declared: file.sha256,
                    found,
                });
            }
        }
        Ok(TreeFile {
            entry: TreeEntry {
                path: file.path,
                size: file.size,
                sha256: file.sha256,
            },
            content: FileContent::Verified {
                sha256: file.sha256,
                size: file.size,
                list,
                chunks: file.chunks,
            },
        })
    }

    async fn hash_chunks(
        self: &Arc<Self>,
        upload: UploadId,
        chunks: &[ChunkRef],
    ) -> Result<Sha256> {
        let read = |chunk: ChunkRef| {
            let task = read_chunk(Arc::clone(self), upload, chunk);
            let task = AbortOnDropHandle::new(tokio::spawn(task));
            async move { task.await.map_err(Error::internal)? }
        };
        let mut bytes = stream::iter(chunks.to_vec()).map(read).buffered(AHEAD);
        let mut hasher = sha2::Sha256::new();
        while let Some(bytes) = bytes.try_next().await? {
            hasher = self
                .cpu
                .run(move || {
                    hasher.update(&bytes);
                    hasher
                })
                .await?;
        }
        Ok(Sha256(hasher.finalize().into()))
    }
}

async fn read_chunk(
    registry: Arc<Registry>,
    upload: UploadId,
    chunk: ChunkRef,
) -> Result<bytes::Bytes> {
    let row = registry.catalog.pinned_chunk(&upload, &chunk).await?;
    let row = row.ok_or(Error::ChunksMissing {
        count: 1,
        first: chunk.id,
    })?;
    let reserved = registry
        .ingest_budget
        .reserve(row.raw_len + row.stored_len)
        .await?;
    Ok(reserved.hold(registry.chunk_bytes(&row).await?))
}
