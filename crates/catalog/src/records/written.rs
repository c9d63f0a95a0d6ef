//! Records that are in the object store, as far as the catalog knows, for those who look whether they are.

use std::ops::Range;

use sheaf_types::records::RecordKey;
use sqlx::any::AnyRow;

use super::wanted::{Wanted, columns, newest, read_wanted};
use crate::{Catalog, RepositoryId, Result, row};

/// A record that was written, and that no newer one replaces.
#[derive(Debug, Clone)]
pub struct WrittenRecord {
    /// Where it is.
    pub key: RecordKey,
    /// What it is to say.
    pub wanted: Wanted,
}

/// The row of one.
#[derive(Debug)]
pub struct CheckedRecord {
    /// Where it is said to be.
    pub object_key: String,
    /// What the row says, where that can be read.
    pub row: Result<WrittenRecord>,
}

/// Records that must be in the object store. Those of a repository that is on its way out are not among
/// them, but for the one that says so.
macro_rules! written {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM records p LEFT JOIN repositories r ON r.id = p.repository \
             LEFT JOIN revisions v ON v.id = p.revision WHERE p.state = 1 AND ",
            newest!(),
            " AND (p.kind = 'deleted' OR r.deleted = 0) \
             AND (p.kind IN ('repository', 'deleted', 'unset') OR v.id IS NOT NULL) AND "
        )
    };
}

impl Catalog {
    /// Written records whose key is behind `after`, in the order of their keys; of one repository, or all.
    pub async fn written_records(
        &self,
        after: &str,
        of: Option<RepositoryId>,
        limit: u32,
    ) -> Result<Vec<CheckedRecord>> {
        let rows = sqlx::query(concat!(
            written!(),
            "p.object_key > $1 \
             AND (CAST($2 AS BIGINT) = 0 OR p.repository = CAST($2 AS BIGINT)) \
             ORDER BY p.object_key LIMIT CAST($3 AS BIGINT)"
        ))
        .bind(after)
        .bind(of.map_or(0, |of| of.0))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let checked = rows.iter().map(|row| {
            Ok(CheckedRecord {
                object_key: row::text(row, "object_key")?,
                row: written(row),
            })
        });
        checked.collect()
    }

    /// The record at a key, if it is still to be there.
    pub async fn written_record(&self, object_key: &str) -> Result<Option<WrittenRecord>> {
        let row = sqlx::query(concat!(written!(), "p.object_key = $1"))
            .bind(object_key)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(written).transpose()
    }

    /// The keys of records, and whether each was written and is not to be deleted: of a range of keys, at
    /// most `limit`, in their order.
    pub async fn record_keys(&self, keys: Range<&str>, limit: u32) -> Result<Vec<(String, bool)>> {
        let rows = sqlx::query(
            "SELECT object_key, state FROM records WHERE object_key > $1 AND object_key < $2 \
             ORDER BY object_key LIMIT CAST($3 AS BIGINT)",
        )
        .bind(keys.start)
        .bind(keys.end)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let key = |row| {
            let written = row::integer(row, "state")? == 1;
            Ok((row::text(row, "object_key")?, written))
        };
        rows.iter().map(key).collect()
    }

    /// Whether the catalog knows of a record; with `needed`, of one that is not to be deleted.
    pub async fn has_record(&self, object_key: &str, needed: bool) -> Result<bool> {
        let row = sqlx::query(
            "SELECT 1 FROM records WHERE object_key = $1 AND state < CAST($2 AS BIGINT)",
        )
        .bind(object_key)
        .bind(if needed { 2i64 } else { 3 })
        .fetch_optional(&self.read)
        .await?;
        Ok(row.is_some())
    }
}

fn written(row: &AnyRow) -> Result<WrittenRecord> {
    let (key, wanted) = read_wanted(row)?;
    Ok(WrittenRecord { key, wanted })
}
