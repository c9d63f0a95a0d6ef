//! Bytes on their way out: read, verified, decoded.

mod blob;
mod chunk;
mod container;
mod file;
mod manifest;
mod reader;
mod tensors;

pub use blob::OpenBlob;
pub use file::OpenFile;
