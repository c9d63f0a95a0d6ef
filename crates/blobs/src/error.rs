use std::io;

/// Why the object store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL, which is not shown since it may hold a password, names another store.
    #[error(
        "the object store's URL is not one that is supported: use file:FOLDER or s3://BUCKET/PREFIX"
    )]
    UnsupportedUrl,
    /// The folder cannot be used.
    #[error("the folder {path} cannot be used for blobs: {source}")]
    Folder {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// An endpoint that is no address.
    #[error("'{0}' is no endpoint of an object store, such as https://s3.example.org")]
    BadEndpoint(String),
    /// An endpoint without encryption, which nobody asked for.
    #[error(
        "{0} is not encrypted: use https://, or allow plain HTTP with blobs.allow_http or \
         AWS_ALLOW_HTTP=true"
    )]
    PlainHttp(String),
    /// Settings that make no store.
    #[error("the object store cannot be used as it is configured: {0}")]
    Setting(String),
    /// The bucket is not there.
    #[error("the object store has no such bucket: make it, or check its name, endpoint and region")]
    NoBucket,
    /// The store refuses these keys.
    #[error(
        "the object store refuses: the keys are wrong, or may not do this in the bucket; they need \
         to read, write, delete and list ({0})"
    )]
    Refused(String),
    /// The store cannot be reached, does not answer in time, or says that it cannot now.
    #[error("the object store does not do its work now: {0}")]
    Unavailable(String),
    /// What was written at the start came back otherwise.
    #[error("the object store gave back other bytes than were written to it")]
    Unfaithful,
    /// The object is not there.
    #[error("the object {0} is not in the object store")]
    NotFound(String),
    /// The object was deleted while it was written.
    #[error("the object was deleted before it was whole")]
    TakenAway,
    /// There is no room left.
    #[error("the object store is full")]
    Full,
    /// Something that should not happen.
    #[error("the object store failed: {0}")]
    Store(object_store::Error),
    /// The system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(getrandom::Error),
}

impl Error {
    /// Whether a write that failed so may still come about in the store.
    pub fn may_come_about(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(crate) fn setting(error: &object_store::Error) -> Self {
        Self::Setting(innermost(error))
    }

    /// What an S3-compatible store, or the way to it, makes of a request.
    pub(crate) fn of_s3(error: object_store::Error) -> Self {
        use object_store::Error as E;

        match &error {
            E::NotFound { .. } if says(&error, "NoSuchBucket") => Self::NoBucket,
            E::NotFound { path, .. } => Self::NotFound(path.clone()),
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
                Self::Refused(innermost(&error))
            }
            _ if says(&error, "XMinioStorageFull") || says(&error, "507 Insufficient") => {
                Self::Full
            }
            E::Generic { .. } => Self::Unavailable(innermost(&error)),
            _ => Self::Store(error),
        }
    }

    /// What a folder makes of a request.
    pub(crate) fn of_folder(error: object_store::Error) -> Self {
        if let object_store::Error::NotFound { path, .. } = error {
            return Self::NotFound(path);
        }
        if is_full(&error) {
            return Self::Full;
        }
        match says(&error, "Unable to rename") && has(&error, &[io::ErrorKind::NotFound]) {
            true => Self::TakenAway,
            false => Self::Store(error),
        }
    }
}

/// Whether a range lies behind the object's end.
pub(crate) fn is_behind_the_end(error: &object_store::Error) -> bool {
    says(error, "416 Range Not Satisfiable") || says(error, "Requested range was invalid")
}

/// The status and the body of an answer are only in the error's text.
fn says(error: &object_store::Error, words: &str) -> bool {
    chain(error).any(|error| error.to_string().contains(words))
}

/// The cause of all in its own words, cut where a store says very much.
fn innermost(error: &object_store::Error) -> String {
    let text = chain(error).last().map(ToString::to_string);
    let text = text.unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(400).collect()
}

fn chain(error: &object_store::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| {
        error.source()
    })
}

fn is_full(error: &object_store::Error) -> bool {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    has(error, &full)
}

/// Whether the system said one of these.
fn has(error: &object_store::Error, kinds: &[io::ErrorKind]) -> bool {
    let is = |error: &io::Error| kinds.contains(&error.kind());
    chain(error).any(|error| error.downcast_ref::<io::Error>().is_some_and(is))
}
