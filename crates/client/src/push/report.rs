use serde::Serialize;
use sheaf_types::files::NearLossless;
use sheaf_types::revisions::Revision;
use sheaf_types::{FilePath, RefName, RepositoryName, Sha256};

use super::scan::Scanned;

/// What a push came to. Bytes are of this push alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// The files whose weights were rounded, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_lossless: Option<Vec<RoundedFile>>,
    /// What did not go as one would think, in a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A file that is not pushed as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundedFile {
    /// Where it goes.
    pub path: FilePath,
    /// The SHA-256 of what is pushed.
    pub sha256: Sha256,
    /// What was done to it.
    #[serde(flatten)]
    pub near_lossless: NearLossless,
}

/// Those of some files that were rounded.
pub(super) fn rounded(files: &[Scanned]) -> Vec<RoundedFile> {
    let rounded = files.iter().filter_map(|scanned| {
        let file = &scanned.file;
        Some(RoundedFile {
            path: file.path.clone(),
            sha256: file.sha256,
            near_lossless: file.near_lossless.clone()?,
        })
    });
    rounded.collect()
}
