//! Blobs against their rows: header, frames, and what they decode to.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use sheaf_catalog::ChunkRow;
use sheaf_types::check::{CheckDepth, FaultKind};

use super::Checker;
use super::state::Place;
use crate::materialize::{Form, OpenChunk, Piece, ahead, blob_pieces, runs};
use crate::task::on_task;
use crate::{Error, Registry, Result};

/// Rows that are read at once.
const ROWS: u32 = 64;
/// Stored bytes of a step, about.
const STEP: u64 = 64 << 20;
/// Blobs that are looked at at once.
const AT_ONCE: usize = 4;

/// What is wrong with a blob.
#[derive(Debug)]
struct Wrong {
    kind: FaultKind,
    message: String,
}

impl Checker {
    /// Some chunks.
    pub(super) async fn chunks(&mut self, after: i64) -> Result<Place> {
        let catalog = self.registry.catalog.clone();
        let rows = catalog.chunks_after(after, self.repository, ROWS).await?;
        if rows.is_empty() {
            return Ok(match self.depth() {
                CheckDepth::Decoded => Place::Files { after: 0 },
                _ => self.in_the_end(),
            });
        }
        // Of a slow check about a second's worth.
        let rate = self.state.report.check.bytes_per_second;
        let step = STEP.min(rate.unwrap_or(u64::MAX));
        let (mut next, mut bytes) = (after, 0);
        let mut looked_at = Vec::new();
        for row in rows {
            if bytes >= step {
                break;
            }
            next = row.number;
            match row.row {
                Ok(row) if self.state.takes_chunk(&row.0.chunk) => {
                    bytes += row.0.stored_len;
                    looked_at.push(row);
                }
                Ok(_) => {}
                Err(error) => self.unreadable("chunks", row.number, error)?,
            }
        }
        self.look_at(looked_at).await?;
        Ok(Place::Chunks { after: next })
    }

    async fn look_at(&mut self, rows: Vec<(ChunkRow, bool)>) -> Result<()> {
        let (registry, depth, list) = (self.registry.clone(), self.depth(), self.has_list());
        let reader = Arc::clone(&registry);
        let mut looks = stream::iter(rows)
            .map(|(row, damaged)| {
                let registry = Arc::clone(&reader);
                // What is taken for damaged is whole only if it decodes to the chunk.
                let depth = if damaged { CheckDepth::Decoded } else { depth };
                on_task(async move { Ok((registry.wrong(&row, depth, list).await?, row, damaged)) })
            })
            .buffer_unordered(AT_ONCE);
        while let Some((wrong, row, damaged)) = looks.try_next().await? {
            let read = match depth {
                CheckDepth::Listed => 0,
                _ => row.stored_len,
            };
            self.state.report.chunks += 1;
            self.state.report.bytes_read += read;
            self.pace.read(read).await;
            let key = &row.object_key;
            match wrong {
                Some(wrong) => self.note_chunk(wrong.kind, key, wrong.message).await?,
                None if damaged => registry.catalog.mark_whole(key).await?,
                None => {}
            }
        }
        Ok(())
    }
}

impl Registry {
    /// What is wrong with a chunk's blob. What looks wrong is read again, as it may have been the way
    /// that it took.
    async fn wrong(
        self: &Arc<Self>,
        row: &ChunkRow,
        depth: CheckDepth,
        has_list: bool,
    ) -> Result<Option<Wrong>> {
        if self.look(row, depth, has_list).await?.is_none() {
            return Ok(None);
        }
        let wrong = self.look(row, depth, has_list).await?;
        // One that was replaced or collected meanwhile may be gone.
        if wrong.is_some() && self.catalog.is_live(&row.object_key).await? {
            return Ok(wrong);
        }
        Ok(None)
    }

    async fn look(
        self: &Arc<Self>,
        row: &ChunkRow,
        depth: CheckDepth,
        has_list: bool,
    ) -> Result<Option<Wrong>> {
        if !has_list && let Some(wrong) = self.wrong_object(row).await? {
            return Ok(Some(wrong));
        }
        match self.read_through(row, depth).await {
            Ok(wrong) => Ok(wrong),
            Err(Error::Damaged { reason, .. }) => {
                let wrong = self.wrong_object(row).await?;
                Ok(wrong.or(Some(Wrong {
                    kind: FaultKind::BlobDamaged,
                    message: format!("the blob of a chunk is damaged: {reason}"),
                })))
            }
            // It was collected while it was read.
            Err(Error::BlobNotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether there is an object of the right length.
    async fn wrong_object(&self, row: &ChunkRow) -> Result<Option<Wrong>> {
        match self.blobs.size(&row.object_key).await {
            Ok(size) if size == row.stored_len => Ok(None),
            Ok(size) => Ok(Some(Wrong {
                kind: FaultKind::ObjectLength,
                message: format!(
                    "the object of a chunk has {size} bytes, not {}",
                    row.stored_len
                ),
            })),
            Err(sheaf_blobs::Error::NotFound(_)) => Ok(Some(Wrong {
                kind: FaultKind::ObjectMissing,
                message: "the object of a chunk is not in the store".into(),
            })),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a blob as readers do: header against id, frames against header, and decoded against the
    /// chunk's id where that is asked for.
    async fn read_through(
        self: &Arc<Self>,
        row: &ChunkRow,
        depth: CheckDepth,
    ) -> Result<Option<Wrong>> {
        let chunk = Arc::new(self.open_chunk(row.clone()).await?);
        let pieces = match depth {
            CheckDepth::Listed => return Ok(None),
            CheckDepth::Stored => blob_pieces(&chunk),
            CheckDepth::Decoded => return self.wrong_chunk(chunk).await,
        };
        let mut read = ahead(
            Arc::clone(self),
            stream::iter(pieces.into_iter().map(Ok)).boxed(),
        );
        while read.try_next().await?.is_some() {}
        Ok(None)
    }

    async fn wrong_chunk(self: &Arc<Self>, chunk: Arc<OpenChunk>) -> Result<Option<Wrong>> {
        let whole = 0..chunk.row().raw_len;
        let runs = runs(&chunk, whole.clone(), &Form::Raw(whole));
        let pieces = runs.into_iter().map(|run| Ok(Piece::Run(run)));
        let mut read = ahead(Arc::clone(self), stream::iter(pieces).boxed());
        let mut hasher = blake3::Hasher::new();
        while let Some(out) = read.try_next().await? {
            hasher = self
                .cpu
                .run(move || {
                    hasher.update(&out.bytes);
                    hasher
                })
                .await?;
        }
        let same = hasher.finalize().as_bytes() == chunk.row().chunk.as_bytes();
        Ok((!same).then(|| Wrong {
            kind: FaultKind::ChunkDamaged,
            message: "the blob of a chunk decodes to other bytes than the chunk's".into(),
        }))
    }
}
