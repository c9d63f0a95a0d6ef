//! The chunk protocol: open an upload, ask what is missing, send it, commit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::files::{ChunkRef, NearLossless};
use crate::revisions::Revision;
use crate::{BlobId, ChunkId, ErrorDetail, FilePath, RefName, RevisionId, Sha256, UploadId};

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Takes chunks.
    Open,
    /// Its files are being checked; ask again.
    Committing,
    /// Its revision is there.
    Committed,
    /// The commit was refused; `error` says why. The chunks stay until it expires.
    Failed,
}

/// An upload in progress. It outlives the server, and expires when nothing is sent to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// Names it.
    pub id: UploadId,
    /// How far it is.
    pub state: UploadState,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it is dropped unless something is sent before.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// What the commit made.
    pub revision: Option<Revision>,
    /// Why the commit was refused.
    pub error: Option<ErrorDetail>,
}

/// Asks which chunks the server needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingRequest {
    /// At most 10,000.
    pub chunks: Vec<ChunkRef>,
}

/// Those of the chunks asked about that must be sent; the others are pinned to the upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingResponse {
    /// In the order asked, each once.
    pub missing: Vec<ChunkId>,
}

/// What a PUT of a blob answers with: what was sent, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedBlob {
    /// The chunk that the blob decodes to.
    pub chunk: ChunkId,
    /// The blob's id.
    pub blob: BlobId,
    /// The blob's bytes.
    pub stored_size: u64,
}

/// Makes a revision of the head of a branch, changed by `files` and `delete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitRequest {
    /// The branch to move; made when it is missing.
    pub branch: RefName,
    /// Where the branch must point for the commit to happen; anywhere when absent.
    #[serde(default)]
    pub parent: Option<RevisionId>,
    /// Why.
    #[serde(default)]
    pub message: String,
    /// Files to add or replace.
    #[serde(default)]
    pub files: Vec<NewFile>,
    /// Paths to take away.
    #[serde(default)]
    pub delete: Vec<FilePath>,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFile {
    /// Where it goes.
    pub path: FilePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// What was done to it before it was hashed; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_lossless: Option<NearLossless>,
    /// Its chunks, in order.
    pub chunks: Vec<ChunkRef>,
}
