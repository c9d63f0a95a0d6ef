//! Makes the rows anew of what is in the object store. Every step is safe to run twice, so that a rebuild
//! that was cut short goes on from the beginning.

mod repositories;
mod revisions;

use jiff::Timestamp;
use sheaf_types::records::RecordKey;

use crate::{Catalog, ChunkRow, RepositoryId, Result, row};

pub use repositories::Returned;
pub use revisions::{NewRow, Restored};

/// How a rebuild begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// With an empty catalog.
    Empty,
    /// With what an earlier one left.
    Again,
    /// Not at all: the catalog is in use.
    InUse,
}

/// What becomes of a record that is in the object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays: that something is gone must stay known.
    Stays,
    /// It is to be deleted: a newer one took its place, or what it is of is gone.
    Goes,
}

/// Tables that hold something as soon as a catalog is used.
const USED: [&str; 6] = [
    "repositories",
    "chunks",
    "intents",
    "garbage",
    "tokens",
    "records",
];

impl Catalog {
    /// Begins to make the catalog anew. Until the end nobody may serve it.
    pub async fn begin_rebuild(&self, now: Timestamp) -> Result<Beginning> {
        if self.is_being_rebuilt().await? {
            return Ok(Beginning::Again);
        }
        let mut tx = self.begin().await?;
        for table in USED {
            let sql = sqlx::AssertSqlSafe(format!("SELECT 1 FROM {table} LIMIT 1"));
            if sqlx::query(sql).fetch_optional(&mut *tx).await?.is_some() {
                return Ok(Beginning::InUse);
            }
        }
        sqlx::query("INSERT INTO rebuild (started_at) VALUES ($1)")
            .bind(now.as_microsecond())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Beginning::Empty)
    }

    /// Whether a rebuild was begun and did not come to its end.
    pub async fn is_being_rebuilt(&self) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM rebuild LIMIT 1")
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    /// Ends it: the catalog may be served.
    pub async fn end_rebuild(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM rebuild").execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes the rows of chunks whose blobs are there, and notes objects that no row names, so that they are
    /// collected as writes are that never came to an end.
    pub async fn restore_chunks(
        &self,
        chunks: &[ChunkRow],
        orphans: &[String],
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        for chunk in chunks {
            sqlx::query(
                "INSERT INTO chunks (chunk, raw_len, blob, object_key, stored_len) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            )
            .bind(chunk.chunk.as_bytes().as_slice())
            .bind(row::sql(chunk.raw_len))
            .bind(chunk.blob.as_bytes().as_slice())
            .bind(&chunk.object_key)
            .bind(row::sql(chunk.stored_len))
            .execute(&mut *tx)
            .await?;
        }
        for key in orphans {
            sqlx::query(
                "INSERT INTO intents (object_key, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(key)
            .bind(now.as_microsecond())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Notes records that are in the object store and of which nothing was restored.
    pub async fn restore_records(
        &self,
        repository: Option<RepositoryId>,
        records: &[(RecordKey, Fate)],
    ) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        for (key, fate) in records {
            let state = match fate {
                Fate::Stays => 1,
                Fate::Goes => 2,
            };
            crate::records::restore(&mut tx, repository, key, state).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
