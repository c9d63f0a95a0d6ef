//! A file as one self-contained stream of its blobs: what `Content-Encoding: sheaf` carries.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_catalog::NearLosslessId;
use sheaf_codec::stream as format;
use sheaf_types::files::{NearLossless, RoundedTensor};

use super::ahead::Piece;
use super::blob::blob_pieces;
use super::chunk::OpenChunk;
use super::file::OpenFile;
use crate::{Error, Registry, Result};

impl Registry {
    /// A file as a stream, and its length where that is known: of a file of very many chunks not all rows are
    /// held until its end, and some may have another blob when their turn comes.
    pub async fn read_container(
        self: &Arc<Self>,
        file: &OpenFile,
    ) -> Result<(Option<u64>, BoxStream<'static, Result<Bytes>>)> {
        let (size, content) = (file.entry.size, file.content);
        let rows = self.some_rows(content, 0..size).await?;
        let next = rows.last().map_or(0, |(start, row)| start + row.raw_len);
        let stored = rows.iter().map(|(_, row)| row.stored_len).sum();
        let blobs = (next == size).then_some(rows.len() as u64);
        let others = self.chunk_rows(content, next..size);
        let rows = stream::iter(rows.into_iter().map(Ok)).chain(others);
        let records = self
            .open_rows(rows.boxed())
            .and_then(async |(_, chunk)| record(&chunk))
            .map_ok(|record| stream::iter(record.into_iter().map(Ok)))
            .try_flatten();
        let head = Piece::Bytes(Bytes::from_static(&format::HEAD));
        let near_lossless = self.near_lossless(file).await?;
        let near_lossless = near_lossless.map_or(vec![], |done| told(done).record());
        let len = blobs.map(|blobs| format::stream_len(blobs, stored) + near_lossless.len() as u64);
        let end = format::end(file.entry.size, *file.entry.sha256.as_bytes());
        let end = Piece::Bytes(Bytes::from([near_lossless.as_slice(), &end].concat()));
        let pieces = stream::once(async { Ok(head) })
            .chain(records)
            .chain(stream::once(async { Ok(end) }));
        Ok((len, self.send(file.repository, pieces.boxed())))
    }
}

impl OpenFile {
    /// The ETag of the file as a stream. It is weak: blobs may be replaced by others of the same chunks. What the stream
    /// tells of how the file was made is a part of it.
    pub fn stream_etag(&self) -> String {
        let sha256 = self.entry.sha256;
        match self.near_lossless {
            Some(NearLosslessId(row)) => format!("W/\"{sha256}-sheaf-{row}\""),
            None => format!("W/\"{sha256}-sheaf\""),
        }
    }
}

/// What was done to a file, as a stream tells it.
fn told(done: NearLossless) -> format::NearLossless {
    let tensor = |tensor: RoundedTensor| format::RoundedTensor {
        name: tensor.name,
        max_error: tensor.max_error,
        mean_error: tensor.mean_error,
    };
    format::NearLossless {
        bits: done.bits,
        original_sha256: done.original_sha256.0,
        tensors: done.tensors.into_iter().map(tensor).collect(),
    }
}

fn record(chunk: &Arc<OpenChunk>) -> Result<Vec<Piece>> {
    let len = u32::try_from(chunk.row().stored_len).map_err(Error::internal)?;
    let prefix = Bytes::copy_from_slice(&format::blob_prefix(len));
    let mut pieces = vec![Piece::Bytes(prefix)];
    pieces.extend(blob_pieces(chunk));
    Ok(pieces)
}
