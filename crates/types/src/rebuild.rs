//! What came back when a catalog was made anew, as `sheaf rebuild-catalog --json` shows it.

use serde::{Deserialize, Serialize};

/// What a rebuild found, and what it did not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuilt {
    /// Repositories that are back.
    pub repositories: u64,
    /// Repositories that were deleted, and stay so.
    pub deleted_repositories: u64,
    /// Revisions that are back.
    pub revisions: u64,
    /// Branches and tags that are back.
    pub refs: u64,
    /// Chunks whose blob was found.
    pub chunks: u64,
    /// The bytes of those blobs.
    pub stored_bytes: u64,
    /// Objects that nothing needs; collected like writes that never came to an end.
    pub orphans: u64,
    /// Objects that are none of Sheaf's; left alone.
    pub foreign: u64,
    /// Repositories, revisions and refs that are not back, or not as they were.
    pub lost: u64,
    /// What could not be read or restored, the first of it.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more_problems: u64,
}

/// Something that could not be read or restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// An object's key, or a repository with what is in it.
    pub of: String,
    /// What is wrong with it.
    pub what: String,
}
