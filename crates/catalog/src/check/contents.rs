//! Files' bytes in the order of their rows.

use sheaf_types::files::ChunkRef;
use sheaf_types::{ChunkId, Sha256};
use sqlx::any::AnyRow;

use super::Checked;
use crate::contents::ContentId;
use crate::{Catalog, RepositoryId, Result, row};

/// Chunks of which rows are read at once.
const CHUNKS_AT_ONCE: i64 = 10_000;

/// A file's bytes, as the catalog knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedContent {
    /// The row.
    pub id: ContentId,
    /// What they were found to have.
    pub sha256: Sha256,
    /// The hash of the list of chunks.
    pub list: Vec<u8>,
    /// How many they are.
    pub size: u64,
}

impl Catalog {
    /// Files' bytes whose row's number is above `after`, in the order of those; of one repository, or all.
    pub async fn contents_after(
        &self,
        after: i64,
        of: Option<RepositoryId>,
        limit: u32,
    ) -> Result<Vec<Checked<CheckedContent>>> {
        let rows = sqlx::query(
            "SELECT c.id, c.sha256, c.list, c.size FROM contents c \
             WHERE c.id > $1 AND (CAST($2 AS BIGINT) = 0 OR EXISTS \
               (SELECT 1 FROM revision_files f JOIN revisions v ON v.id = f.revision \
                WHERE f.content = c.id AND v.repository = CAST($2 AS BIGINT))) \
             ORDER BY c.id LIMIT CAST($3 AS BIGINT)",
        )
        .bind(after)
        .bind(of.map_or(0, |of| of.0))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let checked = rows.iter().map(|row| {
            Ok(Checked {
                number: row::integer(row, "id")?,
                row: read(row),
            })
        });
        checked.collect()
    }

    /// A file's chunks in their order, each with where it is said to begin. They never change while the
    /// row of the file's bytes is there: see [`Catalog::has_content`].
    pub async fn list_of(&self, content: ContentId) -> Result<Vec<(u64, ChunkRef)>> {
        let mut list = Vec::new();
        let mut after = -1;
        loop {
            let rows = sqlx::query(
                "SELECT cc.start, k.chunk, k.raw_len FROM content_chunks cc \
                 JOIN chunks k ON k.id = cc.chunk WHERE cc.content = $1 AND cc.start > $2 \
                 ORDER BY cc.start LIMIT CAST($3 AS BIGINT)",
            )
            .bind(content.0)
            .bind(after)
            .bind(CHUNKS_AT_ONCE)
            .fetch_all(&self.read)
            .await?;
            for row in &rows {
                after = row::integer(row, "start")?;
                list.push(placed(row)?);
            }
            if (rows.len() as i64) < CHUNKS_AT_ONCE {
                return Ok(list);
            }
        }
    }

    /// Whether the row of a file's bytes is there.
    pub async fn has_content(&self, content: ContentId) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM contents WHERE id = $1")
            .bind(content.0)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }
}

fn read(row: &AnyRow) -> Result<CheckedContent> {
    Ok(CheckedContent {
        id: ContentId(row::integer(row, "id")?),
        sha256: row::id(row, "sha256", Sha256::from_slice)?,
        list: row::bytes(row, "list")?,
        size: row::size(row, "size")?,
    })
}

fn placed(row: &AnyRow) -> Result<(u64, ChunkRef)> {
    let chunk = ChunkRef {
        id: row::id(row, "chunk", ChunkId::from_slice)?,
        size: row::size(row, "raw_len")?,
    };
    Ok((row::size(row, "start")?, chunk))
}
