//! Zip files of no particular kind: NumPy's `.npz`, Keras's `.keras`, models that were put together, and
//! llamafiles, which begin with a program.

use std::borrow::Cow;
use std::io;

use sheaf_codec::Dtype;

use super::parts::{Part, look};
use crate::format::{Contents, Format, Found, Region};
use crate::read_at::ReadAt;
use crate::zip::{self, Directory};

pub(crate) struct Zip;

/// Above that of PyTorch's zip files, which may lie in others.
const RANK: u8 = 2;

/// What a program that runs everywhere begins with; places in the zip behind it are those of the file.
const PROGRAM: &[u8] = b"MZqFpD";

/// What is looked at of most files in it.
const LOOKED_AT: u64 = 512;

impl Format for Zip {
    fn sniff(&self, head: &[u8]) -> Found {
        if head.starts_with(PROGRAM) {
            return Found::WholeFile;
        }
        if head.len() < PROGRAM.len() && PROGRAM.starts_with(head) {
            return Found::NeedMore(PROGRAM.len());
        }
        match head.get(..zip::MAGIC.len()) {
            Some(zip::MAGIC) => Found::WholeFile,
            None if zip::MAGIC.starts_with(head) => Found::NeedMore(zip::MAGIC.len()),
            _ => Found::No,
        }
    }

    fn rank(&self) -> u8 {
        RANK
    }

    fn read(&self, file: &dyn ReadAt) -> io::Result<Option<Contents>> {
        let Some(directory) = Directory::read(file)? else {
            return Ok(None);
        };
        directory.expect_headers(file, LOOKED_AT);
        let mut parts = Vec::new();
        for entry in &directory.entries {
            if let Some(range) = directory.data(file, entry)? {
                let name = Cow::from(&entry.name);
                parts.push(Part { name, range });
            }
        }
        let inside = look(file, parts, RANK)?;
        let mut contents = inside.contents;
        contents.format = match (inside.arrays, inside.others) {
            (1.., 0) => "npz",
            _ => "zip",
        };
        contents.regions.push(Region {
            range: directory.start..file.size(),
            dtype: Dtype::Bytes,
            row: 0,
            key: 0,
        });
        Ok(Some(contents))
    }
}
