//! What a collection took away, and what it will.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{RepositoryName, RevisionId};

/// What a collection did, or would do now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collection {
    /// Whether it only looked.
    pub dry_run: bool,
    /// Revisions that no ref reaches.
    pub revisions: Collected,
    /// Chunks that no ref reaches and no upload holds.
    pub chunks: Collected,
    /// Objects of such chunks, and of writes that never came to an end.
    pub objects: Collected,
    /// The first of the revisions that go, or will.
    pub unreachable: Vec<UnreachableRevision>,
}

/// What is gone of a kind, and what has not been unused for long enough.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collected {
    /// How many were taken, or would be now.
    pub collected: u64,
    /// Their stored bytes, where they are known.
    pub collected_bytes: u64,
    /// How many wait.
    pub waiting: u64,
    /// Their stored bytes, where they are known.
    pub waiting_bytes: u64,
}

/// A revision that no ref reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreachableRevision {
    /// Of which repository.
    #[schema(value_type = String)]
    pub repository: RepositoryName,
    /// Which.
    #[schema(value_type = String)]
    pub revision: RevisionId,
    /// Since when no ref reaches it, as far as was noted.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// From when on it may be taken. Until then a branch that is set to it keeps it.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}
