//! What can go wrong, in words for the caller. Where it is the caller's doing the sentence says what
//! to do; where it is not, it says so, and the cause goes to the log.

use std::sync::Arc;

use sheaf_types::{BlobId, ChunkId, ErrorDetail, FilePath, RefName, RepositoryName, Sha256};

/// What sort of answer an error calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request makes no sense.
    Invalid,
    /// A token is needed.
    Unauthorized,
    /// The token does not allow it.
    Forbidden,
    /// It is not there, or not for this caller.
    NotFound,
    /// Something else came first.
    Conflict,
    /// What the caller made it depend on does not hold.
    Condition,
    /// More than may be sent.
    TooLarge,
    /// Understood, but what was sent is not what it says.
    Unprocessable,
    /// No room.
    Full,
    /// It may work a little later.
    Unavailable,
    /// Not the caller's doing.
    Internal,
}

/// Why a use case came to nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No token, and one is needed.
    #[error("this needs a token: send it as 'Authorization: Bearer TOKEN'")]
    TokenNeeded,
    /// A token that is not known.
    #[error("the token is not known, was revoked or has expired: ask for a new one")]
    TokenInvalid,
    /// A token that does not reach so far.
    #[error("the token does not allow this: it needs role {role} for {place}")]
    Forbidden {
        /// The role that does.
        role: &'static str,
        /// Where.
        place: String,
    },
    /// Not there, or not for this caller.
    #[error("there is no repository {0}: create it, or use a token that may see it")]
    RepositoryNotFound(RepositoryName),
    /// The name is taken.
    #[error("there is a repository {0} already")]
    RepositoryExists(RepositoryName),
    /// No branch, tag or revision of this name.
    #[error("there is no branch, tag or revision '{0}' in this repository")]
    RefNotFound(String),
    /// No such file.
    #[error("there is no file '{path}' in revision '{reference}'")]
    FileNotFound {
        /// Where it was looked for.
        path: FilePath,
        /// In what.
        reference: String,
    },
    /// Deleted, and collected, since the caller began to read it.
    #[error("the file was deleted while it was read: look at the revision again")]
    FileGone,
    /// No such upload.
    #[error("there is no such upload here: it was aborted or has expired; open another")]
    UploadNotFound,
    /// An upload that takes nothing any more.
    #[error("the upload is being committed or is done: open another")]
    UploadClosed,
    /// No such blob in this repository.
    #[error("blob {0} is in no revision of this repository: ask for the file's manifest again")]
    BlobNotFound(BlobId),
    /// No such token.
    #[error("there is no such token")]
    TokenNotFound,
    /// No such job.
    #[error("there is no such job: it was dropped, or gave way to a later one")]
    JobNotFound,
    /// A job that has not failed.
    #[error("only a job that failed can be tried again: this one is {0}")]
    JobNotFailed(&'static str),
    /// A commit that was given up, and made again since.
    #[error("the client has gone on with this upload by itself: drop the job")]
    JobSuperseded,
    /// A write to what does not move.
    #[error("'{0}' is not a branch: only branches can be written to")]
    NotABranch(String),
    /// The branch is elsewhere than the caller believes.
    #[error("branch '{0}' has moved: look at its head, and commit again on top of it")]
    BranchMoved(RefName),
    /// A ref that would have to change its kind, or a tag that would have to move.
    #[error(
        "there is a ref '{0}' already: delete it first, or name what it points to as 'expected'"
    )]
    RefExists(RefName),
    /// `If-Match` or `If-None-Match` does not hold.
    #[error("the file is not as If-Match or If-None-Match wants it: look at it, and decide again")]
    ConditionFailed,
    /// Two paths that cannot lie in one folder everywhere.
    #[error("'{0}' and '{1}' cannot be in one revision: they collide on some file systems")]
    PathsCollide(FilePath, FilePath),
    /// Chunks that were not sent.
    #[error(
        "{count} chunks of the commit were not sent, the first is {first}: send them, then commit again"
    )]
    ChunksMissing {
        /// How many.
        count: usize,
        /// The first.
        first: ChunkId,
    },
    /// A file that is not what its SHA-256 says.
    #[error(
        "'{path}' has SHA-256 {found}, not {declared}: it changed while it was sent, or was sent wrong"
    )]
    FileMismatch {
        /// Which.
        path: FilePath,
        /// What was said.
        declared: Sha256,
        /// What it is.
        found: Sha256,
    },
    /// A file whose pickles may do harm.
    #[error(
        "'{path}' is refused, since loading it may run code: {why}; store its weights as safetensors"
    )]
    PickleRefused {
        /// Which.
        path: FilePath,
        /// What a scan found.
        why: String,
    },
    /// A blob that is none.
    #[error("the body is not a blob that can be read: {0}")]
    BadBlob(sheaf_codec::Error),
    /// A blob of another chunk.
    #[error("the blob is of chunk {found}, not of {asked}")]
    WrongChunk {
        /// In the path.
        asked: ChunkId,
        /// In the blob.
        found: ChunkId,
    },
    /// A delta whose base the upload does not hold and the caller may not read.
    #[error("the base {0} of the delta is not stored here: send the chunk standalone")]
    BaseMissing(ChunkId),
    /// A body without length.
    #[error("the request needs a Content-Length")]
    LengthNeeded,
    /// The body did not arrive.
    #[error("the body ended early or could not be read: send it again")]
    Body,
    /// More than is taken.
    #[error("{what} is larger than {limit} bytes, the most that is taken")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How much may be.
        limit: u64,
    },
    /// Something else that makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// A commit that was refused while nobody waited.
    #[error("{}", .0.message)]
    Refused(ErrorDetail),
    /// Disk or bucket full.
    #[error("there is no room left to store this: nothing was changed")]
    Full,
    /// A blob that is not what the catalog says.
    #[error("a stored blob is damaged: nothing of it was sent; tell whoever runs this server")]
    Damaged {
        /// Where it is.
        object_key: String,
        /// What is wrong.
        reason: String,
    },
    /// All memory for chunks is taken.
    #[error("the server has no memory free for this right now: try again in a few seconds")]
    Busy,
    /// The catalog's database or the object store, which is away or busy.
    #[error("the server cannot do this right now: try again in a few seconds")]
    Unavailable(Arc<dyn std::error::Error + Send + Sync>),
    /// A change that was made and is not recorded in the object store yet, which will be done.
    #[error(
        "the change was made, but is not recorded in the object store yet: look again in a few seconds"
    )]
    Unrecorded,
    /// Anything else that is not the caller's doing.
    #[error("the server could not do this: see its log")]
    Internal(Arc<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A stable word for programs.
    pub fn code(&self) -> &str {
        match self {
            Self::TokenNeeded => "token_needed",
            Self::TokenInvalid => "token_invalid",
            Self::Forbidden { .. } => "forbidden",
            Self::RepositoryNotFound(_) => "repository_not_found",
            Self::RepositoryExists(_) => "repository_exists",
            Self::RefNotFound(_) => "ref_not_found",
            Self::FileNotFound { .. } => "file_not_found",
            Self::FileGone => "file_gone",
            Self::UploadNotFound => "upload_not_found",
            Self::UploadClosed => "upload_closed",
            Self::BlobNotFound(_) => "blob_not_found",
            Self::TokenNotFound => "token_not_found",
            Self::JobNotFound => "job_not_found",
            Self::JobNotFailed(_) => "job_not_failed",
            Self::JobSuperseded => "job_superseded",
            Self::NotABranch(_) => "not_a_branch",
            Self::BranchMoved(_) => "branch_moved",
            Self::RefExists(_) => "ref_exists",
            Self::ConditionFailed => "condition_failed",
            Self::PathsCollide(..) => "paths_collide",
            Self::ChunksMissing { .. } => "chunks_missing",
            Self::FileMismatch { .. } => "file_mismatch",
            Self::BadBlob(_) => "bad_blob",
            Self::WrongChunk { .. } => "wrong_chunk",
            Self::BaseMissing(_) => "base_missing",
            Self::PickleRefused { .. } => "pickle_refused",
            Self::LengthNeeded => "length_needed",
            Self::Body => "body_incomplete",
            Self::TooLarge { .. } => "too_large",
            Self::Invalid(_) => "invalid",
            Self::Refused(detail) => &detail.code,
            Self::Full => "storage_full",
            Self::Damaged { .. } => "blob_damaged",
            Self::Busy => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Unrecorded => "unrecorded",
            Self::Internal(_) => "internal",
        }
    }

    /// What sort of answer this calls for.
    pub fn kind(&self) -> Kind {
        match self {
            Self::LengthNeeded | Self::Body | Self::Invalid(_) => Kind::Invalid,
            Self::TokenNeeded | Self::TokenInvalid => Kind::Unauthorized,
            Self::Forbidden { .. } => Kind::Forbidden,
            Self::RepositoryNotFound(_)
            | Self::RefNotFound(_)
            | Self::FileNotFound { .. }
            | Self::FileGone
            | Self::UploadNotFound
            | Self::BlobNotFound(_)
            | Self::TokenNotFound
            | Self::JobNotFound => Kind::NotFound,
            Self::RepositoryExists(_)
            | Self::UploadClosed
            | Self::JobNotFailed(_)
            | Self::JobSuperseded
            | Self::NotABranch(_)
            | Self::BranchMoved(_)
            | Self::RefExists(_)
            | Self::PathsCollide(..) => Kind::Conflict,
            Self::ConditionFailed => Kind::Condition,
            Self::TooLarge { .. } => Kind::TooLarge,
            Self::ChunksMissing { .. }
            | Self::FileMismatch { .. }
            | Self::BadBlob(_)
            | Self::WrongChunk { .. }
            | Self::BaseMissing(_)
            | Self::PickleRefused { .. } => Kind::Unprocessable,
            Self::Refused(detail) => refused_kind(&detail.code),
            Self::Full => Kind::Full,
            Self::Busy | Self::Unavailable(_) | Self::Unrecorded => Kind::Unavailable,
            Self::Damaged { .. } | Self::Internal(_) => Kind::Internal,
        }
    }

    /// Code and sentence, as the API shows them.
    pub fn detail(&self) -> ErrorDetail {
        ErrorDetail {
            code: self.code().into(),
            message: self.to_string(),
        }
    }

    pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(error))
    }
}

/// A refused commit keeps only its code.
fn refused_kind(code: &str) -> Kind {
    match code {
        "branch_moved" | "not_a_branch" | "paths_collide" | "upload_closed" | "job_dropped" => {
            Kind::Conflict
        }
        "storage_full" => Kind::Full,
        "unavailable" => Kind::Unavailable,
        "internal" | "blob_damaged" => Kind::Internal,
        _ => Kind::Unprocessable,
    }
}

impl From<sheaf_catalog::Error> for Error {
    fn from(error: sheaf_catalog::Error) -> Self {
        match error {
            sheaf_catalog::Error::Full => Self::Full,
            error @ sheaf_catalog::Error::Unavailable(_) => Self::Unavailable(Arc::new(error)),
            error => Self::internal(error),
        }
    }
}

impl From<sheaf_blobs::Error> for Error {
    fn from(error: sheaf_blobs::Error) -> Self {
        match error {
            sheaf_blobs::Error::Full => Self::Full,
            error @ sheaf_blobs::Error::Unavailable(_) => Self::Unavailable(Arc::new(error)),
            error => Self::internal(error),
        }
    }
}

/// What goes wrong with the server's own files: the spool.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::internal(error),
        }
    }
}
