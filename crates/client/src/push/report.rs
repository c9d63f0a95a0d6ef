use serde::Serialize;
use sheaf_types::revisions::Revision;
use sheaf_types::{RefName, RepositoryName};

/// What a push came to. Bytes are of this push alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushReport {
    /// Where it went.
    pub repository: RepositoryName,
    /// The branch.
    pub branch: RefName,
    /// Where the branch points now.
    pub revision: Option<Revision>,
    /// Whether there is a new revision.
    pub changed: bool,
    /// Whether the repository was made for it.
    pub created: bool,
    /// Files that were looked at.
    pub files: u64,
    /// Those of them that the branch held already.
    pub unchanged: u64,
    /// Files that were taken away.
    pub deleted: u64,
    /// The sum of the files' sizes.
    pub raw_bytes: u64,
    /// Raw bytes of the chunks that the server had, or that came twice.
    pub reused_bytes: u64,
    /// Bytes of the blobs that were sent for the others.
    pub sent_bytes: u64,
}
