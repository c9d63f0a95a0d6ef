//! A chunk's bytes to a blob's bytes and back: planes by dtype, the cheapest coding of each plane
//! and frame, a self-describing versioned blob. Pure: no I/O, no clock, no state but a thread's buffers.
//!
//! [`encode`] makes a blob; [`Header::parse`] reads one's beginning, after which any frame decodes
//! alone; [`decode`] does it all at once. `docs/format.md` defines every byte.

#[cfg(test)]
mod agreement;
mod check;
mod coder;
mod cpu;
mod decode;
mod delta;
mod dtype;
mod encode;
mod error;
mod guess;
mod header;
mod input;
pub mod inspect;
mod layout;
mod noise;
#[cfg(test)]
#[path = "../tests/common/patterns.rs"]
mod patterns;
mod plan;
mod planes;
mod scratch;
pub mod stream;

#[cfg(feature = "machines")]
pub use cpu::{narrowly, plainly};
pub use decode::decode;
pub use dtype::Dtype;
pub use encode::{Unsealed, encode, encode_unsealed};
pub use error::Error;
pub use guess::looks_like;
pub use header::{Header, Parsed};
pub use input::{Base, Blob, Hint, Level};

/// The most raw bytes that a chunk may have.
pub const MAX_CHUNK_LEN: usize = 16 << 20;

/// Raw bytes of a frame, nominally: whole elements or blocks are kept together, so that a frame has
/// as many of those as fit ([`Header::raw_range`] tells), and a chunk's last frame may be shorter.
pub const FRAME_LEN: usize = 256 << 10;

/// How many of a blob's first bytes say how long its chunk is ([`Header::claimed_raw_len`]).
pub const CLAIM_LEN: usize = 13;

/// The most bytes that a blob's header may take.
pub const MAX_HEADER_LEN: usize = 1 << 20;

/// The most bytes that the blob of a chunk of `raw_len` bytes can take.
pub const fn max_blob_len(raw_len: usize) -> usize {
    // No block has more than 1 KiB, so that no frame but the last is shorter than this.
    let frames = raw_len / (FRAME_LEN - 1024) + 1;
    header::MAX_FIXED_LEN + raw_len + frames * (header::FRAME_ENTRY_LEN + plan::MAX_OVERHEAD)
}
