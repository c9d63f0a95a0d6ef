//! PyTorch's zip files: a pickle that says what the storages are, and an entry for each of them.

use std::io;
use std::ops::Range;

use super::contents::{Places, bare, text, understood};
use super::names;
use super::tensors::Storages;
use crate::format::{Contents, Format, Found, MAX_HEAD_LEN};
use crate::pickle;
use crate::read_at::{ReadAt, read_vec};
use crate::zip::{self, Directory, Entry};

pub(crate) struct Archive;

impl Format for Archive {
    fn sniff(&self, head: &[u8]) -> Found {
        match head.get(..zip::MAGIC.len()) {
            Some(zip::MAGIC) => Found::WholeFile,
            None if zip::MAGIC.starts_with(head) => Found::NeedMore(zip::MAGIC.len()),
            _ => Found::No,
        }
    }

    fn read(&self, file: &dyn ReadAt) -> io::Result<Option<Contents>> {
        let Some(directory) = Directory::read(file)? else {
            return Ok(None);
        };
        let Some((entry, folder)) = find_pickle(&directory) else {
            return Ok(None);
        };
        let pickle = directory.data(file, entry)?;
        let Some(pickle) = pickle.filter(|p| p.end - p.start <= MAX_HEAD_LEN as u64) else {
            return Ok(None);
        };
        let bytes = read_vec(file, pickle.start, (pickle.end - pickle.start) as usize)?;
        let parts = Parts::find(file, &directory, folder)?;
        let mut contents = parts.contents(&bytes);
        contents.regions.push(text(entry.header..pickle.end));
        contents.regions.push(text(directory.start..file.size()));
        Ok(Some(contents))
    }
}

/// The entry `<folder>/data.pkl`, and what all names begin with: `<folder>/`.
fn find_pickle(directory: &Directory) -> Option<(&Entry, &[u8])> {
    directory.entries.iter().find_map(|entry| {
        let folder = entry.name.strip_suffix(b"/data.pkl")?;
        let top = !folder.contains(&b'/');
        top.then_some((entry, &entry.name[..=folder.len()]))
    })
}

/// What the pickle speaks of.
struct Parts<'a> {
    places: Places<'a>,
    big_endian: bool,
}

impl<'a> Parts<'a> {
    fn find(file: &dyn ReadAt, directory: &'a Directory, folder: &[u8]) -> io::Result<Parts<'a>> {
        let mut parts = Parts {
            places: Places::new(),
            big_endian: false,
        };
        for entry in &directory.entries {
            match entry.name.strip_prefix(folder) {
                Some([b'd', b'a', b't', b'a', b'/', key @ ..]) => {
                    if let Some(place) = directory.data(file, entry)? {
                        parts.places.insert(key, place);
                    }
                }
                Some(b"byteorder") => {
                    let place = directory.data(file, entry)?;
                    parts.big_endian = place.map_or(Ok(false), |place| is_big(file, place))?;
                }
                _ => {}
            }
        }
        Ok(parts)
    }

    fn contents(&self, pickle: &[u8]) -> Contents {
        let Some(graph) = pickle::read(pickle) else {
            return bare(&self.places);
        };
        let views = names::walk(&graph);
        let mut storages = Storages::of(&graph, &views);
        storages.check(|key| self.places.get(key).map(|place| place.end - place.start));
        if self.big_endian {
            storages.forget();
        }
        understood(&views, &storages, &self.places)
    }
}

fn is_big(file: &dyn ReadAt, place: Range<u64>) -> io::Result<bool> {
    Ok(place.end - place.start == 3 && read_vec(file, place.start, 3)? == b"big")
}
