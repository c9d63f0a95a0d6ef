//! PyTorch's zip files: a pickle that says what the storages are, and an entry for each of them.
//! TorchScript's have constants besides, in a pickle of their own.

use std::io;

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

    fn rank(&self) -> u8 {
        1
    }

    fn read(&self, file: &dyn ReadAt) -> io::Result<Option<Contents>> {
        let Some(directory) = Directory::read(file)? else {
            return Ok(None);
        };
        let Some(folder) = find_folder(&directory) else {
            return Ok(None);
        };
        directory.expect_headers(file, 0);
        let big_endian = is_big(file, &directory, folder)?;
        let mut contents = Contents {
            format: "pytorch",
            ..Contents::unknown()
        };
        for &(pickle, storages) in PICKLES {
            let storages = [folder, storages].concat();
            let places = places(file, &directory, &storages)?;
            let found = match find(&directory, &[folder, pickle].concat()) {
                Some(entry) => read_pickle(file, &directory, entry, &places, big_endian)?,
                None => bare(&places),
            };
            contents.add(found, if pickle == MAIN { "" } else { "constants" });
        }
        contents.regions.push(text(directory.start..file.size()));
        Ok(Some(contents))
    }
}

/// The pickle that every file has.
const MAIN: &[u8] = b"data.pkl";

/// The pickles and the folders of their storages: those of TorchScript have their constants apart.
const PICKLES: &[(&[u8], &[u8])] = &[(MAIN, b"data/"), (b"constants.pkl", b"constants/")];

/// What all names begin with, `<folder>/`, by the one that is `<folder>/data.pkl`.
fn find_folder(directory: &Directory) -> Option<&[u8]> {
    directory.entries.iter().find_map(|entry| {
        let folder = entry.name.strip_suffix(MAIN)?;
        let (slash, name) = folder.split_last()?;
        (*slash == b'/' && !name.contains(&b'/')).then_some(folder)
    })
}

fn find<'a>(directory: &'a Directory, name: &[u8]) -> Option<&'a Entry> {
    directory.entries.iter().find(|entry| entry.name == name)
}

/// The storages in a folder.
fn places<'a>(
    file: &dyn ReadAt,
    directory: &'a Directory,
    folder: &[u8],
) -> io::Result<Places<'a>> {
    let mut places = Places::new();
    for entry in &directory.entries {
        if let Some(key) = entry.name.strip_prefix(folder)
            && let Some(place) = directory.data(file, entry)?
        {
            places.insert(key, place);
        }
    }
    Ok(places)
}

/// What a pickle says of its storages.
fn read_pickle(
    file: &dyn ReadAt,
    directory: &Directory,
    entry: &Entry,
    places: &Places<'_>,
    big_endian: bool,
) -> io::Result<Contents> {
    let place = directory.data(file, entry)?;
    let Some(place) = place.filter(|place| place.end - place.start <= MAX_HEAD_LEN as u64) else {
        return Ok(bare(places));
    };
    let bytes = read_vec(file, place.start, (place.end - place.start) as usize)?;
    let mut contents = understood_pickle(&bytes, places, big_endian);
    contents.regions.push(text(entry.header..place.end));
    Ok(contents)
}

fn understood_pickle(pickle: &[u8], places: &Places<'_>, big_endian: bool) -> Contents {
    let Some(graph) = pickle::read(pickle) else {
        return bare(places);
    };
    let views = names::walk(&graph);
    let mut storages = Storages::of(&graph, &views);
    storages.check(|key| places.get(key).map(|place| place.end - place.start));
    if big_endian {
        storages.forget();
    }
    understood(&views, &storages, places)
}

/// Whether numbers are in the other order of bytes.
fn is_big(file: &dyn ReadAt, directory: &Directory, folder: &[u8]) -> io::Result<bool> {
    let Some(entry) = find(directory, &[folder, b"byteorder"].concat()) else {
        return Ok(false);
    };
    match directory.data(file, entry)? {
        Some(place) if place.end - place.start == 3 => {
            Ok(read_vec(file, place.start, 3)? == b"big")
        }
        _ => Ok(false),
    }
}
