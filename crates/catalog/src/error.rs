use std::sync::Arc;

/// Why the catalog could not answer. Cheap to clone: what is written in a group fails as a group.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The URL, which is not shown since it may hold a password, names another database.
    #[error("the catalog's URL is not one that is supported: use sqlite:PATH")]
    UnsupportedUrl,
    /// The database does not answer, or refuses.
    #[error("the catalog failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// The database's schema could not be brought up to date.
    #[error("the catalog's schema could not be brought up to date: {0}")]
    Migration(Arc<sqlx::migrate::MigrateError>),
    /// There is no room left for the database.
    #[error("the disk that holds the catalog is full")]
    Full,
    /// A row holds what was never written.
    #[error("the catalog holds a value that is no {0}")]
    Corrupt(&'static str),
    /// The catalog was closed.
    #[error("the catalog is closed")]
    Closed,
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let full = error
            .as_database_error()
            .is_some_and(|e| e.message().contains("disk is full"));
        if full {
            return Self::Full;
        }
        Self::Database(Arc::new(error))
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(Arc::new(error))
    }
}
