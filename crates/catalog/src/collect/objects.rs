//! Objects that no row names: of chunks that were taken, and of writes that never came to an end.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::Tally;
use crate::{Catalog, ChunkRow, Result, row};

/// Rows that go in one transaction.
const TAKEN_AT_ONCE: i64 = 500;

/// An object to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// Where it is in the object store.
    pub object_key: String,
    /// Its bytes; 0 where that is not known.
    pub stored_len: u64,
}

impl Catalog {
    /// Takes some intents that are as old as that: whoever writes so slowly is told to write again. How
    /// many; their objects are garbage then.
    pub async fn collect_intents(&self, since: Timestamp) -> Result<u64> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query(
            "DELETE FROM intents WHERE object_key IN (SELECT i.object_key FROM intents i \
               WHERE i.created_at <= $1 LIMIT CAST($2 AS BIGINT)) RETURNING object_key",
        )
        .bind(since.as_microsecond())
        .bind(TAKEN_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            throw_away(&mut tx, &row::text(row, "object_key")?, 0).await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// How many writes were announced, and how many of them are as old as that.
    pub async fn intents(&self, since: Timestamp) -> Result<(u64, u64)> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS rows, COUNT(CASE WHEN created_at <= $1 THEN 1 END) AS old \
             FROM intents",
        )
        .bind(since.as_microsecond())
        .fetch_one(&self.read)
        .await?;
        Ok((row::size(&row, "rows")?, row::size(&row, "old")?))
    }

    /// Objects that may be deleted by now whose key is behind `after`, in the order of their keys.
    pub async fn garbage(&self, now: Timestamp, after: &str, limit: u32) -> Result<Vec<Garbage>> {
        let rows = sqlx::query(
            "SELECT object_key, stored_len FROM garbage WHERE object_key > $1 AND not_before <= $3 \
             ORDER BY object_key LIMIT CAST($2 AS BIGINT)",
        )
        .bind(after)
        .bind(i64::from(limit))
        .bind(now.as_microsecond())
        .fetch_all(&self.read)
        .await?;
        let garbage = rows.iter().map(|row| {
            Ok(Garbage {
                object_key: row::text(row, "object_key")?,
                stored_len: row::size(row, "stored_len")?,
            })
        });
        garbage.collect()
    }

    /// How many objects may be deleted by then.
    pub async fn garbage_tally(&self, by: Timestamp) -> Result<Tally> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS rows, COALESCE(CAST(SUM(stored_len) AS BIGINT), 0) AS bytes \
             FROM garbage WHERE not_before <= $1",
        )
        .bind(by.as_microsecond())
        .fetch_one(&self.read)
        .await?;
        Ok(Tally {
            rows: row::size(&row, "rows")?,
            bytes: row::size(&row, "bytes")?,
        })
    }

    /// Forgets objects that are deleted.
    pub async fn forget_garbage(&self, deleted: &[Garbage]) -> Result<()> {
        let mut tx = self.begin().await?;
        for garbage in deleted {
            sqlx::query("DELETE FROM garbage WHERE object_key = $1")
                .bind(&garbage.object_key)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Notes that an object is to be deleted whose blob was replaced, and from when on. Until then those who
/// were told of it can read it.
pub(crate) async fn throw_away_replaced(
    connection: &mut AnyConnection,
    old: &ChunkRow,
    not_before: Timestamp,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO garbage (object_key, stored_len, not_before, chunk, blob) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&old.object_key)
    .bind(row::sql(old.stored_len))
    .bind(not_before.as_microsecond())
    .bind(old.chunk.as_bytes().as_slice())
    .bind(old.blob.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that an object is to be deleted.
pub(crate) async fn throw_away(
    connection: &mut AnyConnection,
    object_key: &str,
    stored_len: u64,
) -> Result<()> {
    sqlx::query("INSERT INTO garbage (object_key, stored_len) VALUES ($1, $2)")
        .bind(object_key)
        .bind(row::sql(stored_len))
        .execute(connection)
        .await?;
    Ok(())
}
