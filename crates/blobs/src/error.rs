use std::io;

/// Why the object store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL, which is not shown since it may hold a password, names another store.
    #[error("the object store's URL is not one that is supported: use file:FOLDER")]
    UnsupportedUrl,
    /// The folder cannot be used.
    #[error("the folder {path} cannot be used for blobs: {source}")]
    Folder {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The object is not there.
    #[error("the object {0} is not in the object store")]
    NotFound(String),
    /// There is no room left.
    #[error("the object store is full")]
    Full,
    /// The store does not answer, or refuses.
    #[error("the object store failed: {0}")]
    Store(object_store::Error),
    /// The system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        if let object_store::Error::NotFound { path, .. } = error {
            return Self::NotFound(path);
        }
        if is_full(&error) {
            return Self::Full;
        }
        Self::Store(error)
    }
}

fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let full = |e: &io::Error| {
        matches!(
            e.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    };
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(full) {
            return true;
        }
        next = error.source();
    }
    false
}
