//! Files of files: what is understood of the files in them is understood in them.

mod parts;
pub(crate) mod tar;
mod zip;

pub(crate) use tar::Tar;
pub(crate) use zip::Zip;
