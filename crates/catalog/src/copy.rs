//! All rows from one catalog to another, be it in the same kind of database or not.
//!
//! They are read as they are at one moment and written in one transaction: the other catalog has all of
//! them or none. Rows keep their numbers.

mod columns;
mod insert;

use futures::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Connection, Transaction};

use crate::engine::Engine;
use crate::{Catalog, Error, Result, row};

use columns::{Columns, columns};
use insert::Batch;

/// What is copied, in an order in which no row comes before one that it points to.
const TABLES: &[&str] = &[
    "repositories",
    "chunks",
    "contents",
    "content_chunks",
    "pickles",
    "near_lossless",
    "revisions",
    "revision_files",
    "refs",
    "uploads",
    "upload_pins",
    "jobs",
    "tokens",
];

/// What is left: rows of objects that no chunk names, which are not copied either, and those of records,
/// which are written anew for the other catalog.
const LEFT: &[&str] = &["intents", "garbage", "records", "rebuild"];

/// How often, and how far apart, is looked whether others have gone.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: std::time::Duration = std::time::Duration::from_millis(100);

/// How many rows of a table were copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedTable {
    /// Which.
    pub table: &'static str,
    /// How many: as many as there were, and as there are in the other catalog now.
    pub rows: u64,
}

impl Catalog {
    /// Opens a catalog that nobody else is connected to, as far as that can be told: a file of SQLite is
    /// locked by whoever has its data folder.
    pub async fn open_alone(url: &str) -> Result<Self> {
        let (engine, driver_url) = Engine::of(url)?;
        if engine == Engine::Postgres {
            sqlx::any::install_default_drivers();
            let mut connection = AnyConnection::connect(&driver_url).await?;
            let mut looks = 0;
            while others(&mut connection).await? > 0 {
                looks += 1;
                if looks == LOOKS {
                    return Err(Error::InUse);
                }
                // The connections of a server that has just ended end with it, soon.
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            connection.close().await?;
        }
        Self::open(url).await
    }

    /// Whether it has no rows at all.
    pub async fn is_empty(&self) -> Result<bool> {
        for table in TABLES.iter().chain(LEFT) {
            let query = format!("SELECT 1 FROM {table} LIMIT 1");
            let row = sqlx::query(AssertSqlSafe(query));
            if row.fetch_optional(&self.read).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many rows there are of what is copied.
    pub async fn rows(&self) -> Result<Vec<CopiedTable>> {
        let mut connection = self.read.acquire().await?;
        let mut tables = Vec::new();
        for table in TABLES {
            let rows = count(&mut connection, table).await?;
            tables.push(CopiedTable { table, rows });
        }
        Ok(tables)
    }

    /// Copies all rows to a catalog that has none. What is left are rows of objects that no chunk names.
    pub async fn copy_to(&self, to: &Catalog) -> Result<Vec<CopiedTable>> {
        let mut from = self.read.begin_with(self.engine().begin_reading()).await?;
        let mut into = to.begin().await?;
        let mut copied = Vec::new();
        for table in TABLES {
            let columns = columns(self.engine(), &mut from, table).await?;
            copy(&mut from, &mut into, &columns).await?;
            if columns.numbered && to.engine() == Engine::Postgres {
                count_on(&mut into, table).await?;
            }
            let rows = count(&mut from, table).await?;
            if count(&mut into, table).await? != rows {
                return Err(Error::NotCopied(table));
            }
            copied.push(CopiedTable { table, rows });
        }
        into.commit().await?;
        from.rollback().await?;
        Ok(copied)
    }
}

/// How many others are connected to this database.
async fn others(connection: &mut AnyConnection) -> Result<u64> {
    let found = sqlx::query(
        "SELECT COUNT(*) AS rows FROM pg_stat_activity WHERE datname = current_database() \
         AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    .fetch_one(connection)
    .await?;
    row::size(&found, "rows")
}

async fn copy(
    from: &mut Transaction<'static, Any>,
    into: &mut Transaction<'static, Any>,
    columns: &Columns,
) -> Result<()> {
    let query = AssertSqlSafe(columns.select());
    let mut rows = sqlx::query(query).fetch(&mut **from);
    let mut batch = Batch::new(columns);
    while let Some(row) = rows.try_next().await? {
        let row: AnyRow = row;
        batch.push(&row)?;
        if batch.is_full() {
            batch.insert(into).await?;
        }
    }
    batch.insert(into).await
}

/// The next row that is made gets a number behind those that came along.
async fn count_on(into: &mut AnyConnection, table: &str) -> Result<()> {
    let query = format!(
        "SELECT setval(pg_get_serial_sequence('{table}', 'id'), \
         (SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), false)"
    );
    sqlx::query(AssertSqlSafe(query)).fetch_one(into).await?;
    Ok(())
}

async fn count(connection: &mut AnyConnection, table: &str) -> Result<u64> {
    let query = format!("SELECT COUNT(*) AS rows FROM {table}");
    let query = sqlx::query(AssertSqlSafe(query));
    row::size(&query.fetch_one(connection).await?, "rows")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn every_table_is_copied_or_left() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("catalog").display());
        let catalog = Catalog::open(&url).await.unwrap();
        let query = "SELECT name FROM sqlite_schema WHERE type = 'table' \
                     AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'";
        let rows = sqlx::query(query).fetch_all(&catalog.read).await.unwrap();
        let there: BTreeSet<String> = rows
            .iter()
            .map(|row| row::text(row, "name").unwrap())
            .collect();
        let known = TABLES.iter().chain(LEFT).map(|table| (*table).to_owned());
        assert_eq!(there, known.collect());
        assert!(catalog.is_empty().await.unwrap());
    }
}
