//! PyTorch's zip files: a pickle that says what the storages are, and an entry for each of them.

mod dtypes;
mod names;
mod tensors;

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

use crate::format::{self, Contents, Format, Found, MAX_HEAD_LEN, Region};
use crate::layout::Tensor;
use crate::pickle::{self, Graph};
use crate::read_at::{ReadAt, read_vec};
use crate::zip::{self, Directory, Entry};
use tensors::{Storages, View};

pub(crate) struct Pytorch;

impl Format for Pytorch {
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
        let Some(archive) = Archive::open(file, &directory)? else {
            return Ok(None);
        };
        let Some(pickle) = archive.pickle(file)? else {
            return Ok(None);
        };
        let bytes = read_vec(file, pickle.start, (pickle.end - pickle.start) as usize)?;
        let graph = pickle::read(&bytes);
        let mut contents = match &graph {
            Some(graph) => understood(&archive, graph),
            // The storages' edges are worth having all the same.
            None => bare(&archive),
        };
        contents
            .regions
            .push(text(archive.pickle_entry.header..pickle.end));
        contents.regions.push(text(directory.start..file.size()));
        Ok(Some(contents))
    }
}

/// The parts of a zip file that PyTorch wrote.
struct Archive<'a> {
    directory: &'a Directory,
    pickle_entry: &'a Entry,
    /// The bytes of each storage, by its key.
    storages: HashMap<&'a [u8], Range<u64>>,
    big_endian: bool,
}

impl<'a> Archive<'a> {
    fn open(file: &dyn ReadAt, directory: &'a Directory) -> io::Result<Option<Archive<'a>>> {
        let Some((pickle_entry, prefix)) = find_pickle(directory) else {
            return Ok(None);
        };
        let mut archive = Archive {
            directory,
            pickle_entry,
            storages: HashMap::new(),
            big_endian: false,
        };
        for entry in &directory.entries {
            match entry.name.strip_prefix(prefix) {
                Some([b'd', b'a', b't', b'a', b'/', key @ ..]) => {
                    if let Some(range) = directory.data(file, entry)? {
                        archive.storages.insert(key, range);
                    }
                }
                Some(b"byteorder") => archive.big_endian = is_big(file, directory, entry)?,
                _ => {}
            }
        }
        Ok(Some(archive))
    }

    /// The pickle's bytes, where they are stored as they are and are few enough.
    fn pickle(&self, file: &dyn ReadAt) -> io::Result<Option<Range<u64>>> {
        let range = self.directory.data(file, self.pickle_entry)?;
        Ok(range.filter(|range| range.end - range.start <= MAX_HEAD_LEN as u64))
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

fn is_big(file: &dyn ReadAt, directory: &Directory, entry: &Entry) -> io::Result<bool> {
    match directory.data(file, entry)? {
        Some(range) if range.end - range.start == 3 => {
            Ok(read_vec(file, range.start, 3)? == b"big")
        }
        _ => Ok(false),
    }
}

fn understood<'a>(archive: &Archive<'_>, graph: &Graph<'a>) -> Contents {
    let views = names::walk(graph);
    let mut storages = Storages::of(graph, &views);
    storages.check(|key| {
        archive
            .storages
            .get(key)
            .map(|range| range.end - range.start)
    });
    let first_views = first_views(&views);
    let regions = archive.storages.iter().map(|(key, range)| {
        let dtype = storages
            .get(key)
            .map_or(Dtype::Unknown, |storage| storage.dtype);
        let dtype = if archive.big_endian {
            Dtype::Unknown
        } else {
            dtype
        };
        let view = first_views.get(key);
        Region {
            range: range.clone(),
            dtype,
            row: view.map_or(0, |view| view.row()),
            key: view.map_or(0, |view| format::key(&view.name)),
        }
    });
    let tensors = views.iter().filter_map(|view| {
        let range = archive.storages.get(view.storage)?;
        tensor(view, &storages, range)
    });
    Contents {
        format: "pytorch",
        tensors: tensors.collect(),
        metadata: vec![],
        regions: regions.collect(),
    }
}

fn bare(archive: &Archive<'_>) -> Contents {
    let region = |range: &Range<u64>| Region {
        range: range.clone(),
        dtype: Dtype::Unknown,
        row: 0,
        key: 0,
    };
    Contents {
        format: "pytorch",
        tensors: vec![],
        metadata: vec![],
        regions: archive.storages.values().map(region).collect(),
    }
}

fn text(range: Range<u64>) -> Region {
    Region {
        range,
        dtype: Dtype::Bytes,
        row: 0,
        key: 0,
    }
}

/// Of the views of a storage the one that begins first, and of these the largest: most often the
/// storage itself, under the name that other files have for it.
fn first_views<'v, 'a>(views: &'v [View<'a>]) -> HashMap<&'a [u8], &'v View<'a>> {
    let mut first: HashMap<&[u8], &View<'a>> = HashMap::new();
    for view in views {
        let known = first.entry(view.storage).or_insert(view);
        if (view.offset, std::cmp::Reverse(view.extent()))
            < (known.offset, std::cmp::Reverse(known.extent()))
        {
            *known = view;
        }
    }
    first
}

/// The tensor that a view is, where its storage's bytes hold it.
fn tensor(view: &View<'_>, storages: &Storages<'_>, range: &Range<u64>) -> Option<Tensor> {
    let storage = storages.get(view.storage)?;
    let word = view.word.unwrap_or(storage.word);
    let width = word.width;
    let start = view.offset.checked_mul(width)?.checked_add(range.start)?;
    let end = view.extent()?.checked_mul(width)?.checked_add(start)?;
    (end <= range.end).then(|| Tensor {
        name: view.name.clone(),
        dtype_name: format!("torch.{}", word.name),
        dtype: word.dtype,
        shape: view.shape.clone(),
        range: start..end,
    })
}
