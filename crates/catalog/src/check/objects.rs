//! What names an object: a chunk, a write that was announced, or the collection.

use std::ops::Range;

use sqlx::AnyConnection;

use crate::chunks::{self, ChunkRow};
use crate::collect::throw_away;
use crate::{Catalog, Result, Tally, row};

/// Whether anything names the object $1: in one statement, and so at one moment.
const NAMED: &str = "SELECT 1 FROM chunks WHERE object_key = $1 \
     UNION ALL SELECT 1 FROM intents WHERE object_key = $1 \
     UNION ALL SELECT 1 FROM garbage WHERE object_key = $1";

impl Catalog {
    /// Stored chunks in the order of their objects' keys: of a range of those, at most `limit`.
    pub async fn stored_after(&self, keys: Range<&str>, limit: u32) -> Result<Vec<ChunkRow>> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            chunks::columns!(),
            " FROM chunks k WHERE k.object_key > $1 AND k.object_key < $2 \
             ORDER BY k.object_key LIMIT CAST($3 AS BIGINT)"
        ))
        .bind(keys.start)
        .bind(keys.end)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(chunks::read).collect()
    }

    /// The keys and lengths alone of stored chunks' objects, as [`Catalog::stored_after`].
    pub async fn lengths_after(&self, keys: Range<&str>, limit: u32) -> Result<Vec<(String, u64)>> {
        let rows = sqlx::query(
            "SELECT object_key, stored_len FROM chunks WHERE object_key > $1 AND object_key < $2 \
             ORDER BY object_key LIMIT CAST($3 AS BIGINT)",
        )
        .bind(keys.start)
        .bind(keys.end)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let lengths = rows
            .iter()
            .map(|row| Ok((row::text(row, "object_key")?, row::size(row, "stored_len")?)));
        lengths.collect()
    }

    /// How many chunks are stored, and the bytes of their blobs.
    pub async fn stored(&self) -> Result<Tally> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS rows, COALESCE(CAST(SUM(stored_len) AS BIGINT), 0) AS bytes \
             FROM chunks",
        )
        .fetch_one(&self.read)
        .await?;
        Ok(Tally {
            rows: row::size(&row, "rows")?,
            bytes: row::size(&row, "bytes")?,
        })
    }

    /// Whether a chunk, an announced write or the collection names an object.
    pub async fn is_named(&self, object_key: &str) -> Result<bool> {
        let mut connection = self.read.acquire().await?;
        is_named(&mut connection, object_key).await
    }

    /// Gives an object that nothing names to the collection; whether nothing does.
    pub async fn throw_unnamed_away(&self, object_key: &str, stored_len: u64) -> Result<bool> {
        let mut tx = self.begin().await?;
        if is_named(&mut tx, object_key).await? {
            return Ok(false);
        }
        throw_away(&mut tx, object_key, stored_len).await?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn is_named(connection: &mut AnyConnection, object_key: &str) -> Result<bool> {
    let row = sqlx::query(NAMED)
        .bind(object_key)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
