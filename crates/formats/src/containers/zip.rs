//! Zip files of no particular kind: NumPy's `.npz`, Keras's `.keras`, models that were put together, and
//! llamafiles, which begin with a program.

use std::borrow::Cow;
use std::io;

use sheaf_codec::Dtype;

use super::parts::{Part, look};
use crate::format::{Contents, Format, Found, Region};
use crate::read_at::{ReadAt, read_vec};
use crate::zip::{self, Directory};

pub(crate) struct Zip;

/// Above that of PyTorch's zip files, which may lie in others.
const RANK: u8 = 2;

/// What programs begin with: those that run everywhere, and what becomes of them on Linux and on macOS.
/// Places in the zip behind one are those of the file.
const PROGRAMS: [&[u8]; 3] = [b"MZqFpD", b"\x7fELF", b"\xcf\xfa\xed\xfe"];

/// What is looked at of most files in it.
const LOOKED_AT: u64 = 512;

impl Format for Zip {
    fn sniff(&self, head: &[u8]) -> Found {
        let begins = PROGRAMS.into_iter().chain([zip::MAGIC]);
        let needed = begins.clone().filter(|begin| begin.starts_with(head));
        if begins.into_iter().any(|begin| head.starts_with(begin)) {
            return Found::WholeFile;
        }
        match needed.map(<[u8]>::len).max() {
            Some(len) => Found::NeedMore(len),
            None => Found::No,
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
        let head = read_vec(file, 0, zip::MAGIC.len())?;
        contents.format = match (inside.arrays, inside.others) {
            _ if head != zip::MAGIC => "llamafile",
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
