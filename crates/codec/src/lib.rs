//! A chunk's bytes to a blob's bytes and back: planes by dtype, the cheapest coding of each plane
//! and frame, a self-describing versioned blob. Pure: no I/O, no clock, no global state.
//!
//! [`encode`] makes a blob; [`Header::parse`] reads one's beginning, after which any frame decodes
//! alone; [`decode`] does it all at once. `docs/format.md` defines every byte.

mod dtype;

pub use dtype::Dtype;

use std::ops::Range;

/// The most raw bytes that a chunk may have.
pub const MAX_CHUNK_LEN: usize = 16 << 20;

/// Raw bytes of a frame; a chunk's last frame may be shorter.
pub const FRAME_LEN: usize = 256 << 10;

/// The most bytes that a blob's header may take.
pub const MAX_HEADER_LEN: usize = 1 << 20;

/// The most bytes that the blob of a chunk of `raw_len` bytes can take.
pub const fn max_blob_len(raw_len: usize) -> usize {
    let _ = raw_len;
    todo!()
}

/// How much work goes into making a blob small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// Fastest.
    Fast,
    /// What is used when nothing is said.
    #[default]
    Default,
    /// Smallest.
    Max,
}

/// What the codec is told of a chunk. Kept in the blob's header, never part of a chunk's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// What the elements are; [`Dtype::Unknown`] leaves it to be guessed from the bytes.
    pub dtype: Dtype,
    /// Elements in a row of the tensor; 0 when there are no rows.
    pub row: u32,
    /// Where in its tensor the chunk begins, in elements.
    pub offset: u64,
}

/// The chunk against which a delta is made. Its raw bytes are those at the same place of the base's
/// tensor, and its own blob is never a delta.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// The BLAKE3 of `raw`.
    pub id: [u8; 32],
    /// Its raw bytes, whole.
    pub raw: &'a [u8],
    /// Its elements' dtype.
    pub dtype: Dtype,
}

/// A blob and what names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Header and frames.
    pub bytes: Vec<u8>,
    /// How many of them are the header.
    pub header_len: usize,
    /// The BLAKE3 of the header.
    pub id: [u8; 32],
    /// The chunk against which it is a delta.
    pub base: Option<[u8; 32]>,
}

/// Encodes a chunk. With a base the result is a delta only where that is smaller. Never fails:
/// what cannot be made smaller is stored as it is.
///
/// `chunk_id` is the BLAKE3 of `raw`, which the caller has at hand already.
///
/// # Panics
/// When `raw` is longer than [`MAX_CHUNK_LEN`].
pub fn encode(
    raw: &[u8],
    chunk_id: [u8; 32],
    hint: &Hint,
    base: Option<&Base<'_>>,
    level: Level,
) -> Blob {
    let _ = (raw, chunk_id, hint, base, level);
    todo!()
}

/// Decodes and verifies a whole blob: header against itself, each frame against its hash and its
/// check, the result against the chunk id.
pub fn decode(blob: &[u8], base: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let _ = (blob, base);
    todo!()
}

/// A blob's header, parsed and checked for consistency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    // private fields
}

/// What [`Header::parse`] found in a blob's first bytes.
pub enum Parsed {
    /// The header, and its length: the frames begin there.
    Header(Box<Header>, usize),
    /// At least so many bytes from the blob's beginning are needed.
    NeedMore(usize),
}

impl Header {
    /// Parses the header at the beginning of `prefix`, which may stop short or go on into the frames.
    pub fn parse(prefix: &[u8]) -> Result<Parsed, Error> {
        let _ = prefix;
        todo!()
    }

    /// The blob's id: the BLAKE3 of the header's bytes.
    pub fn blob_id(&self) -> [u8; 32] {
        todo!()
    }

    /// The BLAKE3 of the chunk's raw bytes, as the blob's maker claims.
    pub fn chunk_id(&self) -> [u8; 32] {
        todo!()
    }

    /// Raw bytes of the chunk.
    pub fn raw_len(&self) -> u64 {
        todo!()
    }

    /// Bytes of the whole blob, header included.
    pub fn blob_len(&self) -> u64 {
        todo!()
    }

    /// The hint that the blob was made with, its dtype guessed where it was unknown.
    pub fn hint(&self) -> Hint {
        todo!()
    }

    /// The chunk against which the blob is a delta.
    pub fn base(&self) -> Option<[u8; 32]> {
        todo!()
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        todo!()
    }

    /// The frames that hold a range of raw bytes, which must lie inside the chunk.
    pub fn frames_of(&self, raw: Range<u64>) -> Range<usize> {
        let _ = raw;
        todo!()
    }

    /// The raw bytes that a run of frames holds.
    pub fn raw_range(&self, frames: Range<usize>) -> Range<u64> {
        let _ = frames;
        todo!()
    }

    /// Where in the blob a run of frames is.
    pub fn stored_range(&self, frames: Range<usize>) -> Range<u64> {
        let _ = frames;
        todo!()
    }

    /// Verifies and decodes a run of frames from exactly its stored bytes, appending the raw bytes
    /// to `out`. A delta needs the base's raw bytes, whole.
    pub fn decode_frames(
        &self,
        frames: Range<usize>,
        stored: &[u8],
        base: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let _ = (frames, stored, base, out);
        todo!()
    }
}

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
