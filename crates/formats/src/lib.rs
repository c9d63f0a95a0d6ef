//! What is in a model file: its tensors, their dtypes, and where to cut it into chunks.
//!
//! Everything here reads hostile input: nothing is executed, no length is believed before it is
//! checked, and a file that does not parse is a file of unknown kind, never an error.
//!
//! A file's cuts depend on its bytes, and where those say nothing, on what a file beside it says ([`told`]).
//! [`sniff`] looks at a file's beginning and says how its
//! layout is found; [`Chunker`] then turns the file's bytes into chunks as they stream by.
//!
//! The way through: a `Format` turns bytes into `Contents` (tensors to show, regions to cut),
//! `cuts` plans segments from the regions, and the chunker walks the segments.

mod ahead;
mod beside;
mod cdc;
mod chunker;
mod containers;
mod coreml;
mod ctranslate2;
mod cuts;
mod format;
mod gguf;
mod groups;
mod hdf5;
mod kinds;
mod layout;
mod metadata;
pub mod near_lossless;
mod numpy;
mod onnx;
mod packed;
mod phase;
mod pickle;
mod protobuf;
mod pytorch;
mod read_at;
mod safetensors;
pub mod scan;
mod size;
mod source;
mod tflite;
mod walk;
mod zip;

pub use beside::{MAX_INDEX_LEN, Place, Told, may_be_index, told};
pub use chunker::{Chunk, Chunker};
pub use format::{MAX_HEAD_LEN, Sniff, sniff};
pub use layout::{Beside, Layout, Tensor, layout};
pub use read_at::ReadAt;
