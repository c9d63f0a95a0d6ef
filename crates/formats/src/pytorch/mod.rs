//! PyTorch's files: the zip files of today, and what was written before them.

mod archive;
mod contents;
mod dtypes;
mod legacy;
mod names;
mod tensors;

pub(crate) use archive::Archive;
pub(crate) use legacy::Legacy;
