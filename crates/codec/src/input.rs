//! What goes into the encoder and what comes out of it.

use crate::Dtype;

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
