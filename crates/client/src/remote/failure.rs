//! What goes wrong with a request, in words.

use std::ops::Range;

use reqwest::StatusCode;

use super::RemoteError;
use super::ask::Asker;
use super::place;
use crate::client::reason;
use crate::retry::{Again, again_after};

/// A try that failed, and whether another may help.
pub(super) struct Failure {
    pub error: RemoteError,
    pub again: bool,
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        Self {
            error,
            again: false,
        }
    }
}

/// A body that broke may come whole the next time.
pub(super) fn again(error: RemoteError) -> Failure {
    Failure { error, again: true }
}

impl Asker {
    fn host(&self) -> String {
        place::host(&self.current())
    }

    pub fn wrong_part(&self, range: &Range<u64>) -> RemoteError {
        let (first, last) = (range.start, range.end.saturating_sub(1));
        self.unexpected(format!("bytes {first} to {last}, which were not asked for"))
    }

    pub fn unexpected(&self, what: impl Into<String>) -> RemoteError {
        RemoteError::Answer {
            host: self.host(),
            what: what.into(),
        }
    }

    pub fn no_parts(&self) -> RemoteError {
        RemoteError::NoParts { host: self.host() }
    }

    pub fn changed(&self) -> RemoteError {
        RemoteError::Changed { host: self.host() }
    }

    pub fn too_slow(&self) -> RemoteError {
        RemoteError::Broken {
            host: self.host(),
            reason: "it sends next to nothing".into(),
        }
    }

    pub fn refused(&self, status: StatusCode) -> Failure {
        let (host, status) = (self.host(), status.as_u16());
        let error = match status {
            401 | 403 => RemoteError::Denied { host, status },
            _ => RemoteError::Status { host, status },
        };
        Failure {
            error,
            again: again_after(status) != Again::Never,
        }
    }

    pub fn broken(&self, error: &reqwest::Error) -> Failure {
        let host = error.url().map_or_else(|| self.host(), place::host);
        let reason = reason(error);
        let again = !error.is_redirect() && !error.is_timeout() && !error.is_connect();
        let error = match error.is_connect() {
            true => RemoteError::Unreachable { host, reason },
            false => RemoteError::Broken { host, reason },
        };
        Failure { error, again }
    }
}
