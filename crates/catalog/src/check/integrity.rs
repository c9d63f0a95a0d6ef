//! Whether the database is whole, and its rows point to rows that are there.

use crate::engine::Engine;
use crate::{Catalog, Result, row};

/// Faults of the database file that are told.
const TOLD: usize = 20;

/// What must not be found: what that would be, and a query that counts it. Both databases enforce most of
/// it, unless somebody has told them not to.
const CONTRADICTIONS: &[(&str, &str)] = &[
    (
        "files have chunks that are not there",
        "SELECT COUNT(*) AS rows FROM content_chunks t \
         WHERE NOT EXISTS (SELECT 1 FROM chunks p WHERE p.id = t.chunk)",
    ),
    (
        "chunks are listed for files that are not there",
        "SELECT COUNT(*) AS rows FROM content_chunks t \
         WHERE NOT EXISTS (SELECT 1 FROM contents p WHERE p.id = t.content)",
    ),
    (
        "paths of revisions have no bytes",
        "SELECT COUNT(*) AS rows FROM revision_files t \
         WHERE NOT EXISTS (SELECT 1 FROM contents p WHERE p.id = t.content)",
    ),
    (
        "paths are of revisions that are not there",
        "SELECT COUNT(*) AS rows FROM revision_files t \
         WHERE NOT EXISTS (SELECT 1 FROM revisions p WHERE p.id = t.revision)",
    ),
    (
        "revisions are of repositories that are not there",
        "SELECT COUNT(*) AS rows FROM revisions t \
         WHERE NOT EXISTS (SELECT 1 FROM repositories p WHERE p.id = t.repository)",
    ),
    (
        "revisions have a parent that is not there, or is of another repository",
        "SELECT COUNT(*) AS rows FROM revisions t WHERE t.parent IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM revisions p WHERE p.id = t.parent AND p.repository = t.repository)",
    ),
    (
        "branches or tags point to revisions that are not there, or of another repository",
        "SELECT COUNT(*) AS rows FROM refs t WHERE NOT EXISTS \
         (SELECT 1 FROM revisions p WHERE p.id = t.revision AND p.repository = t.repository)",
    ),
    (
        "branches or tags are of repositories that are not there",
        "SELECT COUNT(*) AS rows FROM refs t \
         WHERE NOT EXISTS (SELECT 1 FROM repositories p WHERE p.id = t.repository)",
    ),
    (
        "uploads are to repositories that are not there",
        "SELECT COUNT(*) AS rows FROM uploads t \
         WHERE NOT EXISTS (SELECT 1 FROM repositories p WHERE p.id = t.repository)",
    ),
    (
        "uploads hold chunks that are not there",
        "SELECT COUNT(*) AS rows FROM upload_pins t \
         WHERE NOT EXISTS (SELECT 1 FROM chunks p WHERE p.id = t.chunk)",
    ),
    (
        "objects are to be deleted that chunks need",
        "SELECT COUNT(*) AS rows FROM garbage t \
         WHERE EXISTS (SELECT 1 FROM chunks p WHERE p.object_key = t.object_key)",
    ),
    (
        "objects that chunks need are taken for writes under way",
        "SELECT COUNT(*) AS rows FROM intents t \
         WHERE EXISTS (SELECT 1 FROM chunks p WHERE p.object_key = t.object_key)",
    ),
];

impl Catalog {
    /// What is wrong with the database as such, each in a sentence.
    pub async fn contradictions(&self) -> Result<Vec<String>> {
        let mut found = self.file_faults().await?;
        for (what, query) in CONTRADICTIONS {
            let count = sqlx::query(*query).fetch_one(&self.read).await?;
            let count = row::size(&count, "rows")?;
            if count > 0 {
                found.push(format!("{what}: {count}"));
            }
        }
        Ok(found)
    }

    /// What SQLite says of its file. Postgres looks after its own.
    async fn file_faults(&self) -> Result<Vec<String>> {
        if self.engine() != Engine::Sqlite {
            return Ok(Vec::new());
        }
        let rows = sqlx::query("PRAGMA integrity_check(20)")
            .fetch_all(&self.read)
            .await?;
        let said = rows.iter().map(|row| row::text(row, "integrity_check"));
        let said = said.filter(|said| !matches!(said, Ok(said) if said == "ok"));
        said.take(TOLD)
            .map(|said| Ok(format!("the database file is damaged: {}", said?)))
            .collect()
    }
}
