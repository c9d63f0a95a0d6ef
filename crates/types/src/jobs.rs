//! What a registry does in the background.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{CheckReport, NewCheck};
use crate::{ErrorDetail, RefName, RepositoryName};

/// Names a job.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = JobIdError;

    fn from_str(text: &str) -> Result<Self, JobIdError> {
        Ok(Self(text.parse()?))
    }
}

/// Why a string is no job's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a job's id must be a whole number")]
pub struct JobIdError(#[from] ParseIntError);

/// A type that is one of some words, in JSON and elsewhere.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$of:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = WordError;

            fn from_str(text: &str) -> Result<Self, WordError> {
                let found = Self::ALL.iter().find(|one| one.as_str() == text);
                found.copied().ok_or_else(|| WordError {
                    what: $what,
                    words: [$($word,)*].join(", "),
                })
            }
        }
    };
}

/// Why a string is none of some words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be one of {words}")]
pub struct WordError {
    what: &'static str,
    words: String,
}

words!(
    /// What sort of work a job is.
    JobKind, "a kind of job",
    /// The commit of an upload.
    Commit = "commit",
    /// Makes blobs anew at another level.
    Reencode = "reencode",
    /// Takes away what nothing reaches.
    Collect = "collect",
    /// Looks whether what is stored is what was pushed.
    Check = "check",
);

words!(
    /// How much work goes into making chunks small.
    Level, "a level",
    /// Fastest.
    Fast = "fast",
    /// A good balance.
    Default = "default",
    /// Smallest.
    Max = "max",
);

words!(
    /// How far a job is.
    JobState, "the state of a job",
    /// It waits for its turn, or to be tried again.
    Queued = "queued",
    /// A server works on it.
    Running = "running",
    /// It came to its end.
    Done = "done",
    /// It was given up; `error` says why. It stays until it is tried again or dropped.
    Failed = "failed",
);

/// Work in the background. It outlives the server that does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Names it.
    pub id: JobId,
    /// What sort of work it is.
    pub kind: JobKind,
    /// How far it is.
    pub state: JobState,
    /// Which repository it is about, if it is about one.
    pub repository: Option<RepositoryName>,
    /// What exactly, in words.
    pub what: String,
    /// How often it was begun.
    pub attempts: u64,
    /// The server that works on it, or did so last.
    pub runner: Option<String>,
    /// When it was queued.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was begun last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended, or was given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// When it is tried again, where it waits for that.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retry_at: Option<Timestamp>,
    /// How far it is.
    pub progress: JobProgress,
    /// What went wrong last.
    pub error: Option<ErrorDetail>,
    /// What came of it.
    pub result: Option<JobResult>,
}

/// How far a job is. All is 0 where that cannot be said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobProgress {
    /// Bytes, or whatever it counts, that are done.
    pub done: u64,
    /// Of how many.
    pub total: u64,
    /// In words.
    pub note: String,
}

/// What came of a job, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobResult {
    /// Of blobs that were made anew.
    Reencode(Reencoded),
    /// Of a collection.
    Collect(Taken),
    /// Of a check.
    Check(Box<CheckReport>),
}

/// What came of making the blobs of a revision anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reencoded {
    /// The level.
    pub level: Level,
    /// Chunks of the revision, each once.
    pub chunks: u64,
    /// Their raw bytes.
    pub raw_bytes: u64,
    /// Their blobs' bytes before.
    pub stored_bytes_before: u64,
    /// And now.
    pub stored_bytes: u64,
}

/// What a collection took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Taken {
    /// Revisions that no ref reached.
    pub revisions: u64,
    /// Chunks that nothing held.
    pub chunks: u64,
    /// Objects that no row named.
    pub objects: u64,
    /// Stored bytes of those objects, where they are known.
    pub bytes: u64,
}

/// Asks for a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NewJob {
    /// Makes the blobs of a revision anew, and keeps those that are smaller.
    Reencode {
        /// Whose; for whoever may write to it.
        repository: RepositoryName,
        /// A branch, a tag or a revision; `main` when absent.
        #[serde(rename = "ref", default = "main")]
        reference: String,
        /// The level.
        level: Level,
    },
    /// Takes away what nothing reaches; for administrators.
    Collect,
    /// Looks whether what is stored is what was pushed.
    Check(NewCheck),
}

fn main() -> String {
    RefName::main().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_as_in_json() {
        for kind in JobKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(*level));
        }
        let error = "sleep".parse::<JobState>().unwrap_err().to_string();
        assert_eq!(
            error,
            "the state of a job must be one of queued, running, done, failed"
        );
        assert!("x1".parse::<JobId>().is_err());
    }
}
