use std::io;
use std::path::{Path, PathBuf};

use sheaf_types::{ErrorDetail, FilePath};

/// What can go wrong between a program and a server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused: its own words.
    #[error("{}", .detail.message)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's code and message.
        detail: ErrorDetail,
    },
    /// No connection came about.
    #[error("cannot reach {server}: {reason}; is the server running?")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why, in the system's words.
        reason: String,
    },
    /// A connection broke, or the server fell silent.
    #[error("the connection to {server} broke: {reason}")]
    Connection {
        /// Its address.
        server: String,
        /// Why, in the system's words.
        reason: String,
    },
    /// The server answered what the protocol does not have.
    #[error("the server answered something unexpected: {0}")]
    Answer(String),
    /// The server's address, the token or a pattern is none.
    #[error("{0}")]
    Setting(String),
    /// A file or folder could not be read or written.
    #[error("cannot read or write {}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is to be pushed cannot be.
    #[error("{}: {reason}", .path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be put where it belongs.
    #[error("{}: {reason}", .path.display())]
    Destination {
        /// Where.
        path: PathBuf,
        /// What is in the way.
        reason: String,
    },
    /// What the server sent for a file is not the file.
    #[error("{path}: {reason}")]
    Corrupt {
        /// The file.
        path: FilePath,
        /// What does not match.
        reason: String,
    },
    /// A blob was replaced meanwhile: the file's manifest has the new one.
    #[error("{path}: a blob was replaced again and again while it was fetched; try again")]
    Replaced {
        /// The file.
        path: FilePath,
    },
}

impl Error {
    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The server's code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { detail, .. } => Some(&detail.code),
            _ => None,
        }
    }

    /// Whether what was asked for is not there.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }

    pub(crate) fn source(path: &Path, reason: impl Into<String>) -> Self {
        Self::Source {
            path: path.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn destination(path: &Path, reason: impl Into<String>) -> Self {
        Self::Destination {
            path: path.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn corrupt(path: &FilePath, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            path: path.clone(),
            reason: reason.into(),
        }
    }
}

/// What is of use to one who gets a nil instead of an error.
pub(crate) trait NotFound<T> {
    /// Nothing where the server has nothing.
    fn found(self) -> Result<Option<T>, Error>;
}

impl<T> NotFound<T> for Result<T, Error> {
    fn found(self) -> Result<Option<T>, Error> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
