//! Records: what the object store is told of repositories, refs and revisions, so that the catalog can be
//! made anew from it alone. `docs/records.md` defines their keys and bytes.
//!
//! Each is an object of its own, written once and never changed: what changes is written again with a
//! higher generation. Nothing in a record is believed before it is checked.

mod key;
mod read;
mod write;

use jiff::Timestamp;

use crate::files::{ChunkRef, NearLossless};
use crate::pickles::PickleVerdict;
use crate::revisions::RefKind;
use crate::{FilePath, RefName, RepositoryName, RevisionId, Sha256};

pub use key::{PREFIX, RecordKey, RefHash, Subject, folder_keys};
pub use read::{RecordError, read};
pub use write::write;

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A repository is so.
    Repository(RepositoryRecord),
    /// A repository is gone, with all that was in it.
    Deleted,
    /// A ref points there.
    Ref(RefRecord),
    /// A ref is gone.
    Unset(RefName),
    /// A revision, with its files.
    Revision(RevisionRecord),
}

/// What is said of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRecord {
    /// As it was created.
    pub name: RepositoryName,
    /// Only for holders of a token that covers it.
    pub private: bool,
    /// Free text.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where a ref points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefRecord {
    /// Of which repository.
    pub repository: RepositoryName,
    /// Which.
    pub name: RefName,
    /// Branch or tag.
    pub kind: RefKind,
    /// Where it points.
    pub revision: RevisionId,
}

/// A revision with all that is needed to give its files back: its manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionRecord {
    /// Of which repository.
    pub repository: RepositoryName,
    /// Which.
    pub id: RevisionId,
    /// What it came from.
    pub parent: Option<RevisionId>,
    /// Why it was made.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
    /// By path, each once.
    pub files: Vec<FileRecord>,
}

/// A file of a revision.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRecord {
    /// Where it is.
    pub path: FilePath,
    /// Its bytes.
    pub size: u64,
    /// Their SHA-256.
    pub sha256: Sha256,
    /// What was done to it before it was pushed.
    pub near_lossless: Option<NearLossless>,
    /// What was found of its pickles.
    pub pickles: Pickles,
    /// What it is put together of.
    pub chunks: Vec<ChunkRef>,
}

/// What is known of a file's pickles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pickles {
    /// Nothing: it was not looked for any.
    NotScanned,
    /// It has none.
    None,
    /// It has some.
    Verdict(PickleVerdict),
}

/// What every record begins with.
const MAGIC: [u8; 4] = *b"\x8fShR";
/// What is written.
const VERSION: u8 = 1;
/// Magic, version, kind, number, generation.
const HEAD_LEN: usize = 4 + 1 + 1 + 16 + 8;
/// The BLAKE3 of all before it, which a record ends with.
const HASH_LEN: usize = 32;

/// What a record says is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Repository = 1,
    Deleted = 2,
    Ref = 3,
    Unset = 4,
    Revision = 5,
}

impl Kind {
    fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Repository => Self::Repository,
            Subject::Deleted => Self::Deleted,
            Subject::Ref(_) => Self::Ref,
            Subject::Unset(_) => Self::Unset,
            Subject::Revision(_) => Self::Revision,
        }
    }
}
