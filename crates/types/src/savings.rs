//! The words of savings, the same everywhere.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What storage costs, and what was saved by what.
/// `raw_bytes = stored_bytes + saved_by.dedup + saved_by.encoding + saved_by.delta`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Savings {
    /// Files of all revisions that refs reach, each pair of path and content once.
    pub raw_bytes: u64,
    /// Stored sizes of the distinct blobs that hold their chunks.
    pub stored_bytes: u64,
    /// Further blobs, of other repositories, that its deltas need.
    pub base_bytes: u64,
    /// What deleting the repository would free.
    pub exclusive_bytes: u64,
    /// Where the difference went.
    pub saved_by: SavedBy,
    /// Raw bytes of the files that the servers sent to readers.
    pub sent_raw_bytes: u64,
    /// Bytes that went over the wire for them.
    pub sent_wire_bytes: u64,
    /// Raw bytes of the chunks for whose blobs readers were given addresses in the bucket, each as often as
    /// it was asked for. Whether they read there, and how much, only the bucket's own logs know.
    #[serde(default)]
    pub direct_raw_bytes: u64,
    /// Bytes of those blobs.
    #[serde(default)]
    pub direct_wire_bytes: u64,
}

/// The three ways to save, in the order in which they are counted. A part can be below zero where
/// its step costs more than it saves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedBy {
    /// Chunks that are stored once though they occur more often.
    pub dedup: i64,
    /// Encoding each distinct chunk as if standalone.
    pub encoding: i64,
    /// Encoding as a delta instead.
    pub delta: i64,
}
