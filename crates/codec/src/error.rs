//! Why bytes are no blob.

/// Why bytes are no blob, or not the one that they say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes do not follow the format.
    #[error("malformed blob: {0}")]
    Malformed(&'static str),
    /// Made by a later version of the format.
    #[error("the blob is of format version {0}, which this program does not know: update it")]
    Version(u8),
    /// Frame bytes do not have the hash that the header names.
    #[error("frame {0} of the blob is corrupt: its bytes do not match the header's hash")]
    CorruptFrame(usize),
    /// A frame decoded to other bytes than were encoded.
    #[error("frame {0} of the blob decoded to other bytes than were encoded")]
    WrongDecode(usize),
    /// The decoded bytes are not the chunk.
    #[error("the blob does not decode to the chunk that it names")]
    WrongChunk,
    /// A delta was decoded without its base, or with another.
    #[error("the blob is a delta and needs its base")]
    Base,
}
