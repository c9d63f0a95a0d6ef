//! Chunks that are in no file and that no upload holds.

use jiff::Timestamp;

use super::{Tally, objects, reached};
use crate::{Catalog, Result, row};

/// Rows that are looked at in one transaction.
const MARKED_AT_ONCE: i64 = 20_000;
/// Rows that go in one transaction.
const TAKEN_AT_ONCE: i64 = 500;

/// Whether something holds the chunk `k`.
macro_rules! held {
    () => {
        "(EXISTS (SELECT 1 FROM content_chunks cc WHERE cc.chunk = k.id) \
          OR EXISTS (SELECT 1 FROM upload_pins p WHERE p.chunk = k.id))"
    };
}

/// Chunks that no ref reaches and no upload holds, be they held by a revision that will go.
macro_rules! unneeded {
    () => {
        concat!(
            reached!(),
            "SELECT COUNT(*) AS rows, COALESCE(CAST(SUM(k.stored_len) AS BIGINT), 0) AS bytes \
             FROM chunks k WHERE NOT EXISTS (SELECT 1 FROM upload_pins p WHERE p.chunk = k.id) \
             AND NOT EXISTS (SELECT 1 FROM content_chunks cc \
               JOIN revision_files f ON f.content = cc.content \
               WHERE cc.chunk = k.id AND f.revision IN (SELECT id FROM reached))"
        )
    };
}

impl Catalog {
    /// Notes which chunks nothing holds, and forgets it of those that something holds again.
    pub async fn mark_chunks(&self, now: Timestamp) -> Result<()> {
        let most = sqlx::query("SELECT COALESCE(MAX(id), 0) AS most FROM chunks")
            .fetch_one(&self.read)
            .await?;
        let most = row::integer(&most, "most")?;
        let mut after = 0;
        while after < most {
            self.mark_chunks_after(after, now).await?;
            after += MARKED_AT_ONCE;
        }
        Ok(())
    }

    async fn mark_chunks_after(&self, after: i64, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(concat!(
            "UPDATE chunks SET unused_since = $1 WHERE id IN (SELECT k.id FROM chunks k \
               WHERE k.id > $2 AND k.id <= $3 AND k.unused_since IS NULL AND NOT ",
            held!(),
            ")"
        ))
        .bind(now.as_microsecond())
        .bind(after)
        .bind(after + MARKED_AT_ONCE)
        .execute(&mut *tx)
        .await?;
        sqlx::query(concat!(
            "UPDATE chunks SET unused_since = NULL WHERE id IN (SELECT k.id FROM chunks k \
               WHERE k.id > $1 AND k.id <= $2 AND k.unused_since IS NOT NULL AND ",
            held!(),
            ")"
        ))
        .bind(after)
        .bind(after + MARKED_AT_ONCE)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes the rows of some chunks that nothing has held since a time; their objects are garbage
    /// then.
    pub async fn collect_chunks(&self, since: Timestamp) -> Result<Tally> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query(concat!(
            "DELETE FROM chunks WHERE id IN (SELECT k.id FROM chunks k \
               WHERE k.unused_since <= $1 AND NOT ",
            held!(),
            " LIMIT CAST($2 AS BIGINT)) RETURNING object_key, stored_len"
        ))
        .bind(since.as_microsecond())
        .bind(TAKEN_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        let mut tally = Tally::default();
        for row in &rows {
            let (key, bytes) = (row::text(row, "object_key")?, row::size(row, "stored_len")?);
            objects::throw_away(&mut tx, &key, bytes).await?;
            tally.rows += 1;
            tally.bytes += bytes;
        }
        tx.commit().await?;
        Ok(tally)
    }

    /// Chunks that no ref reaches and no upload holds.
    pub async fn unneeded_chunks(&self) -> Result<Tally> {
        let row = sqlx::query(unneeded!()).fetch_one(&self.read).await?;
        tally(&row)
    }

    /// Those of them that may go now: nothing has held them since a time.
    pub async fn collectable_chunks(&self, since: Timestamp, now: Timestamp) -> Result<Tally> {
        let row = sqlx::query(concat!(
            unneeded!(),
            " AND COALESCE(k.unused_since, CAST($1 AS BIGINT)) <= CAST($2 AS BIGINT)"
        ))
        .bind(now.as_microsecond())
        .bind(since.as_microsecond())
        .fetch_one(&self.read)
        .await?;
        tally(&row)
    }
}

fn tally(row: &sqlx::any::AnyRow) -> Result<Tally> {
    Ok(Tally {
        rows: row::size(row, "rows")?,
        bytes: row::size(row, "bytes")?,
    })
}
