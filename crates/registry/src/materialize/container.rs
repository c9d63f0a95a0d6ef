//! A file as one self-contained stream of its blobs: what `Content-Encoding: sheaf` carries.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_catalog::{ChunkRow, RepositoryId};
use sheaf_codec::stream as format;
use tokio_util::task::AbortOnDropHandle;

use super::file::OpenFile;
use crate::{Error, Registry, Result};

/// Blobs that are read ahead of the reader.
const BLOBS_AHEAD: usize = 3;

impl Registry {
    /// A file's length as a stream, and the stream.
    pub async fn read_container(
        self: &Arc<Self>,
        file: &OpenFile,
    ) -> Result<(u64, BoxStream<'static, Result<Bytes>>)> {
        let (blobs, stored) = self.catalog.content_stored(file.content).await?;
        let len = format::stream_len(blobs, stored);
        let registry = Arc::clone(self);
        let repository = file.repository;
        let records = self
            .chunk_rows(file.content, 0..file.entry.size)
            .map_ok(move |(_, row)| record(Arc::clone(&registry), repository, row))
            .try_buffered(BLOBS_AHEAD)
            .map_ok(|record| stream::iter(record.map(Ok)))
            .try_flatten();
        let head = Bytes::from_static(&format::HEAD);
        let end = format::end(file.entry.size, *file.entry.sha256.as_bytes());
        let end = Bytes::copy_from_slice(&end);
        let whole = stream::once(async { Ok(head) })
            .chain(records)
            .chain(stream::once(async { Ok(end) }));
        Ok((len, whole.boxed()))
    }
}

async fn record(
    registry: Arc<Registry>,
    repository: RepositoryId,
    row: ChunkRow,
) -> Result<[Bytes; 2]> {
    let (raw, stored) = (row.raw_len, row.stored_len);
    let reader = Arc::clone(&registry);
    let task = tokio::spawn(async move {
        let reserved = reader.serve_budget.reserve(stored).await?;
        let bytes = reader.blob_bytes(row).await?;
        Ok::<_, Error>(reserved.hold(bytes.into()))
    });
    let bytes = AbortOnDropHandle::new(task)
        .await
        .map_err(Error::internal)??;
    registry.count_sent(repository, raw, stored);
    let len = u32::try_from(bytes.len()).map_err(Error::internal)?;
    Ok([Bytes::copy_from_slice(&format::blob_prefix(len)), bytes])
}
