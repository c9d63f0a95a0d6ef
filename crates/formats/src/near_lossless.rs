//! Near-lossless: weights rounded down to multiples of 2^-bits, before anything is hashed.
//!
//! A file is gone through twice. [`Rounding::plan`] finds the tensors that may be rounded;
//! [`Rounded`] is the file's bytes with those tensors rounded, in bounded memory, and measures what
//! that does to each. Rounding what was rounded changes nothing.
//!
//! Left alone, bit for bit: whatever is no tensor of half, bfloat16, single or double floats; tensors
//! that have a number beyond 1 on either side, an infinity or a NaN anywhere; tensors that share
//! bytes with one of another dtype or of another phase. In a zip, as of PyTorch, the sums of what is in it
//! become those of the rounded bytes; for that such a file is gone through once more before.

pub(crate) mod crc32;
mod float;
mod parts;
mod reader;
mod sums;

pub use parts::{Bits, Rounding};
pub use reader::Rounded;
