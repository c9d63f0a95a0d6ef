//! A copy of a catalog that is in use.

use std::path::Path;

use sqlx::{Connection, SqliteConnection};

use crate::engine::Engine;
use crate::{Error, Result};

/// Copies the SQLite catalog at a URL into an empty or a new file, as it is at one moment. A server may go on
/// with it meanwhile.
pub async fn back_up(url: &str, into: &Path) -> Result<()> {
    let (Engine::Sqlite, url) = Engine::of(url)? else {
        return Err(Error::HasTools);
    };
    // It must be there already: the driver would make it.
    let url = url.replace("?mode=rwc", "?mode=rw");
    let mut connection = SqliteConnection::connect(&url)
        .await
        .map_err(|error| no_file(&url, error))?;
    sqlx::query("PRAGMA busy_timeout = 10000")
        .execute(&mut connection)
        .await?;
    sqlx::query("VACUUM INTO $1")
        .bind(into.display().to_string())
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

fn no_file(url: &str, error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(|error| error.code()) {
        // SQLITE_CANTOPEN.
        Some(code) if code == "14" => Error::NoCatalog(url.replace("?mode=rw", "")),
        _ => error.into(),
    }
}
