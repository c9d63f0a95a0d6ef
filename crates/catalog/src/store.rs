//! Opening the database, and the two pools: SQLite has one writer.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Any, AnyPool, Connection, Executor, SqlSafeStr, Transaction};

use crate::chunks::{Live, NewBlob};
use crate::group::Group;
use crate::{Error, Result};

const READERS: u32 = 8;

/// What stands for itself in the URL of a SQLite file.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// Every connection: readers beside the writer, and a commit is on disk before it returns.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY";

/// The catalog.
#[derive(Clone)]
pub struct Catalog {
    write: AnyPool,
    pub(crate) read: AnyPool,
    pub(crate) announcing: Arc<Group<String, ()>>,
    pub(crate) going_live: Arc<Group<NewBlob, Live>>,
}

impl Catalog {
    /// Opens the database, makes it when it is missing, and brings its schema up to date.
    pub async fn open(url: &str) -> Result<Self> {
        let Some(path) = url.strip_prefix("sqlite:") else {
            return Err(Error::UnsupportedUrl);
        };
        sqlx::any::install_default_drivers();
        // The path is taken as it is; the driver decodes what it is given.
        let path = utf8_percent_encode(path, PATH);
        let url = format!("sqlite:{path}?mode=rwc");
        let write = pool(1).connect(&url).await?;
        migrator().run(&write).await?;
        let read = pool(READERS).connect(&url).await?;
        let announcing = Group::new(write.clone(), |pool, keys| {
            Box::pin(crate::chunks::announce(pool, keys))
        });
        let going_live = Group::new(write.clone(), |pool, blobs| {
            Box::pin(crate::chunks::go_live(pool, blobs))
        });
        Ok(Self {
            write,
            read,
            announcing: Arc::new(announcing),
            going_live: Arc::new(going_live),
        })
    }

    /// Waits for what is under way and closes the database.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>> {
        begin(&self.write).await
    }
}

/// Begins to write. IMMEDIATE takes the lock now: a transaction that reads first and writes later
/// would otherwise fail half way when another writer came between.
pub(crate) async fn begin(pool: &AnyPool) -> Result<Transaction<'static, Any>> {
    Ok(pool.begin_with("BEGIN IMMEDIATE").await?)
}

fn pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(60))
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(PRAGMAS).await.map(drop) })
        })
        // On a full disk SQLite rolls back by itself, which the driver does not notice: it would take
        // this connection to be in a transaction for good.
        .before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        })
}

fn migrator() -> Migrator {
    let texts = [
        (
            "catalog",
            include_str!("../../../migrations/sqlite/0001_catalog.sql"),
        ),
        (
            "near-lossless",
            include_str!("../../../migrations/sqlite/0002_near_lossless.sql"),
        ),
        (
            "collection",
            include_str!("../../../migrations/sqlite/0003_collection.sql"),
        ),
    ];
    let migrations = (1..).zip(texts).map(|(version, (name, text))| {
        let kind = MigrationType::Simple;
        Migration::new(version, name.into(), kind, text.into_sql_str(), false)
    });
    Migrator {
        migrations: Cow::Owned(migrations.collect()),
        ..Migrator::DEFAULT
    }
}
