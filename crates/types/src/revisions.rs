//! Revisions and refs as the API shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pickles::PickleState;
use crate::{FilePath, RefName, RevisionId, Sha256};

/// An immutable set of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revision {
    /// 40 hex digits.
    pub id: RevisionId,
    /// What it came from; absent for the first.
    pub parent: Option<RevisionId>,
    /// Why it was made.
    pub message: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How many files it holds.
    pub files: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
}

/// Whether a ref moves with pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefKind {
    /// Moves.
    Branch,
    /// Stays.
    Tag,
}

/// A name that points to a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ref {
    /// The name.
    pub name: RefName,
    /// Branch or tag.
    pub kind: RefKind,
    /// Where it points.
    pub revision: RevisionId,
}

/// Makes a ref, or moves a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRef {
    /// A branch, a tag, or a revision's 40 digits.
    pub target: String,
    /// For a branch that is there already: where it must point now for the move to happen.
    pub expected: Option<RevisionId>,
}

/// One file of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreeEntry {
    /// Its path.
    pub path: FilePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// To how many bits weights were rounded before it was pushed; absent where none was. The file's
    /// manifest says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_lossless_bits: Option<u8>,
    /// What a scan of its pickles came to; absent where it has none. The file's manifest says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickles: Option<PickleState>,
}

/// The files of a revision, one page of them, in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tree {
    /// The revision that the asked-for name stands for.
    pub revision: Revision,
    /// Its files.
    pub items: Vec<TreeEntry>,
    /// Hand this back as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}
