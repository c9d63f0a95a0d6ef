//! What a check is to look at, and what it found.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ChunkId, FilePath, RepositoryName};

/// How closely a check looks.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CheckDepth {
    /// The catalog in itself and against the list of objects. Reads no blob.
    Listed,
    /// The stored bytes of every blob too, against the hashes in its header.
    #[default]
    Stored,
    /// Every blob decoded too, and every file against its SHA-256.
    Decoded,
}

/// Asks for a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewCheck {
    /// How closely to look.
    pub depth: CheckDepth,
    /// Of how many of a hundred blobs and files to look at the bytes, others each time; all when absent.
    pub sample_percent: Option<u8>,
    /// The most bytes a second that are read; as fast as it goes when absent.
    pub bytes_per_second: Option<u64>,
    /// Only what this repository holds.
    #[schema(value_type = Option<String>)]
    pub repository: Option<RepositoryName>,
    /// Give blobs that nothing names to the collection, and damaged chunks the bytes of another object of
    /// the same chunk, where there is one; write records anew that are missing or damaged.
    pub repair: bool,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckReport {
    /// What was asked for.
    pub check: NewCheck,
    /// Objects of the store that were compared with the catalog.
    pub objects: u64,
    /// Chunks whose blobs were read.
    pub chunks: u64,
    /// Files' bytes that were looked at.
    pub files: u64,
    /// Revisions that were looked at.
    pub revisions: u64,
    /// Records of the catalog that were looked for in the store.
    #[serde(default)]
    pub records: u64,
    /// Bytes that were read from the store.
    pub bytes_read: u64,
    /// How many faults there are.
    pub faults_found: u64,
    /// How many of them were repaired.
    pub repaired: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The catalog names an object that the store does not have.
    ObjectMissing,
    /// An object is longer or shorter than the catalog says.
    ObjectLength,
    /// A blob's bytes are not those that were stored.
    BlobDamaged,
    /// A blob decodes to other bytes than its chunk's.
    ChunkDamaged,
    /// A file's chunks do not have its SHA-256.
    FileDamaged,
    /// An object that nothing names: nobody needs it.
    ObjectUnnamed,
    /// An object whose key is none of Sheaf's. It is left alone.
    ObjectForeign,
    /// The store lacks a record of what the catalog holds: should the catalog be lost, that is too.
    RecordMissing,
    /// A record cannot be read, or says other things than the catalog.
    RecordDamaged,
    /// Rows of the catalog contradict each other.
    Catalog,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// What sort of thing.
    pub kind: FaultKind,
    /// What exactly, in a sentence.
    pub message: String,
    /// Of which object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_key: Option<String>,
    /// Of which chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub chunk: Option<ChunkId>,
    /// The first of the files that cannot be read whole for it.
    pub hurts: Vec<HurtFile>,
    /// How many files there are beside those.
    pub hurts_more: u64,
    /// What was done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired: Option<String>,
}

/// A file that a fault hurts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct HurtFile {
    /// Of which repository.
    #[schema(value_type = String)]
    pub repository: RepositoryName,
    /// A branch or tag that has it, else a revision.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Its path.
    #[schema(value_type = String)]
    pub path: FilePath,
}
