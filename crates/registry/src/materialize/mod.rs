//! Bytes on their way out: read, verified, decoded.

mod ahead;
mod blob;
mod chunk;
mod container;
mod file;
mod manifest;
mod reader;
mod run;
mod tensors;

pub use blob::OpenBlob;
pub use file::OpenFile;
pub(crate) use reader::StoredFile;
