//! HDF5, as of Keras's `.h5`: groups of datasets, whose elements lie in one piece or in chunks.
//!
//! Groups and datasets are found by addresses anywhere in the file, so that it must be had whole. Read
//! are superblocks of all versions, groups by symbol tables and by link messages, and chunks
//! by a tree of the first version, alone, or one after the other. Chunks that went through a filter are
//! bytes of unknown kind.

mod chunks;
mod datatype;
mod group;
mod object;

use std::collections::HashSet;
use std::io;

use crate::format::{Contents, Format, Found, MAX_TENSORS, Region};
use crate::layout::Tensor;
use crate::protobuf::{Stop, sound};
use crate::read_at::ReadAt;
use crate::size;
use crate::source::Source;
use chunks::Place;
use object::Object;

/// An address of nothing.
const NOWHERE: u64 = u64::MAX;

const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The longest name, path included, that is kept, and the most bytes of all names.
const MAX_NAME_LEN: usize = 512;
const MAX_NAMES_LEN: usize = 32 << 20;

pub(crate) struct Hdf5;

impl Format for Hdf5 {
    fn sniff(&self, head: &[u8]) -> Found {
        match head.get(..MAGIC.len()) {
            Some(MAGIC) => Found::WholeFile,
            None if MAGIC.starts_with(head) => Found::NeedMore(MAGIC.len()),
            _ => Found::No,
        }
    }

    fn read(&self, file: &dyn ReadAt) -> io::Result<Option<Contents>> {
        let mut source = Source::new(file);
        let Some(root) = sound(root(&mut source))? else {
            return Ok(None);
        };
        let mut walk = Walk {
            source,
            seen: HashSet::from([root]),
            todo: vec![(root, String::new())],
            names: 0,
            contents: Contents {
                format: "hdf5",
                ..Contents::unknown()
            },
        };
        walk.all()?;
        Ok(Some(walk.contents))
    }
}

/// Where the header of the root group is.
fn root(source: &mut Source<'_>) -> Result<u64, Stop> {
    let head = source.bytes(0, 24)?;
    let (addresses, lengths, root) = match head[8] {
        0 => (head[13], head[14], 24 + 4 * 8 + 8),
        1 => (head[13], head[14], 28 + 4 * 8 + 8),
        2 | 3 => (head[9], head[10], 12 + 3 * 8),
        _ => return Err(Stop::Malformed),
    };
    // Nobody writes addresses of other lengths any more.
    if (addresses, lengths) != (8, 8) {
        return Err(Stop::Malformed);
    }
    source.number(root, 8)
}

/// On the way through all groups.
struct Walk<'a> {
    source: Source<'a>,
    /// The objects that were looked at, or will be: links may go in a circle.
    seen: HashSet<u64>,
    todo: Vec<(u64, String)>,
    /// Bytes of all names.
    names: usize,
    contents: Contents,
}

impl Walk<'_> {
    fn all(&mut self) -> io::Result<()> {
        while let Some((at, name)) = self.todo.pop() {
            // What is broken does not spoil the rest.
            sound(self.one(at, &name))?;
        }
        Ok(())
    }

    fn one(&mut self, at: u64, name: &str) -> Result<(), Stop> {
        let object = Object::read(&mut self.source, at)?;
        for (link, child) in group::links(&mut self.source, &object)? {
            let full = self.seen.len() >= MAX_TENSORS || self.names >= MAX_NAMES_LEN;
            if !full && self.seen.insert(child) {
                let name = joined(name, &link);
                self.names += name.len();
                self.todo.push((child, name));
            }
        }
        self.dataset(&object, name)
    }

    fn dataset(&mut self, object: &Object, name: &str) -> Result<(), Stop> {
        let (Some(shape), Some(datatype)) = (object.shape(), object.datatype()) else {
            return Ok(());
        };
        for place in chunks::places(&mut self.source, object, &shape, datatype.width)? {
            if self.contents.tensors.len() == MAX_TENSORS || self.names >= MAX_NAMES_LEN {
                break;
            }
            let Some(tensor) = tensor(name, place, &datatype) else {
                continue;
            };
            self.names += tensor.name.len();
            self.contents.regions.push(Region::of(&tensor));
            self.contents.tensors.push(tensor);
        }
        Ok(())
    }
}

fn joined(group: &str, link: &str) -> String {
    let slash = if group.is_empty() { "" } else { "/" };
    let mut name = format!("{group}{slash}{link}");
    name.truncate(name.floor_char_boundary(MAX_NAME_LEN));
    name
}

/// The tensor that a dataset or a chunk of one is, where its bytes are as many as its elements take.
fn tensor(name: &str, place: Place, datatype: &datatype::Datatype) -> Option<Tensor> {
    let len = size::elements(&place.shape)?.checked_mul(datatype.width)?;
    if len != place.range.end.checked_sub(place.range.start)? {
        return None;
    }
    Some(Tensor {
        name: format!("{name}{}", place.suffix),
        dtype_name: datatype.name.clone(),
        dtype: datatype.dtype,
        shape: place.shape,
        range: place.range,
    })
}
