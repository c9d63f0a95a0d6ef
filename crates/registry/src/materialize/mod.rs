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

pub(crate) use ahead::{Piece, ahead};
pub use blob::OpenBlob;
pub(crate) use blob::blob_pieces;
pub(crate) use chunk::{OpenChunk, damaged, verified_header, verify_blob};
pub use file::OpenFile;
pub(crate) use reader::StoredFile;
pub(crate) use run::{Form, runs};
