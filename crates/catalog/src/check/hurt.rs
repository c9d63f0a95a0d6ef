//! Which files a fault hurts.

use std::collections::BTreeMap;

use sheaf_types::check::HurtFile;
use sheaf_types::{FilePath, RepositoryName, RevisionId};
use sqlx::any::AnyRow;

use crate::contents::ContentId;
use crate::{Catalog, Result, row};

/// Rows that are looked at: a chunk may be in very many files.
const LOOKED_AT: i64 = 10_000;

/// Files that a fault hurts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hurt {
    /// The first of them, each once.
    pub files: Vec<HurtFile>,
    /// How many there are beside those.
    pub more: u64,
}

/// Files of revisions, those that a ref points to first. Ends where a condition follows.
macro_rules! files {
    () => {
        "SELECT r.name, v.revision, f.path, b.name AS ref FROM revision_files f \
         JOIN revisions v ON v.id = f.revision \
         JOIN repositories r ON r.id = v.repository AND r.deleted = 0 \
         LEFT JOIN refs b ON b.revision = v.id WHERE "
    };
}

macro_rules! in_order {
    () => {
        " ORDER BY CASE WHEN b.name IS NULL THEN 1 ELSE 0 END, r.name, f.path, b.name, v.id \
          LIMIT CAST($2 AS BIGINT)"
    };
}

impl Catalog {
    /// The files that have a chunk; the first `shown` of them by name.
    pub async fn hurt_by_object(&self, object_key: &str, shown: usize) -> Result<Hurt> {
        let rows = sqlx::query(concat!(
            files!(),
            "f.content IN (SELECT cc.content FROM content_chunks cc \
               JOIN chunks k ON k.id = cc.chunk WHERE k.object_key = $1)",
            in_order!()
        ))
        .bind(object_key)
        .bind(LOOKED_AT)
        .fetch_all(&self.read)
        .await?;
        hurt(&rows, shown)
    }

    /// The files that have these bytes; the first `shown` of them by name.
    pub async fn hurt_by_content(&self, content: ContentId, shown: usize) -> Result<Hurt> {
        let rows = sqlx::query(concat!(files!(), "f.content = $1", in_order!()))
            .bind(content.0)
            .bind(LOOKED_AT)
            .fetch_all(&self.read)
            .await?;
        hurt(&rows, shown)
    }
}

fn hurt(rows: &[AnyRow], shown: usize) -> Result<Hurt> {
    let mut found: BTreeMap<(RepositoryName, FilePath), String> = BTreeMap::new();
    for row in rows {
        let repository = row::parsed(row, "name", "name of a repository")?;
        let file = (repository, row::parsed(row, "path", "path")?);
        let reference = match row::optional_text(row, "ref")? {
            Some(name) => name,
            None => row::id(row, "revision", RevisionId::from_slice)?.to_string(),
        };
        // A ref comes before a revision that only history has.
        found.entry(file).or_insert(reference);
    }
    let more = found.len().saturating_sub(shown) as u64;
    let files = found.into_iter().take(shown);
    let files = files.map(|((repository, path), reference)| HurtFile {
        repository,
        reference,
        path,
    });
    Ok(Hurt {
        files: files.collect(),
        more,
    })
}
