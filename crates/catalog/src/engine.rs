//! The two databases: what each is told when it is opened, and how one begins to write.
//!
//! A transaction that writes has the catalog for itself, on both. SQLite has one writer anyway; on
//! Postgres those who write, whichever server they belong to, wait for one lock. What a transaction has
//! read is so still true when it writes: that the upload takes chunks, that the chunk is there, that the
//! branch is where it was. No order of locks has to be kept, nothing deadlocks, and nothing has to be
//! tried again. Readers wait for nobody.

use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Transaction};

use crate::{Error, Result, row};

const READERS: u32 = 8;

const FIRST_CONTACT: Duration = Duration::from_secs(5);

/// What stands for itself in the URL of a SQLite file.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// Every connection: readers beside the writer, and a commit is on disk before it returns.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY";

/// Every connection: each statement sees what was committed before it, a commit is on disk before it
/// returns also where the database's administrator thinks otherwise, and a server that vanished in the
/// middle of a transaction does not keep the lock.
const SETTINGS: &str = "SET default_transaction_isolation = 'read committed'; \
     SET client_min_messages = 'warning'; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'; \
     SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";

/// Takes the lock in the same round trip. Its number is this catalog's own, and means nothing.
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(7307412236817023846)";

/// A database that speaks the catalog's SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The engine that a URL names, and the URL as its driver takes it.
    pub fn of(url: &str) -> Result<(Self, String)> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            // The path is taken as it is; the driver decodes what it is given.
            let path = utf8_percent_encode(path, PATH);
            return Ok((Self::Sqlite, format!("sqlite:{path}?mode=rwc")));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok((Self::Postgres, url.to_owned()));
        }
        Err(Error::UnsupportedUrl)
    }

    /// The connections that read. Almost every request reads first, and so learns early that Postgres is
    /// away; a file that does not answer at once is a busy one.
    pub fn readers(self) -> AnyPoolOptions {
        let patience = match self {
            Self::Sqlite => 60,
            Self::Postgres => 10,
        };
        self.pool(READERS, patience)
    }

    /// The connection that writes: a second one would only wait for the first. Many may wait for it.
    pub fn writer(self) -> AnyPoolOptions {
        self.pool(1, 60)
    }

    /// `patience` is how many seconds somebody waits for a connection.
    fn pool(self, connections: u32, patience: u64) -> AnyPoolOptions {
        let settings = match self {
            Self::Sqlite => PRAGMAS,
            Self::Postgres => SETTINGS,
        };
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(patience))
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(settings).await.map(drop) })
            })
            // On a full disk SQLite rolls back by itself, which the driver does not notice: it would
            // take this connection to be in a transaction for good.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
    }

    /// The time by which leases are reckoned: the database's, so that servers' clocks need not agree.
    /// SQLite is on the machine of its only server.
    pub async fn now(self, connection: &mut AnyConnection) -> Result<Timestamp> {
        if self == Self::Sqlite {
            return Ok(Timestamp::now());
        }
        let row = sqlx::query(
            "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now",
        );
        row::time(&row.fetch_one(connection).await?, "now")
    }

    /// Finds out early, and in its own words, that a database is not there: a pool would try for as long as
    /// its patience lasts and then know only that time is up.
    pub async fn first_contact(self, url: &str) -> Result<()> {
        if self == Self::Sqlite {
            return Ok(());
        }
        let connect = AnyConnection::connect(url);
        let connected = tokio::time::timeout(FIRST_CONTACT, connect).await;
        let connection = connected.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        Ok(connection.close().await?)
    }

    /// Begins to read what is there at one moment.
    pub fn begin_reading(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
}

/// Where transactions that write begin.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub engine: Engine,
    pub pool: AnyPool,
}

impl Writer {
    /// Begins to write, once nobody else does. IMMEDIATE takes SQLite's lock now: a transaction that
    /// reads first and writes later would otherwise fail half way when another writer came between.
    pub async fn begin(&self) -> Result<Transaction<'static, Any>> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => BEGIN,
        };
        Ok(self.pool.begin_with(begin).await?)
    }

    /// Begins to write rows that depend on nothing that was read, and that nobody else writes or waits for: on
    /// Postgres beside what other servers write.
    pub async fn begin_apart(&self) -> Result<Transaction<'static, Any>> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        Ok(self.pool.begin_with(begin).await?)
    }
}
