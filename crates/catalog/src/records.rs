//! Which records the object store has and is to have: noted in the transaction that makes them true.
//!
//! A repository counts its records: each has a higher generation than all before it, also than those of a
//! catalog that was lost or is set back, since it is never below the time. So a record that is written late,
//! or twice, changes nothing.

mod missing;
mod tree;
mod wanted;
mod written;

use jiff::Timestamp;
use sheaf_types::records::{RecordKey, RefHash, Subject};
use sheaf_types::revisions::RefKind;
use sheaf_types::{RefName, RepositoryUid, RevisionId};
use sqlx::AnyConnection;

use crate::refs::kind_name;
use crate::revisions::RevisionRowId;
use crate::{Error, RepositoryId, Result, row};

pub use tree::TreeChunk;
pub(crate) use wanted::write_down;
pub use wanted::{RecordId, Unwanted, Wanted, WantedRecord};
pub use written::{CheckedRecord, WrittenRecord};

/// What of a repository changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// What is said of it.
    Repository,
    /// It is gone.
    Deleted,
    /// A ref was made or moved.
    Ref(&'a RefName, RefKind, RevisionRowId),
    /// A ref is gone.
    Unset(&'a RefName),
    /// A revision appeared.
    Revision(RevisionRowId, RevisionId),
}

impl Change<'_> {
    fn subject(&self) -> Subject {
        match self {
            Self::Repository => Subject::Repository,
            Self::Deleted => Subject::Deleted,
            Self::Ref(name, ..) => Subject::Ref(RefHash::of(name)),
            Self::Unset(name) => Subject::Unset(RefHash::of(name)),
            Self::Revision(_, id) => Subject::Revision(*id),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Deleted => "deleted",
            Self::Ref(_, kind, _) => kind_name(*kind),
            Self::Unset(_) => "unset",
            Self::Revision(..) => "revision",
        }
    }

    /// What records share of which only the newest counts.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Repository | Self::Deleted => Some(""),
            Self::Ref(name, ..) | Self::Unset(name) => Some(name.as_str()),
            Self::Revision(..) => None,
        }
    }

    fn revision(&self) -> Option<i64> {
        match self {
            Self::Ref(_, _, row) | Self::Revision(row, _) => Some(row.0),
            _ => None,
        }
    }
}

/// Notes a record that is to be written.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    repository: RepositoryId,
    change: Change<'_>,
) -> Result<()> {
    let Some((uid, generation)) = next_generation(connection, repository).await? else {
        return Ok(());
    };
    let key = RecordKey {
        uid,
        generation,
        subject: change.subject(),
    };
    insert(connection, Some(repository), &key, change, 0).await
}

/// Notes a record in a state: 0 to be written, 1 written.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    repository: Option<RepositoryId>,
    key: &RecordKey,
    change: Change<'_>,
    state: i64,
) -> Result<()> {
    let row = Row {
        repository,
        kind: change.kind(),
        name: change.name(),
        revision: change.revision(),
        state,
    };
    insert_row(connection, key, row).await
}

/// Notes a record that is in the object store, of which no more is known than its key says.
pub(crate) async fn restore(
    connection: &mut AnyConnection,
    repository: Option<RepositoryId>,
    key: &RecordKey,
    state: i64,
) -> Result<()> {
    let (kind, name) = match key.subject {
        Subject::Repository => ("repository", Some("")),
        Subject::Deleted => ("deleted", Some("")),
        Subject::Ref(_) | Subject::Unset(_) => ("unset", None),
        Subject::Revision(_) => ("revision", None),
    };
    let row = Row {
        repository,
        kind,
        name,
        revision: None,
        state,
    };
    insert_row(connection, key, row).await
}

struct Row<'a> {
    repository: Option<RepositoryId>,
    kind: &'a str,
    name: Option<&'a str>,
    revision: Option<i64>,
    state: i64,
}

async fn insert_row(connection: &mut AnyConnection, key: &RecordKey, row: Row<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO records (object_key, repository, kind, name, revision, generation, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(key.to_string())
    .bind(row.repository.map(|id| id.0))
    .bind(row.kind.to_owned())
    .bind(row.name.map(str::to_owned))
    .bind(row.revision)
    .bind(row::sql(key.generation))
    .bind(row.state)
    .execute(connection)
    .await?;
    Ok(())
}

/// The number of a repository, which it is given when it has none yet, and that of its next record; `None`
/// when it is gone.
async fn next_generation(
    connection: &mut AnyConnection,
    repository: RepositoryId,
) -> Result<Option<(RepositoryUid, u64)>> {
    let mut new = [0; 16];
    getrandom::fill(&mut new).map_err(Error::Random)?;
    let row = sqlx::query(
        "UPDATE repositories SET uid = COALESCE(uid, $2), \
           generation = CASE WHEN generation < $3 THEN $3 ELSE generation + 1 END \
         WHERE id = $1 RETURNING uid, generation",
    )
    .bind(repository.0)
    .bind(new.as_slice())
    .bind(Timestamp::now().as_microsecond())
    .fetch_optional(connection)
    .await?;
    let read = |row| {
        let uid = row::id(&row, "uid", RepositoryUid::from_slice)?;
        Ok((uid, row::size(&row, "generation")?))
    };
    row.map(read).transpose()
}
