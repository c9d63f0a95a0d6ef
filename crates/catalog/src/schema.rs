//! Bringing the schema up to date, while servers of the version before it and after it run.
//!
//! A migration adds what servers before it do not miss: they run on beside it, and start again on what it
//! left, so that servers are upgraded one after the other and may go back. One that they cannot live
//! with says so in its name, which the database keeps: they refuse to start then.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlSafeStr};

use crate::engine::Engine;
use crate::{Error, Result};

/// How the names of migrations end beside which no server before them can run.
const BREAKING: &str = "_breaking";

/// How a migration begins that has a transaction of its own: what SQLite is told of foreign keys counts only
/// outside of one.
const ALONE: &str = "-- no-transaction";

/// Runs the migrations that the database has not seen. On Postgres the driver takes a lock for it, so that
/// servers may start at the same time.
pub(crate) async fn bring_up_to_date(engine: Engine, pool: &AnyPool) -> Result<()> {
    migrator(engine).run(pool).await?;
    let newest = texts(engine).iter().map(|(number, ..)| *number).max();
    let unknown = "SELECT description FROM _sqlx_migrations WHERE version > $1";
    let unknown: Vec<String> = sqlx::query_scalar(unknown)
        .bind(newest)
        .fetch_all(pool)
        .await?;
    if unknown.iter().any(|name| name.ends_with(BREAKING)) {
        return Err(Error::Newer);
    }
    Ok(())
}

fn migrator(engine: Engine) -> Migrator {
    let migrations = texts(engine).iter().map(|(number, name, text)| {
        let kind = MigrationType::Simple;
        let alone = text.starts_with(ALONE);
        Migration::new(*number, (*name).into(), kind, text.into_sql_str(), alone)
    });
    Migrator {
        migrations: Cow::Owned(migrations.collect()),
        // Those of a newer server.
        ignore_missing: true,
        ..Migrator::DEFAULT
    }
}

fn texts(engine: Engine) -> &'static [(i64, &'static str, &'static str)] {
    match engine {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    }
}

/// The migrations of one engine, by number and name: each has its twin in the other.
macro_rules! migrations {
    ($engine:literal) => {
        &[
            migration!($engine, 1, "0001_catalog"),
            migration!($engine, 2, "0002_near_lossless"),
            migration!($engine, 3, "0003_collection"),
            migration!($engine, 4, "0004_pickles"),
            migration!($engine, 5, "0005_records"),
            migration!($engine, 6, "0006_jobs"),
            migration!($engine, 8, "0008_damage"),
            migration!($engine, 9, "0009_direct"),
            migration!($engine, 10, "0010_numbers"),
            migration!($engine, 11, "0011_scanner"),
        ]
    };
}

macro_rules! migration {
    ($engine:literal, $number:literal, $name:literal) => {
        (
            $number,
            $name,
            include_str!(concat!("../../../migrations/", $engine, "/", $name, ".sql")),
        )
    };
}

const SQLITE: &[(i64, &str, &str)] = migrations!("sqlite");
const POSTGRES: &[(i64, &str, &str)] = migrations!("postgres");
