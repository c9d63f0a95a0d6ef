use sheaf_types::revisions::{Ref, RefKind};
use sheaf_types::{RefName, RevisionId};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::records::{self, Change};
use crate::revisions::RevisionRowId;
use crate::{Catalog, Error, RepositoryId, Result, row};

/// A ref and the row of its revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefRow {
    /// Where it points.
    pub revision: RevisionRowId,
    /// What it says.
    pub shown: Ref,
}

/// What a ref must be for a move to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Not there.
    Missing,
    /// Pointing here.
    At(RevisionRowId),
}

/// The refs of repository $1.
macro_rules! of_repository {
    () => {
        "SELECT f.name, f.kind, f.revision AS row, v.revision FROM refs f \
         JOIN revisions v ON v.id = f.revision WHERE f.repository = $1"
    };
}

impl Catalog {
    /// All refs of a repository by name.
    pub async fn list_refs(&self, repository: RepositoryId) -> Result<Vec<Ref>> {
        let rows = sqlx::query(concat!(of_repository!(), " ORDER BY f.name"))
            .bind(repository.0)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| Ok(read(row)?.shown)).collect()
    }

    /// Finds a ref.
    pub async fn find_ref(
        &self,
        repository: RepositoryId,
        name: &RefName,
    ) -> Result<Option<RefRow>> {
        let row = sqlx::query(concat!(of_repository!(), " AND f.name = $2"))
            .bind(repository.0)
            .bind(name.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Makes or moves a ref, if it is what was expected. A ref never changes its kind.
    pub async fn set_ref(
        &self,
        repository: RepositoryId,
        name: &RefName,
        kind: RefKind,
        target: RevisionRowId,
        expected: Expected,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let moved = set(&mut tx, repository, name, kind, target, expected).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Deletes a ref; whether there was one.
    pub async fn delete_ref(&self, repository: RepositoryId, name: &RefName) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM refs WHERE repository = $1 AND name = $2")
            .bind(repository.0)
            .bind(name.as_str())
            .execute(&mut *tx)
            .await?;
        let deleted = done.rows_affected() == 1;
        if deleted {
            records::note(&mut tx, repository, Change::Unset(name)).await?;
        }
        tx.commit().await?;
        Ok(deleted)
    }
}

pub(crate) async fn set(
    connection: &mut AnyConnection,
    repository: RepositoryId,
    name: &RefName,
    kind: RefKind,
    target: RevisionRowId,
    expected: Expected,
) -> Result<bool> {
    let moved = move_from(connection, (repository, name, kind, target), expected).await?;
    if moved {
        records::note(connection, repository, Change::Ref(name, kind, target)).await?;
    }
    Ok(moved)
}

/// Without a word to the object store.
pub(crate) async fn move_from(
    connection: &mut AnyConnection,
    (repository, name, kind, target): (RepositoryId, &RefName, RefKind, RevisionRowId),
    expected: Expected,
) -> Result<bool> {
    let done = match expected {
        Expected::Missing => {
            sqlx::query(
                "INSERT INTO refs (repository, name, kind, revision) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (repository, name) DO NOTHING",
            )
            .bind(repository.0)
            .bind(name.as_str())
            .bind(kind_name(kind))
            .bind(target.0)
            .execute(connection)
            .await?
        }
        Expected::At(now) => {
            sqlx::query(
                "UPDATE refs SET revision = $4 \
                 WHERE repository = $1 AND name = $2 AND kind = $3 AND revision = $5",
            )
            .bind(repository.0)
            .bind(name.as_str())
            .bind(kind_name(kind))
            .bind(target.0)
            .bind(now.0)
            .execute(connection)
            .await?
        }
    };
    Ok(done.rows_affected() == 1)
}

pub(crate) fn kind_name(kind: RefKind) -> &'static str {
    match kind {
        RefKind::Branch => "branch",
        RefKind::Tag => "tag",
    }
}

pub(crate) fn kind_of(name: &str) -> Result<RefKind> {
    match name {
        "branch" => Ok(RefKind::Branch),
        "tag" => Ok(RefKind::Tag),
        _ => Err(Error::Corrupt("kind of ref")),
    }
}

fn read(row: &AnyRow) -> Result<RefRow> {
    let kind = kind_of(&row::text(row, "kind")?)?;
    Ok(RefRow {
        revision: RevisionRowId(row::integer(row, "row")?),
        shown: Ref {
            name: row::parsed(row, "name", "ref name")?,
            kind,
            revision: row::id(row, "revision", RevisionId::from_slice)?,
        },
    })
}
