use sheaf_types::RevisionId;
use sheaf_types::revisions::Revision;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::{Catalog, RepositoryId, Result, row};

/// What [`read`] needs of revisions `v` and their parents `p`.
macro_rules! columns {
    () => {
        "v.id, v.revision, v.message, v.created_at, v.files, v.bytes, p.revision AS parent_id"
    };
}

pub(crate) use columns;

/// A revision's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RevisionRowId(pub(crate) i64);

/// A revision and its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// The row.
    pub id: RevisionRowId,
    /// What it says.
    pub revision: Revision,
}

impl Catalog {
    /// Finds a revision of a repository by its id.
    pub async fn find_revision(
        &self,
        repository: RepositoryId,
        id: &RevisionId,
    ) -> Result<Option<RevisionRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM revisions v \
             LEFT JOIN revisions p ON p.id = v.parent WHERE v.repository = $1 AND v.revision = $2",
        ))
        .bind(repository.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// A revision of which the row is known; `None` when it is gone.
    pub async fn revision(&self, id: RevisionRowId) -> Result<Option<RevisionRow>> {
        Ok(self.history(id, 1).await?.pop())
    }

    /// A revision and those before it, newest first.
    pub async fn history(&self, from: RevisionRowId, limit: u32) -> Result<Vec<RevisionRow>> {
        let rows = sqlx::query(concat!(
            "WITH RECURSIVE line (id, depth) AS ( \
               SELECT CAST($1 AS BIGINT), 0 \
               UNION ALL SELECT v.parent, line.depth + 1 FROM line \
                 JOIN revisions v ON v.id = line.id \
                 WHERE v.parent IS NOT NULL AND line.depth + 1 < CAST($2 AS BIGINT)) \
             SELECT ",
            columns!(),
            " FROM line JOIN revisions v ON v.id = line.id \
             LEFT JOIN revisions p ON p.id = v.parent ORDER BY line.depth",
        ))
        .bind(from.0)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }
}

/// Needs the parent's id beside the row's own columns.
pub(crate) fn read(row: &AnyRow) -> Result<RevisionRow> {
    let parent: Option<Vec<u8>> = row.try_get("parent_id")?;
    let parent = parent.map(|bytes| RevisionId::from_slice(&bytes));
    Ok(RevisionRow {
        id: RevisionRowId(row::integer(row, "id")?),
        revision: Revision {
            id: row::id(row, "revision", RevisionId::from_slice)?,
            parent: parent
                .transpose()
                .map_err(|_| crate::Error::Corrupt("id"))?,
            message: row::text(row, "message")?,
            created_at: row::time(row, "created_at")?,
            files: row::size(row, "files")?,
            bytes: row::size(row, "bytes")?,
        },
    })
}
