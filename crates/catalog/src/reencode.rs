//! Blobs that are made anew: which chunks are due, and the swap of one blob for another.

use jiff::Timestamp;
use sheaf_types::ChunkId;
use sqlx::AnyConnection;

use crate::chunks::{self, ChunkRow, columns, take_intent};
use crate::collect::throw_away_replaced;
use crate::engine::Writer;
use crate::revisions::RevisionRowId;
use crate::{Catalog, Result, row};

/// A chunk whose blob was tried at a level.
#[derive(Debug, Clone)]
pub struct Reencoded {
    /// The chunk and its blob, as they were read.
    pub old: ChunkRow,
    /// Its new blob, durable in the object store; none where the old one stays.
    pub new: Option<ChunkRow>,
    /// The level, as a number.
    pub level: u8,
    /// Until when the old object is kept for those who were told of it.
    pub not_before: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swapped {
    /// The new blob is the chunk's, or the old one is known to stay.
    Done,
    /// The chunk has another blob than the one that was read, or is gone.
    Changed,
    /// The intent of the write was taken away meanwhile: the object may be deleted at any time.
    Overtaken,
}

/// The chunks of a revision, each once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChunkTotals {
    /// How many.
    pub chunks: u64,
    /// Their raw bytes.
    pub raw_bytes: u64,
    /// Their blobs' bytes.
    pub stored_bytes: u64,
    /// Raw bytes of those that were not tried at a level.
    pub due_bytes: u64,
}

/// The chunks `k` of a revision.
macro_rules! of_revision {
    () => {
        " FROM chunks k WHERE k.id IN (SELECT cc.chunk FROM revision_files f \
           JOIN content_chunks cc ON cc.content = f.content WHERE f.revision = $1) "
    };
}

impl Catalog {
    /// How much a revision's chunks are, and how much of it is below a level.
    pub async fn chunk_totals(&self, revision: RevisionRowId, level: u8) -> Result<ChunkTotals> {
        let row = sqlx::query(concat!(
            "SELECT COUNT(*) AS chunks, COALESCE(CAST(SUM(k.raw_len) AS BIGINT), 0) AS raw, \
               COALESCE(CAST(SUM(k.stored_len) AS BIGINT), 0) AS stored, \
               COALESCE(CAST(SUM(CASE WHEN COALESCE(k.level, 0) < $2 THEN k.raw_len END) \
                 AS BIGINT), 0) AS due",
            of_revision!(),
        ))
        .bind(revision.0)
        .bind(i64::from(level))
        .fetch_one(&self.read)
        .await?;
        Ok(ChunkTotals {
            chunks: row::size(&row, "chunks")?,
            raw_bytes: row::size(&row, "raw")?,
            stored_bytes: row::size(&row, "stored")?,
            due_bytes: row::size(&row, "due")?,
        })
    }

    /// The rows of a revision's chunks that were not tried at a level.
    pub async fn chunks_below(&self, revision: RevisionRowId, level: u8) -> Result<Vec<i64>> {
        let rows = sqlx::query(concat!(
            "SELECT k.id",
            of_revision!(),
            "AND COALESCE(k.level, 0) < $2 ORDER BY k.id",
        ))
        .bind(revision.0)
        .bind(i64::from(level))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| row::integer(row, "id")).collect()
    }

    /// The chunk of a row, unless it was tried at a level or is gone.
    pub async fn chunk_below(&self, chunk: i64, level: u8) -> Result<Option<ChunkRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM chunks k WHERE k.id = $1 AND COALESCE(k.level, 0) < $2"
        ))
        .bind(chunk)
        .bind(i64::from(level))
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(chunks::read).transpose()
    }

    /// A chunk's blob, whoever holds it.
    pub async fn find_chunk(&self, chunk: &ChunkId) -> Result<Option<ChunkRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM chunks k WHERE k.chunk = $1"
        ))
        .bind(chunk.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(chunks::read).transpose()
    }

    /// Swaps a chunk's blob, if it is still the one that was read, and notes the level.
    pub async fn swap(&self, done: Reencoded) -> Result<Swapped> {
        self.swapping.submit(done).await
    }
}

pub(crate) async fn swap(writer: Writer, all: Vec<Reencoded>) -> Result<Vec<Swapped>> {
    let mut tx = writer.begin().await?;
    let mut outcomes = Vec::with_capacity(all.len());
    for one in &all {
        outcomes.push(swap_one(&mut tx, one).await?);
    }
    tx.commit().await?;
    Ok(outcomes)
}

async fn swap_one(connection: &mut AnyConnection, done: &Reencoded) -> Result<Swapped> {
    let Reencoded { old, new, .. } = done;
    let found = sqlx::query("SELECT id FROM chunks WHERE chunk = $1 AND object_key = $2")
        .bind(old.chunk.as_bytes().as_slice())
        .bind(&old.object_key)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(found) = found else {
        return Ok(Swapped::Changed);
    };
    if let Some(new) = new {
        if !take_intent(connection, &new.object_key).await? {
            return Ok(Swapped::Overtaken);
        }
        throw_away_replaced(connection, old, done.not_before).await?;
    }
    let blob = new.as_ref().unwrap_or(old);
    sqlx::query(
        "UPDATE chunks SET blob = $2, object_key = $3, stored_len = $4, level = $5, \
         damaged_since = NULL WHERE id = $1",
    )
    .bind(row::integer(&found, "id")?)
    .bind(blob.blob.as_bytes().as_slice())
    .bind(&blob.object_key)
    .bind(row::sql(blob.stored_len))
    .bind(i64::from(done.level))
    .execute(connection)
    .await?;
    Ok(Swapped::Done)
}
