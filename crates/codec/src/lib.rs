//! What the codec is told of a chunk: the dtypes that it knows, and the limits of a chunk.
//! Pure: no I/O, no clock, no global state.

mod dtype;

pub use dtype::Dtype;

/// The most raw bytes that a chunk may have.
pub const MAX_CHUNK_LEN: usize = 16 << 20;

/// What the codec is told of a chunk. Never part of a chunk's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// What the elements are; [`Dtype::Unknown`] leaves it to be guessed from the bytes.
    pub dtype: Dtype,
    /// Elements in a row of the tensor; 0 when there are no rows.
    pub row: u32,
    /// Where in its tensor the chunk begins, in elements.
    pub offset: u64,
}
