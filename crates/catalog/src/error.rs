use std::io::ErrorKind;
use std::sync::Arc;

/// Why the catalog could not answer. Cheap to clone: what is written in a group fails as a group.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The URL, which is not shown since it may hold a password, names another database.
    #[error(
        "the catalog's URL is not one that is supported: use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    UnsupportedUrl,
    /// The database refuses.
    #[error("the catalog failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// The database cannot be reached, went away, or is too busy. What was to be written may be there
    /// or not.
    #[error("the catalog does not answer: {0}")]
    Unavailable(Arc<sqlx::Error>),
    /// The database's schema could not be brought up to date.
    #[error("the catalog's schema could not be brought up to date: {0}")]
    Migration(Arc<sqlx::migrate::MigrateError>),
    /// A newer server has changed the schema so that this one cannot use it.
    #[error(
        "the catalog was upgraded by a newer version of Sheaf, which this one cannot work beside: upgrade this server too"
    )]
    Newer,
    /// There is no room left for the database.
    #[error("the disk that holds the catalog is full")]
    Full,
    /// A row holds what was never written.
    #[error("the catalog holds a value that is no {0}")]
    Corrupt(&'static str),
    /// Somebody else is connected to the database.
    #[error("others are connected to the catalog's database: stop the servers that use it")]
    InUse,
    /// Rows did not arrive.
    #[error("not all rows of the table '{0}' arrived in the other catalog")]
    NotCopied(&'static str),
    /// A database that has tools of its own.
    #[error("a catalog in Postgres is backed up with Postgres' own tools: pg_dump --format=custom")]
    HasTools,
    /// A database that is not there.
    #[error("there is no catalog at {0}")]
    NoCatalog(String),
    /// The system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
    /// The catalog was closed.
    #[error("the catalog is closed")]
    Closed,
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_full(&error) {
            return Self::Full;
        }
        if is_passing(&error) {
            return Self::Unavailable(Arc::new(error));
        }
        Self::Database(Arc::new(error))
    }
}

/// SQLite says so in words, Postgres by code 53100.
fn is_full(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.message().contains("disk is full") || error.code().as_deref() == Some("53100")
    })
}

/// Whether the same may go well a little later.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        // So a certificate that is not accepted looks.
        sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => false,
        sqlx::Error::Io(_)
        | sqlx::Error::BeginFailed
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_passing_code(&code)),
        _ => false,
    }
}

/// By Postgres' codes: no connection (08), no memory or connections left (53), an administrator who
/// stops or starts the server (57P), a lock that was waited for too long (55P03), a transaction that
/// was idle for too long (25P03), one that must be tried again (40).
fn is_passing_code(code: &str) -> bool {
    let classes = ["08", "53", "57P", "40"];
    ["55P03", "25P03"].contains(&code) || classes.iter().any(|of| code.starts_with(of))
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(Arc::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_is_worth_another_try() {
        for code in ["08006", "57P01", "57P03", "53300", "55P03", "40001"] {
            assert!(is_passing_code(code), "{code}");
        }
        // Those are of Postgres or of SQLite, where codes are numbers.
        for code in [
            "23505", "22021", "42P01", "1", "5", "13", "19", "787", "2067",
        ] {
            assert!(!is_passing_code(code), "{code}");
        }
        assert!(is_passing(&sqlx::Error::PoolTimedOut));
        assert!(!is_passing(&sqlx::Error::RowNotFound));
    }
}
