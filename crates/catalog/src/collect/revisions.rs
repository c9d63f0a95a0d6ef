//! Revisions that no ref reaches, and the files that only they had.

use jiff::Timestamp;
use sheaf_types::{RepositoryName, RevisionId};

use super::reached;
use crate::{Catalog, Result, row};

/// Revisions that go in one transaction, each with all its files.
const REVISIONS_AT_ONCE: i64 = 20;
/// Files' bytes that go in one transaction, each with its list of chunks.
const CONTENTS_AT_ONCE: i64 = 50;

/// A revision that no ref reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// Of which repository.
    pub repository: RepositoryName,
    /// Which.
    pub revision: RevisionId,
    /// Since when, if that was noted already.
    pub since: Option<Timestamp>,
}

impl Catalog {
    /// Notes which revisions no ref reaches, and forgets it of those that one reaches again.
    pub async fn mark_revisions(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(concat!(
            reached!(),
            "UPDATE revisions SET unreachable_since = $1 \
             WHERE unreachable_since IS NULL AND id NOT IN (SELECT id FROM reached)"
        ))
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
        sqlx::query(concat!(
            reached!(),
            "UPDATE revisions SET unreachable_since = NULL \
             WHERE unreachable_since IS NOT NULL AND id IN (SELECT id FROM reached)"
        ))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes some revisions that no ref has reached since a time; how many. None is taken before its
    /// children, so that ask again until there are none.
    pub async fn collect_revisions(&self, since: Timestamp) -> Result<u64> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "DELETE FROM revisions WHERE id IN ( \
               SELECT v.id FROM revisions v WHERE v.unreachable_since <= $1 \
                 AND NOT EXISTS (SELECT 1 FROM refs f WHERE f.revision = v.id) \
                 AND NOT EXISTS (SELECT 1 FROM revisions c WHERE c.parent = v.id) \
               LIMIT CAST($2 AS BIGINT))",
        )
        .bind(since.as_microsecond())
        .bind(REVISIONS_AT_ONCE)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    /// Takes files' bytes that are in no revision, and what was noted of such files. Only the lists go:
    /// chunks are noted and taken for themselves.
    pub async fn collect_contents(&self) -> Result<()> {
        let mut after = 0;
        while let Some(last) = self.collect_contents_after(after).await? {
            after = last;
        }
        let mut tx = self.begin().await?;
        sqlx::query(
            "DELETE FROM near_lossless WHERE NOT EXISTS \
               (SELECT 1 FROM revision_files f WHERE f.near_lossless = near_lossless.id)",
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes some, by number; the last number that was looked at, if there was one.
    async fn collect_contents_after(&self, after: i64) -> Result<Option<i64>> {
        let found = sqlx::query(
            "SELECT c.id FROM contents c WHERE c.id > $1 AND NOT EXISTS \
               (SELECT 1 FROM revision_files f WHERE f.content = c.id) \
             ORDER BY c.id LIMIT CAST($2 AS BIGINT)",
        )
        .bind(after)
        .bind(CONTENTS_AT_ONCE)
        .fetch_all(&self.read)
        .await?;
        let ids = found.iter().map(|found| row::integer(found, "id"));
        let ids = ids.collect::<Result<Vec<_>>>()?;
        if ids.is_empty() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        for id in &ids {
            sqlx::query(
                "DELETE FROM contents WHERE id = $1 AND NOT EXISTS \
                   (SELECT 1 FROM revision_files f WHERE f.content = contents.id)",
            )
            .bind(id)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(ids.last().copied())
    }

    /// How many revisions no ref has reached since a time; what is not noted yet is so since now.
    pub async fn due_revisions(&self, since: Timestamp, now: Timestamp) -> Result<u64> {
        let count = sqlx::query(concat!(
            reached!(),
            "SELECT COUNT(*) AS rows FROM revisions v WHERE v.id NOT IN (SELECT id FROM reached) \
             AND COALESCE(v.unreachable_since, CAST($1 AS BIGINT)) <= CAST($2 AS BIGINT)"
        ))
        .bind(now.as_microsecond())
        .bind(since.as_microsecond())
        .fetch_one(&self.read)
        .await?;
        row::size(&count, "rows")
    }

    /// How many revisions no ref reaches, and the first of them.
    pub async fn unreachable(&self, limit: u32) -> Result<(u64, Vec<Unreachable>)> {
        let count = sqlx::query(concat!(
            reached!(),
            "SELECT COUNT(*) AS rows FROM revisions v WHERE v.id NOT IN (SELECT id FROM reached)"
        ))
        .fetch_one(&self.read)
        .await?;
        let rows = sqlx::query(concat!(
            reached!(),
            "SELECT v.revision, v.unreachable_since, r.name FROM revisions v \
             JOIN repositories r ON r.id = v.repository \
             WHERE v.id NOT IN (SELECT id FROM reached) ORDER BY v.id LIMIT CAST($1 AS BIGINT)"
        ))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let rows = rows.iter().map(read);
        Ok((row::size(&count, "rows")?, rows.collect::<Result<_>>()?))
    }
}

fn read(row: &sqlx::any::AnyRow) -> Result<Unreachable> {
    Ok(Unreachable {
        repository: row::parsed(row, "name", "name of a repository")?,
        revision: row::id(row, "revision", RevisionId::from_slice)?,
        since: row::optional_time(row, "unreachable_since")?,
    })
}
