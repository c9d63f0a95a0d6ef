//! Revisions in the order of their rows.

use sheaf_types::RepositoryName;

use super::Checked;
use crate::revisions::{self, RevisionRow, RevisionRowId};
use crate::{Catalog, RepositoryId, Result, row};

impl Catalog {
    /// Revisions whose row's number is above `after`, each with its repository's name, in the order of
    /// their rows; of one repository, or all. Those of deleted ones are on their way out, and are not
    /// among them.
    pub async fn revisions_after(
        &self,
        after: i64,
        of: Option<RepositoryId>,
        limit: u32,
    ) -> Result<Vec<Checked<(RepositoryName, RevisionRow)>>> {
        let rows = sqlx::query(concat!(
            "SELECT r.name, ",
            revisions::columns!(),
            " FROM revisions v LEFT JOIN revisions p ON p.id = v.parent \
             JOIN repositories r ON r.id = v.repository AND r.deleted = 0 \
             WHERE v.id > $1 AND (CAST($2 AS BIGINT) = 0 OR v.repository = CAST($2 AS BIGINT)) \
             ORDER BY v.id LIMIT CAST($3 AS BIGINT)"
        ))
        .bind(after)
        .bind(of.map_or(0, |of| of.0))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let checked = rows.iter().map(|row| {
            let read = || {
                let name = row::parsed(row, "name", "name of a repository")?;
                Ok((name, revisions::read(row)?))
            };
            Ok(Checked {
                number: row::integer(row, "id")?,
                row: read(),
            })
        });
        checked.collect()
    }

    /// Whether a revision is there, in a repository that is not deleted. Its files never change while it
    /// is.
    pub async fn has_revision(&self, revision: RevisionRowId) -> Result<bool> {
        let row = sqlx::query(
            "SELECT 1 FROM revisions v JOIN repositories r ON r.id = v.repository \
             WHERE v.id = $1 AND r.deleted = 0",
        )
        .bind(revision.0)
        .fetch_optional(&self.read)
        .await?;
        Ok(row.is_some())
    }
}
