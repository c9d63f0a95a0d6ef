//! Chunks, the blobs that hold them, and what keeps them.

use std::collections::HashSet;

use jiff::Timestamp;
use sheaf_types::files::ChunkRef;
use sheaf_types::{BlobId, ChunkId, UploadId};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::engine::Writer;
use crate::visibility::visible;
use crate::{Catalog, RepositoryId, Result, Visibility, damage, row, uploads};

/// Chunks that are pinned in one transaction: others want to write too.
const PINS_AT_ONCE: usize = 1000;

/// What [`read`] needs of chunks `k`. By name, here and everywhere: a server that runs on while a
/// newer one adds columns must not be given more than it asked for before.
macro_rules! columns {
    () => {
        "k.chunk, k.raw_len, k.blob, k.object_key, k.stored_len"
    };
}

pub(crate) use columns;

/// Whether a chunk `k` is in some revision of the repository $1.
macro_rules! held {
    () => {
        "EXISTS (SELECT 1 FROM content_chunks cc JOIN revision_files f ON f.content = cc.content \
           JOIN revisions v ON v.id = f.revision WHERE cc.chunk = k.id AND v.repository = $1)"
    };
}

/// A stored chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRow {
    /// The BLAKE3 of its raw bytes.
    pub chunk: ChunkId,
    /// Raw bytes.
    pub raw_len: u64,
    /// The blob that holds it.
    pub blob: BlobId,
    /// Where the blob is in the object store.
    pub object_key: String,
    /// Bytes of the blob.
    pub stored_len: u64,
}

/// A blob that is durable in the object store and wants to be a chunk's.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// Chunk and blob.
    pub row: ChunkRow,
    /// The upload that is to hold it.
    pub upload: UploadId,
}

/// What became of a blob that wanted to go live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// It is the chunk's blob.
    Stored,
    /// The chunk has a blob already, which the upload holds now: this one is of no use.
    Existed,
    /// The upload was taken away meanwhile.
    Gone,
    /// The intent of this write was taken away meanwhile: the object may be deleted at any time.
    Overtaken,
}

impl Catalog {
    /// Says that an object is about to be written.
    pub async fn announce(&self, object_key: String) -> Result<()> {
        self.announcing.submit(object_key).await
    }

    /// Says that an announced object is not there any more, or never was.
    pub async fn withdraw(&self, object_key: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        take_intent(&mut tx, object_key).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes a durable object the blob of its chunk and pins it to the upload.
    pub async fn go_live(&self, blob: NewBlob) -> Result<Live> {
        self.going_live.submit(blob).await
    }

    /// Whether a chunk is stored and not known to be damaged, whoever holds it.
    pub async fn has_chunk(&self, chunk: &ChunkId) -> Result<bool> {
        let row = sqlx::query("SELECT id FROM chunks WHERE chunk = $1 AND damaged_since IS NULL")
            .bind(chunk.as_bytes().as_slice())
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }

    /// Pins a chunk to an upload whose bytes the caller has shown to have; whether it is stored.
    /// `None` when the upload takes no chunks any more.
    pub async fn pin_shown(&self, upload: &UploadId, chunk: &ChunkId) -> Result<Option<bool>> {
        let mut tx = self.begin().await?;
        if !uploads::takes_chunks(&mut tx, upload).await? {
            return Ok(None);
        }
        let found = find(&mut tx, chunk).await?;
        if let Some((row, _)) = found {
            pin(&mut tx, upload, row).await?;
        }
        tx.commit().await?;
        Ok(Some(found.is_some()))
    }

    /// Pins those of the chunks that the upload holds or that are in a revision that the caller may
    /// read, and gives the others: in the order asked, each once. A chunk that is asked for with a
    /// wrong size is missing. `None` when the upload takes no chunks any more.
    pub async fn pin_or_missing(
        &self,
        upload: &UploadId,
        visibility: &Visibility,
        asked: &[ChunkRef],
    ) -> Result<Option<Vec<ChunkId>>> {
        let mut seen = HashSet::new();
        let asked: Vec<ChunkRef> = asked
            .iter()
            .filter(|c| seen.insert(c.id))
            .copied()
            .collect();
        let mut missing = Vec::new();
        for some in asked.chunks(PINS_AT_ONCE) {
            let mut tx = self.begin().await?;
            if !uploads::takes_chunks(&mut tx, upload).await? {
                return Ok(None);
            }
            for chunk in some {
                match find_for(&mut tx, upload, visibility, chunk).await? {
                    Some(row) => pin(&mut tx, upload, row).await?,
                    None => missing.push(chunk.id),
                }
            }
            tx.commit().await?;
        }
        Ok(Some(missing))
    }

    /// A chunk that the upload holds or that is in a revision that the caller may read.
    pub async fn readable_chunk(
        &self,
        upload: &UploadId,
        visibility: &Visibility,
        chunk: &ChunkId,
    ) -> Result<Option<ChunkRow>> {
        let query = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM chunks k WHERE k.chunk = $4 AND (EXISTS \
               (SELECT 1 FROM upload_pins p WHERE p.upload = $5 AND p.chunk = k.id) OR EXISTS \
               (SELECT 1 FROM content_chunks cc \
                JOIN revision_files f ON f.content = cc.content \
                JOIN revisions v ON v.id = f.revision JOIN repositories r ON r.id = v.repository \
                WHERE cc.chunk = k.id AND ",
            visible!(),
            "))"
        ));
        let row = visibility
            .bind(query)
            .bind(chunk.as_bytes().as_slice())
            .bind(upload.as_bytes().as_slice())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// A chunk that the upload holds.
    pub async fn pinned_chunk(
        &self,
        upload: &UploadId,
        chunk: &ChunkRef,
    ) -> Result<Option<ChunkRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM chunks k JOIN upload_pins p ON p.chunk = k.id \
             WHERE k.chunk = $1 AND k.raw_len = $2 AND p.upload = $3",
        ))
        .bind(chunk.id.as_bytes().as_slice())
        .bind(row::sql(chunk.size))
        .bind(upload.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// The blob of a chunk that is in some revision of a repository, also one that was replaced and is
    /// kept for those who were told of it.
    pub async fn find_blob(
        &self,
        repository: RepositoryId,
        blob: &BlobId,
    ) -> Result<Option<ChunkRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM chunks k WHERE k.blob = $2 AND ",
            held!()
        ))
        .bind(repository.0)
        .bind(blob.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        match row {
            Some(row) => read(&row).map(Some),
            None => self.find_replaced(repository, blob).await,
        }
    }

    async fn find_replaced(
        &self,
        repository: RepositoryId,
        blob: &BlobId,
    ) -> Result<Option<ChunkRow>> {
        let row = sqlx::query(concat!(
            "SELECT k.chunk, k.raw_len, g.blob, g.object_key, g.stored_len \
             FROM garbage g JOIN chunks k ON k.chunk = g.chunk WHERE g.blob = $2 AND ",
            held!()
        ))
        .bind(repository.0)
        .bind(blob.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }
}

pub(crate) async fn announce(writer: Writer, keys: Vec<String>) -> Result<Vec<()>> {
    let now = Timestamp::now().as_microsecond();
    // The keys are new, and nobody asks for them.
    let mut tx = writer.begin_apart().await?;
    for key in &keys {
        sqlx::query("INSERT INTO intents (object_key, created_at) VALUES ($1, $2)")
            .bind(key)
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(vec![(); keys.len()])
}

pub(crate) async fn go_live(writer: Writer, blobs: Vec<NewBlob>) -> Result<Vec<Live>> {
    let mut tx = writer.begin().await?;
    let mut outcomes = Vec::with_capacity(blobs.len());
    for blob in &blobs {
        outcomes.push(go_live_one(&mut tx, blob).await?);
    }
    tx.commit().await?;
    Ok(outcomes)
}

async fn go_live_one(connection: &mut AnyConnection, blob: &NewBlob) -> Result<Live> {
    if !uploads::takes_chunks(connection, &blob.upload).await? {
        return Ok(Live::Gone);
    }
    if let Some((row, _)) = find(connection, &blob.row.chunk).await? {
        pin(connection, &blob.upload, row).await?;
        return Ok(Live::Existed);
    }
    if !take_intent(connection, &blob.row.object_key).await? {
        return Ok(Live::Overtaken);
    }
    let row = match damage::replace(connection, &blob.row).await? {
        Some(row) => row,
        None => insert(connection, &blob.row).await?,
    };
    pin(connection, &blob.upload, row).await?;
    Ok(Live::Stored)
}

async fn insert(connection: &mut AnyConnection, new: &ChunkRow) -> Result<i64> {
    let row = sqlx::query(
        "INSERT INTO chunks (chunk, raw_len, blob, object_key, stored_len) \
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(new.chunk.as_bytes().as_slice())
    .bind(row::sql(new.raw_len))
    .bind(new.blob.as_bytes().as_slice())
    .bind(&new.object_key)
    .bind(row::sql(new.stored_len))
    .fetch_one(connection)
    .await?;
    row::integer(&row, "id")
}

pub(crate) async fn take_intent(connection: &mut AnyConnection, object_key: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM intents WHERE object_key = $1")
        .bind(object_key)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The row of a chunk and its raw length. One that is damaged is as good as none.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    chunk: &ChunkId,
) -> Result<Option<(i64, u64)>> {
    let row =
        sqlx::query("SELECT id, raw_len FROM chunks WHERE chunk = $1 AND damaged_since IS NULL")
            .bind(chunk.as_bytes().as_slice())
            .fetch_optional(connection)
            .await?;
    row.map(|row| Ok((row::integer(&row, "id")?, row::size(&row, "raw_len")?)))
        .transpose()
}

/// The row of a chunk that an upload's caller may use.
async fn find_for(
    connection: &mut AnyConnection,
    upload: &UploadId,
    visibility: &Visibility,
    chunk: &ChunkRef,
) -> Result<Option<i64>> {
    let Some((row, raw_len)) = find(connection, &chunk.id).await? else {
        return Ok(None);
    };
    if raw_len != chunk.size {
        return Ok(None);
    }
    let pinned = find_pin(connection, upload, row).await?;
    let usable = pinned || is_visible(connection, visibility, row).await?;
    Ok(usable.then_some(row))
}

async fn find_pin(connection: &mut AnyConnection, upload: &UploadId, chunk: i64) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM upload_pins WHERE upload = $1 AND chunk = $2")
        .bind(upload.as_bytes().as_slice())
        .bind(chunk)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// The row of a chunk that an upload holds.
pub(crate) async fn find_pinned(
    connection: &mut AnyConnection,
    upload: &UploadId,
    chunk: &ChunkRef,
) -> Result<Option<i64>> {
    let Some((row, raw_len)) = find(connection, &chunk.id).await? else {
        return Ok(None);
    };
    let pinned = raw_len == chunk.size && find_pin(connection, upload, row).await?;
    Ok(pinned.then_some(row))
}

async fn is_visible(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    chunk: i64,
) -> Result<bool> {
    let query = sqlx::query(concat!(
        "SELECT 1 FROM content_chunks cc JOIN revision_files f ON f.content = cc.content \
         JOIN revisions v ON v.id = f.revision JOIN repositories r ON r.id = v.repository \
         WHERE cc.chunk = $4 AND ",
        visible!(),
        " LIMIT 1"
    ));
    let row = visibility
        .bind(query)
        .bind(chunk)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

async fn pin(connection: &mut AnyConnection, upload: &UploadId, chunk: i64) -> Result<()> {
    sqlx::query("INSERT INTO upload_pins (upload, chunk) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(upload.as_bytes().as_slice())
        .bind(chunk)
        .execute(&mut *connection)
        .await?;
    // Should the upload let it go again, its time begins anew.
    sqlx::query("UPDATE chunks SET unused_since = NULL WHERE id = $1 AND unused_since IS NOT NULL")
        .bind(chunk)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) fn read(row: &AnyRow) -> Result<ChunkRow> {
    Ok(ChunkRow {
        chunk: row::id(row, "chunk", ChunkId::from_slice)?,
        raw_len: row::size(row, "raw_len")?,
        blob: row::id(row, "blob", BlobId::from_slice)?,
        object_key: row::text(row, "object_key")?,
        stored_len: row::size(row, "stored_len")?,
    })
}
