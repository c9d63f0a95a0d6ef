//! The files of a revision and the chunks of a file.

use sheaf_types::revisions::TreeEntry;
use sheaf_types::{FilePath, Sha256};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::chunks::{self, ChunkRow};
use crate::commits::NewFile;
use crate::near_lossless::NearLosslessId;
use crate::revisions::RevisionRowId;
use crate::{Catalog, Result, row};

/// Files of a revision that are read at once.
const FILES_AT_ONCE: u32 = 10_000;

/// The row of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentId(pub(crate) i64);

/// A file of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its bytes.
    pub content: ContentId,
    /// What was done to it before it was pushed, if anything was.
    pub near_lossless: Option<NearLosslessId>,
    /// What is shown of it.
    pub entry: TreeEntry,
}

impl Catalog {
    /// Files of a revision whose path begins with `prefix`, behind `after`, in the order of their
    /// paths.
    pub async fn files(
        &self,
        revision: RevisionRowId,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<FileRow>> {
        if prefix.contains('\0') {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "SELECT f.path, f.content, f.near_lossless, n.bits, c.size, c.sha256 \
             FROM revision_files f JOIN contents c ON c.id = f.content \
             LEFT JOIN near_lossless n ON n.id = f.near_lossless \
             WHERE f.revision = $1 AND f.path > $2 AND SUBSTR(f.path, 1, LENGTH($3)) = $3 \
             ORDER BY f.path LIMIT CAST($4 AS BIGINT)",
        )
        .bind(revision.0)
        .bind(row::before_nul(after))
        .bind(prefix)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }

    /// All files of a revision in the order of their paths.
    pub async fn all_files(&self, revision: RevisionRowId) -> Result<Vec<FileRow>> {
        let mut files: Vec<FileRow> = Vec::new();
        loop {
            let after = files.last().map(|file| file.entry.path.to_string());
            let after = after.unwrap_or_default();
            let more = self.files(revision, "", &after, FILES_AT_ONCE).await?;
            let last = more.len() < FILES_AT_ONCE as usize;
            files.extend(more);
            if last {
                return Ok(files);
            }
        }
    }

    /// A file of a revision.
    pub async fn file(&self, revision: RevisionRowId, path: &FilePath) -> Result<Option<FileRow>> {
        let row = sqlx::query(
            "SELECT f.path, f.content, f.near_lossless, n.bits, c.size, c.sha256 \
             FROM revision_files f JOIN contents c ON c.id = f.content \
             LEFT JOIN near_lossless n ON n.id = f.near_lossless \
             WHERE f.revision = $1 AND f.path = $2",
        )
        .bind(revision.0)
        .bind(path.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// Chunks of a file in order, each with where it begins: from the one that holds byte `from`,
    /// those that begin before `end`, at most `limit`.
    pub async fn content_chunks(
        &self,
        content: ContentId,
        from: u64,
        end: u64,
        limit: u32,
    ) -> Result<Vec<(u64, ChunkRow)>> {
        let rows = sqlx::query(concat!(
            "SELECT cc.start, ",
            chunks::columns!(),
            " FROM content_chunks cc JOIN chunks k ON k.id = cc.chunk \
             WHERE cc.content = $1 AND cc.start < $3 AND cc.start >= COALESCE( \
               (SELECT MAX(b.start) FROM content_chunks b WHERE b.content = $1 AND b.start <= $2), \
               0) \
             ORDER BY cc.start LIMIT CAST($4 AS BIGINT)",
        ))
        .bind(content.0)
        .bind(row::sql(from))
        .bind(row::sql(end))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| Ok((row::size(row, "start")?, chunks::read(row)?)))
            .collect()
    }

    /// Bytes that were found to have this SHA-256 and are put together of these chunks.
    pub async fn find_content(&self, sha256: &Sha256, list: &[u8; 32]) -> Result<bool> {
        let mut connection = self.read.acquire().await?;
        let found = find(&mut connection, sha256, list).await?;
        Ok(found.is_some())
    }
}

/// The row of bytes that were found to have this SHA-256 and are put together of these chunks.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    sha256: &Sha256,
    list: &[u8; 32],
) -> Result<Option<ContentId>> {
    let row = sqlx::query("SELECT id FROM contents WHERE sha256 = $1 AND list = $2")
        .bind(sha256.as_bytes().as_slice())
        .bind(list.as_slice())
        .fetch_optional(connection)
        .await?;
    row.map(|row| row::integer(&row, "id").map(ContentId))
        .transpose()
}

/// Makes the row of bytes that are put together of these chunks, given by their rows.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    file: &NewFile,
    rows: &[i64],
) -> Result<ContentId> {
    let row =
        sqlx::query("INSERT INTO contents (sha256, list, size) VALUES ($1, $2, $3) RETURNING id")
            .bind(file.sha256.as_bytes().as_slice())
            .bind(file.list.as_slice())
            .bind(row::sql(file.size))
            .fetch_one(&mut *connection)
            .await?;
    let content = row::integer(&row, "id")?;
    let mut start = 0;
    for (chunk, row) in file.chunks.iter().zip(rows) {
        sqlx::query("INSERT INTO content_chunks (content, start, chunk) VALUES ($1, $2, $3)")
            .bind(content)
            .bind(row::sql(start))
            .bind(row)
            .execute(&mut *connection)
            .await?;
        start += chunk.size;
    }
    Ok(ContentId(content))
}

fn read(row: &AnyRow) -> Result<FileRow> {
    Ok(FileRow {
        content: ContentId(row::integer(row, "content")?),
        near_lossless: row::optional(row, "near_lossless")?.map(NearLosslessId),
        entry: TreeEntry {
            path: row::parsed(row, "path", "path")?,
            size: row::size(row, "size")?,
            sha256: row::id(row, "sha256", Sha256::from_slice)?,
            near_lossless_bits: row::optional_bits(row, "bits")?,
            pickles: None,
        },
    })
}
