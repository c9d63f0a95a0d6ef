//! The codec for Python: `import sheaf`.
//!
//! Bytes go in and come out as `bytes`, which nobody can change while they are read: so no byte is
//! copied on the way in, and other threads of Python run meanwhile.

mod blobs;
mod chunk;
mod codec;
mod file;
mod names;
mod threads;

use pyo3::prelude::*;

/// A lossless codec for model weights.
#[pymodule]
mod sheaf {
    #[pymodule_export]
    use crate::blobs::{Buffer, Unsealed, encode_unsealed};
    #[pymodule_export]
    use crate::chunk::Chunk;
    #[pymodule_export]
    use crate::codec::{decode, encode};
    #[pymodule_export]
    use crate::file::{chunks, decode_all, encode_all};
    #[pymodule_export]
    use crate::names::dtypes;
}
