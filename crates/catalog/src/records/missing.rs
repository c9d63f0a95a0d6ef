//! Records that should be and are not noted: of a catalog from before there were any, and of what servers of
//! an older version do while they run beside newer ones.

use sheaf_types::RevisionId;
use sqlx::any::AnyRow;

use super::{Change, note};
use crate::refs::kind_of;
use crate::revisions::RevisionRowId;
use crate::{Catalog, RepositoryId, Result, row};

/// Records that are noted in one transaction.
const AT_ONCE: i64 = 500;

/// In this order, so that a revision's record is older than those of its children and of its refs.
const MISSING: [&str; 5] = [
    "SELECT r.id, 'repository' AS kind FROM repositories r WHERE r.deleted = 0 AND NOT EXISTS \
       (SELECT 1 FROM records p WHERE p.repository = r.id AND p.name = '') \
     ORDER BY r.id LIMIT CAST($1 AS BIGINT)",
    "SELECT v.repository AS id, 'revision' AS kind, v.id AS target_row, v.revision AS target \
     FROM revisions v JOIN repositories r ON r.id = v.repository \
     WHERE r.deleted = 0 AND NOT EXISTS \
       (SELECT 1 FROM records p WHERE p.revision = v.id AND p.kind = 'revision') \
     ORDER BY v.id LIMIT CAST($1 AS BIGINT)",
    "SELECT f.repository AS id, f.kind, f.name, f.revision AS target_row FROM refs f \
     JOIN revisions v ON v.id = f.revision WHERE NOT EXISTS (SELECT 1 FROM records p WHERE p.repository = f.repository \
       AND p.name = f.name AND p.revision = f.revision AND p.state < 2) \
     ORDER BY f.repository, f.name LIMIT CAST($1 AS BIGINT)",
    "SELECT p.repository AS id, 'unset' AS kind, p.name FROM records p \
     JOIN repositories r ON r.id = p.repository \
     WHERE r.deleted = 0 AND p.kind IN ('branch', 'tag') AND p.state < 2 \
       AND NOT EXISTS (SELECT 1 FROM refs f WHERE f.repository = p.repository AND f.name = p.name) \
       AND NOT EXISTS (SELECT 1 FROM records n WHERE n.repository = p.repository \
         AND n.name = p.name AND n.generation > p.generation) LIMIT CAST($1 AS BIGINT)",
    "SELECT r.id, 'deleted' AS kind FROM repositories r WHERE r.deleted = 1 AND NOT EXISTS \
       (SELECT 1 FROM records p WHERE p.repository = r.id AND p.kind = 'deleted') \
     LIMIT CAST($1 AS BIGINT)",
];

impl Catalog {
    /// Notes some of the records that are missing; whether there may be more.
    pub async fn note_missing_records(&self) -> Result<bool> {
        for sql in MISSING {
            // Most often there is none, and nobody is kept from writing.
            let none = sqlx::query(sql).bind(1i64).fetch_optional(&self.read);
            if none.await?.is_none() {
                continue;
            }
            let mut tx = self.begin().await?;
            let rows = sqlx::query(sql).bind(AT_ONCE).fetch_all(&mut *tx).await?;
            for row in &rows {
                note_row(&mut tx, row).await?;
            }
            tx.commit().await?;
            return Ok(true);
        }
        Ok(false)
    }
}

async fn note_row(connection: &mut sqlx::AnyConnection, row: &AnyRow) -> Result<()> {
    let repository = RepositoryId(row::integer(row, "id")?);
    let target = || row::integer(row, "target_row").map(RevisionRowId);
    let name = || row::parsed(row, "name", "ref name");
    match row::text(row, "kind")?.as_str() {
        "repository" => note(connection, repository, Change::Repository).await,
        "deleted" => note(connection, repository, Change::Deleted).await,
        "unset" => note(connection, repository, Change::Unset(&name()?)).await,
        "revision" => {
            let id = row::id(row, "target", RevisionId::from_slice)?;
            note(connection, repository, Change::Revision(target()?, id)).await
        }
        kind => {
            let (name, kind) = (name()?, kind_of(kind)?);
            note(connection, repository, Change::Ref(&name, kind, target()?)).await
        }
    }
}
