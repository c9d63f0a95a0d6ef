//! All of a revision at once, as its record has it.

use sheaf_types::files::ChunkRef;
use sheaf_types::{ChunkId, FilePath};
use sqlx::any::AnyRow;

use crate::revisions::RevisionRowId;
use crate::{Catalog, Result, Scanned, pickles, row};

/// A chunk in a file of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeChunk {
    /// The file.
    pub path: FilePath,
    /// Where in the file it begins.
    pub start: u64,
    /// Which.
    pub chunk: ChunkRef,
}

impl Catalog {
    /// Chunks of all files of a revision, by path and place, behind the last one that was had.
    pub async fn tree_chunks(
        &self,
        revision: RevisionRowId,
        after: Option<&TreeChunk>,
        limit: u32,
    ) -> Result<Vec<TreeChunk>> {
        let (path, start) = match after {
            Some(last) => (last.path.as_str(), row::sql(last.start)),
            None => ("", 0),
        };
        let rows = sqlx::query(
            "SELECT f.path, cc.start, k.chunk, k.raw_len FROM revision_files f \
             JOIN content_chunks cc ON cc.content = f.content JOIN chunks k ON k.id = cc.chunk \
             WHERE f.revision = $1 AND f.path >= $2 AND (f.path > $2 OR cc.start > $3) \
             ORDER BY f.path, cc.start LIMIT CAST($4 AS BIGINT)",
        )
        .bind(revision.0)
        .bind(path)
        .bind(start)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(chunk).collect()
    }

    /// What scans found in files of a revision; nothing of those that were not scanned.
    pub async fn tree_scanned(&self, revision: RevisionRowId) -> Result<Vec<(FilePath, Scanned)>> {
        let rows = sqlx::query(
            "SELECT f.path, p.named, p.scanner, p.verdict FROM revision_files f \
             JOIN pickles p ON p.content = f.content WHERE f.revision = $1",
        )
        .bind(revision.0)
        .fetch_all(&self.read)
        .await?;
        let scanned = |row| Ok((row::parsed(row, "path", "path")?, pickles::read(row)?));
        rows.iter().map(scanned).collect()
    }
}

fn chunk(row: &AnyRow) -> Result<TreeChunk> {
    Ok(TreeChunk {
        path: row::parsed(row, "path", "path")?,
        start: row::size(row, "start")?,
        chunk: ChunkRef {
            id: row::id(row, "chunk", ChunkId::from_slice)?,
            size: row::size(row, "raw_len")?,
        },
    })
}
