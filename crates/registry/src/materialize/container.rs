//! A file as one self-contained stream of its blobs: what `Content-Encoding: sheaf` carries.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_codec::stream as format;
use sheaf_types::files::{NearLossless, RoundedTensor};

use super::ahead::Piece;
use super::blob::blob_pieces;
use super::chunk::OpenChunk;
use super::file::OpenFile;
use crate::{Error, Registry, Result};

impl Registry {
    /// A file's length as a stream, and the stream.
    pub async fn read_container(
        self: &Arc<Self>,
        file: &OpenFile,
    ) -> Result<(u64, BoxStream<'static, Result<Bytes>>)> {
        let (blobs, stored) = self.catalog.content_stored(file.content).await?;
        let records = self
            .open_chunks(file.content, 0..file.entry.size)
            .and_then(async |(_, chunk)| record(&chunk))
            .map_ok(|record| stream::iter(record.into_iter().map(Ok)))
            .try_flatten();
        let head = Piece::Bytes(Bytes::from_static(&format::HEAD));
        let near_lossless = self.near_lossless(file).await?;
        let near_lossless = near_lossless.map_or(vec![], |done| told(done).record());
        let len = format::stream_len(blobs, stored) + near_lossless.len() as u64;
        let end = format::end(file.entry.size, *file.entry.sha256.as_bytes());
        let end = Piece::Bytes(Bytes::from([near_lossless.as_slice(), &end].concat()));
        let pieces = stream::once(async { Ok(head) })
            .chain(records)
            .chain(stream::once(async { Ok(end) }));
        Ok((len, self.send(file.repository, pieces.boxed())))
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
