use std::ops::AddAssign;

use jiff::Timestamp;
use sheaf_types::RepositoryName;
use sheaf_types::repositories::{NewRepository, Repository, RepositoryChange};
use sqlx::any::AnyRow;

use crate::records::{self, Change};
use crate::visibility::visible;
use crate::{Catalog, Result, Visibility, row};

/// Files of deleted repositories that go in one transaction.
const PURGED_AT_ONCE: i64 = 10_000;

/// What [`read`] needs of a repository.
macro_rules! columns {
    () => {
        "id, name, private, description, created_at, updated_at"
    };
}

/// A repository's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryId(pub(crate) i64);

/// A repository and its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRow {
    /// The row.
    pub id: RepositoryId,
    /// What it holds.
    pub repository: Repository,
}

/// What went out to readers of a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Raw bytes of the files.
    pub raw_bytes: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Raw bytes of the chunks for whose blobs addresses in the bucket were given.
    pub direct_raw_bytes: u64,
    /// Bytes of those blobs.
    pub direct_wire_bytes: u64,
}

impl AddAssign for Sent {
    fn add_assign(&mut self, more: Self) {
        self.raw_bytes += more.raw_bytes;
        self.wire_bytes += more.wire_bytes;
        self.direct_raw_bytes += more.direct_raw_bytes;
        self.direct_wire_bytes += more.direct_wire_bytes;
    }
}

impl Catalog {
    /// Finds a repository, whoever asks.
    pub async fn find_repository(&self, name: &RepositoryName) -> Result<Option<RepositoryRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM repositories WHERE key = $1"
        ))
        .bind(name.key())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// Makes a repository; `None` when there is one of that name.
    pub async fn create_repository(
        &self,
        new: &NewRepository,
        now: Timestamp,
    ) -> Result<Option<RepositoryRow>> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(concat!(
            "INSERT INTO repositories \
             (key, namespace, name, private, description, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (key) DO NOTHING RETURNING ",
            columns!(),
        ))
        .bind(new.name.key())
        .bind(new.name.namespace().to_ascii_lowercase())
        .bind(new.name.to_string())
        .bind(i64::from(new.private))
        .bind(&new.description)
        .bind(now.as_microsecond())
        .fetch_optional(&mut *tx)
        .await?;
        let made = row.as_ref().map(read).transpose()?;
        if let Some(made) = &made {
            records::note(&mut tx, made.id, Change::Repository).await?;
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Those that are visible and whose name holds `search`, behind `after`, in the order of their
    /// keys.
    pub async fn list_repositories(
        &self,
        visibility: &Visibility,
        search: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Repository>> {
        if search.contains('\0') {
            return Ok(Vec::new());
        }
        let query = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM repositories r WHERE ",
            visible!(),
            " AND r.key > $4 AND r.key LIKE $5 ESCAPE '!' ORDER BY r.key LIMIT CAST($6 AS BIGINT)"
        ));
        let rows = visibility
            .bind(query)
            .bind(row::before_nul(after))
            .bind(format!("%{}%", escape_like(&search.to_ascii_lowercase())))
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| Ok(read(row)?.repository)).collect()
    }

    /// Changes what the change names; `None` when the repository is gone.
    pub async fn change_repository(
        &self,
        id: RepositoryId,
        change: &RepositoryChange,
    ) -> Result<Option<RepositoryRow>> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(concat!(
            "UPDATE repositories SET private = COALESCE($2, private), \
             description = COALESCE($3, description) WHERE id = $1 RETURNING ",
            columns!(),
        ))
        .bind(id.0)
        .bind(change.private.map(i64::from))
        .bind(change.description.clone())
        .fetch_optional(&mut *tx)
        .await?;
        let changed = row.as_ref().map(read).transpose()?;
        if changed.is_some() {
            records::note(&mut tx, id, Change::Repository).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Deletes a repository: from now on it is gone for everybody, with its refs and uploads, and its
    /// name is free. [`Catalog::purge_deleted`] takes its other rows. Chunks stay until collected.
    pub async fn delete_repository(&self, id: RepositoryId) -> Result<()> {
        let mut tx = self.begin().await?;
        for sql in [
            "DELETE FROM refs WHERE repository = $1",
            "UPDATE records SET state = 2 WHERE repository = $1 AND state = 0",
            "DELETE FROM uploads WHERE repository = $1",
            "UPDATE repositories SET deleted = 1, private = 1, \
             key = 'deleted ' || CAST(id AS TEXT), namespace = '' WHERE id = $1",
        ] {
            sqlx::query(sql).bind(id.0).execute(&mut *tx).await?;
        }
        records::note(&mut tx, id, Change::Deleted).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes some rows of repositories that were deleted; whether there may be more. In one piece it
    /// would keep all others from writing for as long as it takes.
    pub async fn purge_deleted(&self) -> Result<bool> {
        let mut tx = self.begin().await?;
        let files = sqlx::query(
            "DELETE FROM revision_files WHERE (revision, path) IN ( \
               SELECT f.revision, f.path FROM repositories r \
               JOIN revisions v ON v.repository = r.id \
               JOIN revision_files f ON f.revision = v.id \
               WHERE r.deleted = 1 LIMIT CAST($1 AS BIGINT))",
        )
        .bind(PURGED_AT_ONCE)
        .execute(&mut *tx)
        .await?;
        let more = files.rows_affected() > 0;
        if !more {
            // Not before it is known outside that the repository is gone.
            sqlx::query(
                "DELETE FROM repositories WHERE deleted = 1 AND NOT EXISTS \
                   (SELECT 1 FROM records p WHERE p.repository = repositories.id AND p.state = 0)",
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(more)
    }

    /// Adds to what was sent. Repositories that are gone are passed over.
    pub async fn add_sent(&self, sent: &[(RepositoryId, Sent)]) -> Result<()> {
        let mut tx = self.begin().await?;
        for (id, sent) in sent {
            sqlx::query(
                "UPDATE repositories SET sent_raw = sent_raw + $2, sent_wire = sent_wire + $3, \
                   direct_raw = direct_raw + $4, direct_wire = direct_wire + $5 WHERE id = $1",
            )
            .bind(id.0)
            .bind(row::sql(sent.raw_bytes))
            .bind(row::sql(sent.wire_bytes))
            .bind(row::sql(sent.direct_raw_bytes))
            .bind(row::sql(sent.direct_wire_bytes))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn escape_like(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}

fn read(row: &AnyRow) -> Result<RepositoryRow> {
    Ok(RepositoryRow {
        id: RepositoryId(row::integer(row, "id")?),
        repository: Repository {
            name: row::parsed(row, "name", "repository name")?,
            private: row::integer(row, "private")? != 0,
            description: row::text(row, "description")?,
            created_at: row::time(row, "created_at")?,
            updated_at: row::time(row, "updated_at")?,
        },
    })
}
