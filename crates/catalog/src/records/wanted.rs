//! Records to be written, and to be deleted.

use std::str::FromStr;

use sheaf_types::records::{RecordKey, RefRecord, RepositoryRecord};
use sheaf_types::{RefName, RepositoryName, RevisionId};
use sqlx::any::AnyRow;

use crate::engine::Writer;
use crate::refs::kind_of;
use crate::revisions::RevisionRowId;
use crate::{Catalog, Error, RepositoryId, Result, row};

/// A record that was written.
#[derive(Debug, Clone)]
pub struct RecordId {
    object_key: String,
    repository: RepositoryId,
    name: Option<String>,
    generation: u64,
}

/// A record to be written.
#[derive(Debug, Clone)]
pub struct WantedRecord {
    /// Which row it is.
    pub id: RecordId,
    /// Where it goes.
    pub key: RecordKey,
    /// What it is to say.
    pub wanted: Wanted,
}

/// What a record is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// What is said of the repository.
    Repository(RepositoryRecord),
    /// That the repository is gone.
    Deleted,
    /// Where a ref points.
    Ref(RefRecord),
    /// That a ref is gone.
    Unset(RefName),
    /// What is in a revision, of this repository.
    Revision(RepositoryName, RevisionRowId),
}

/// What [`read_wanted`] needs of records `p`, their repositories `r` and their revisions `v`.
macro_rules! columns {
    () => {
        "p.object_key, p.kind, p.name AS subject, p.revision AS target_row, v.revision AS target, \
         r.name, r.private, r.description, r.created_at"
    };
}

/// Whether no newer record of the same takes the place of `p`.
macro_rules! newest {
    () => {
        "NOT EXISTS (SELECT 1 FROM records n WHERE n.repository = p.repository \
           AND n.name = p.name AND n.generation > p.generation)"
    };
}

pub(crate) use {columns, newest};

/// A record to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwanted {
    /// Where it is.
    pub object_key: String,
}

impl Catalog {
    /// Repositories with records to be written.
    pub async fn unrecorded(&self, limit: u32) -> Result<Vec<RepositoryId>> {
        let rows = sqlx::query(
            "SELECT DISTINCT repository FROM records WHERE state = 0 AND repository IS NOT NULL \
             LIMIT CAST($1 AS BIGINT)",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let id = |row| Ok(RepositoryId(row::integer(row, "repository")?));
        rows.iter().map(id).collect()
    }

    /// Records of a repository to be written, in the order of their generations. Where there is a newer one
    /// of the same, the older is not.
    pub async fn wanted_records(
        &self,
        repository: RepositoryId,
        limit: u32,
    ) -> Result<Vec<WantedRecord>> {
        let rows = sqlx::query(concat!(
            "SELECT p.repository, ",
            columns!(),
            " FROM records p JOIN repositories r ON r.id = p.repository \
             LEFT JOIN revisions v ON v.id = p.revision \
             WHERE p.repository = $1 AND p.state = 0 AND ",
            newest!(),
            " AND (p.kind IN ('repository', 'deleted', 'unset') OR v.id IS NOT NULL) \
             ORDER BY p.generation LIMIT CAST($2 AS BIGINT)",
        ))
        .bind(repository.0)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Notes that a record is written, and durable: those that it replaces are to be deleted.
    pub async fn record_written(&self, record: RecordId) -> Result<()> {
        self.writing_down.submit(record).await
    }

    /// Notes which records nothing needs any more: of revisions and repositories that are gone. That a
    /// repository is gone stays known.
    pub async fn mark_records(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        for sql in [
            "UPDATE records SET state = 2 \
             WHERE revision IS NULL AND kind = 'revision' AND state < 2",
            "UPDATE records SET state = 2 \
             WHERE repository IS NULL AND kind <> 'deleted' AND state < 2",
        ] {
            sqlx::query(sql).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Records to be deleted whose key is behind `after`, in the order of their keys.
    pub async fn unwanted_records(&self, after: &str, limit: u32) -> Result<Vec<Unwanted>> {
        let rows = sqlx::query(
            "SELECT object_key FROM records WHERE state = 2 AND object_key > $1 \
             ORDER BY object_key LIMIT CAST($2 AS BIGINT)",
        )
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let unwanted = |row| {
            Ok(Unwanted {
                object_key: row::text(row, "object_key")?,
            })
        };
        rows.iter().map(unwanted).collect()
    }

    /// Forgets records that are deleted.
    pub async fn forget_records(&self, deleted: &[Unwanted]) -> Result<()> {
        let mut tx = self.begin().await?;
        for record in deleted {
            sqlx::query("DELETE FROM records WHERE object_key = $1 AND state = 2")
                .bind(&record.object_key)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

pub(crate) async fn write_down(writer: Writer, records: Vec<RecordId>) -> Result<Vec<()>> {
    let mut tx = writer.begin().await?;
    for record in &records {
        sqlx::query("UPDATE records SET state = 1 WHERE object_key = $1 AND state = 0")
            .bind(&record.object_key)
            .execute(&mut *tx)
            .await?;
        let Some(name) = &record.name else { continue };
        sqlx::query(
            "UPDATE records SET state = 2 \
             WHERE repository = $1 AND name = $2 AND generation < $3 AND state < 2",
        )
        .bind(record.repository.0)
        .bind(name)
        .bind(row::sql(record.generation))
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(vec![(); records.len()])
}

fn read(row: &AnyRow) -> Result<WantedRecord> {
    let (key, wanted) = read_wanted(row)?;
    Ok(WantedRecord {
        id: RecordId {
            object_key: key.to_string(),
            repository: RepositoryId(row::integer(row, "repository")?),
            name: row::optional_text(row, "subject")?,
            generation: key.generation,
        },
        key,
        wanted,
    })
}

/// Where a record is, and what it is to say.
pub(crate) fn read_wanted(row: &AnyRow) -> Result<(RecordKey, Wanted)> {
    let key = RecordKey::from_str(&row::text(row, "object_key")?);
    let key = key.map_err(|_| Error::Corrupt("key of a record"))?;
    let name = || row::parsed(row, "name", "repository name");
    let subject = || row::parsed(row, "subject", "ref name");
    let kind = row::text(row, "kind")?;
    let wanted = match kind.as_str() {
        "repository" => Wanted::Repository(RepositoryRecord {
            name: name()?,
            private: row::integer(row, "private")? != 0,
            description: row::text(row, "description")?,
            created_at: row::time(row, "created_at")?,
        }),
        "deleted" => Wanted::Deleted,
        "unset" => Wanted::Unset(subject()?),
        "revision" => Wanted::Revision(name()?, RevisionRowId(row::integer(row, "target_row")?)),
        kind => Wanted::Ref(RefRecord {
            repository: name()?,
            name: subject()?,
            kind: kind_of(kind)?,
            revision: row::id(row, "target", RevisionId::from_slice)?,
        }),
    };
    Ok((key, wanted))
}
