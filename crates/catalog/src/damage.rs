//! Chunks whose blobs are damaged: missing to whoever pushes them, and mended by what is pushed.

use jiff::Timestamp;
use sheaf_types::{ChunkId, UploadId};
use sqlx::AnyConnection;

use crate::chunks::{self, ChunkRow};
use crate::collect::throw_away;
use crate::{Catalog, Result, row};

impl Catalog {
    /// Notes that the blob at a key is damaged, if it is still a chunk's.
    pub async fn mark_damaged(&self, object_key: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE chunks SET damaged_since = $2 WHERE object_key = $1 AND damaged_since IS NULL",
        )
        .bind(object_key)
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets that of a blob that is found to be whole.
    pub async fn mark_whole(&self, object_key: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE chunks SET damaged_since = NULL WHERE object_key = $1")
            .bind(object_key)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The chunk whose blob is at a key, and whether it is known to be damaged.
    pub async fn chunk_at(&self, object_key: &str) -> Result<Option<(ChunkRow, bool)>> {
        let row = sqlx::query(concat!(
            "SELECT k.damaged_since, ",
            chunks::columns!(),
            " FROM chunks k WHERE k.object_key = $1"
        ))
        .bind(object_key)
        .fetch_optional(&self.read)
        .await?;
        row.map(|row| {
            let damaged = row::optional(&row, "damaged_since")?.is_some();
            Ok((chunks::read(&row)?, damaged))
        })
        .transpose()
    }

    /// A chunk that an upload holds and that is known to be damaged.
    pub async fn damaged_pin(
        &self,
        upload: &UploadId,
        chunk: &ChunkId,
    ) -> Result<Option<ChunkRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            chunks::columns!(),
            " FROM chunks k JOIN upload_pins p ON p.chunk = k.id \
             WHERE k.chunk = $1 AND p.upload = $2 AND k.damaged_since IS NOT NULL"
        ))
        .bind(chunk.as_bytes().as_slice())
        .bind(upload.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(chunks::read).transpose()
    }

    /// Puts a durable object, whose intent is still there, in the place of a chunk's damaged one; whether
    /// that one was still the chunk's.
    pub async fn mend(&self, damaged_key: &str, new: &ChunkRow) -> Result<bool> {
        let mut tx = self.begin().await?;
        let found = sqlx::query("SELECT id FROM chunks WHERE object_key = $1 AND chunk = $2")
            .bind(damaged_key)
            .bind(new.chunk.as_bytes().as_slice())
            .fetch_optional(&mut *tx)
            .await?;
        if found.is_none() || !chunks::take_intent(&mut tx, &new.object_key).await? {
            return Ok(false);
        }
        replace(&mut tx, new).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Makes a blob that of a chunk which has another; the chunk's row, if there is one. The other is garbage
/// then.
pub(crate) async fn replace(connection: &mut AnyConnection, new: &ChunkRow) -> Result<Option<i64>> {
    let found = sqlx::query("SELECT id, object_key, stored_len FROM chunks WHERE chunk = $1")
        .bind(new.chunk.as_bytes().as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(found) = found else { return Ok(None) };
    let id = row::integer(&found, "id")?;
    sqlx::query(
        "UPDATE chunks SET raw_len = $2, blob = $3, object_key = $4, stored_len = $5, \
         level = NULL, damaged_since = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(row::sql(new.raw_len))
    .bind(new.blob.as_bytes().as_slice())
    .bind(&new.object_key)
    .bind(row::sql(new.stored_len))
    .execute(&mut *connection)
    .await?;
    let (key, bytes) = (
        row::text(&found, "object_key")?,
        row::size(&found, "stored_len")?,
    );
    throw_away(connection, &key, bytes).await?;
    Ok(Some(id))
}
