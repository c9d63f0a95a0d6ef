//! The files in a file, each with what is in it.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

use crate::format::{self, Contents, Region};
use crate::groups::{LIGHT, STANDS_ALONE};
use crate::layout::Tensor;
use crate::read_at::{ReadAt, Section};

/// The most files that are looked into.
const MAX_PARTS: usize = 1 << 16;

/// A file in a file.
pub(super) struct Part<'a> {
    pub name: Cow<'a, [u8]>,
    /// Its bytes, within the file.
    pub range: Range<u64>,
}

/// What is in the files in a file, and of how many each format is.
pub(super) struct Inside {
    pub contents: Contents,
    /// Arrays of NumPy.
    pub arrays: usize,
    /// Others that were understood.
    pub others: usize,
}

/// Looks into files in a file of this rank. Of those that overlap the first is looked into, so that
/// no byte is read for many.
pub(super) fn look(file: &dyn ReadAt, mut parts: Vec<Part<'_>>, rank: u8) -> io::Result<Inside> {
    parts.sort_by(|a, b| {
        let order = |part: &Part<'_>| (part.range.start, part.range.end);
        order(a).cmp(&order(b))
    });
    let mut inside = Inside {
        contents: Contents::unknown(),
        arrays: 0,
        others: 0,
    };
    let mut end = 0;
    for part in parts.into_iter().take(MAX_PARTS) {
        if part.range.start < end || part.range.is_empty() {
            continue;
        }
        end = part.range.end;
        inside.add(file, &part, rank)?;
    }
    Ok(inside)
}

impl Inside {
    fn add(&mut self, file: &dyn ReadAt, part: &Part<'_>, rank: u8) -> io::Result<()> {
        let section = Section {
            file,
            range: part.range.clone(),
        };
        let found = format::contents_below(&section, rank)?;
        match found.format {
            "unknown" => {
                self.contents.regions.extend(alone(part));
                return Ok(());
            }
            "numpy" => self.arrays += 1,
            _ => self.others += 1,
        }
        let name = String::from_utf8_lossy(&part.name);
        let name = name.strip_suffix(".npy").unwrap_or(&name);
        self.contents.add(moved(found, &part.range), name);
        Ok(())
    }
}

/// A long file that is not understood still begins and ends somewhere. Short ones are many, and
/// better off together.
fn alone(part: &Part<'_>) -> Option<Region> {
    (part.range.end - part.range.start >= STANDS_ALONE).then(|| Region {
        range: part.range.clone(),
        dtype: Dtype::Unknown,
        row: 0,
        key: 0,
    })
}

/// What was found in a part, in the places of the whole.
fn moved(mut found: Contents, within: &Range<u64>) -> Contents {
    found.tensors = found
        .tensors
        .into_iter()
        .filter_map(|tensor| {
            let range = shifted(&tensor.range, within)?;
            // Of a part that was cut short.
            (range.end <= within.end).then_some(Tensor { range, ..tensor })
        })
        .collect();
    found.regions = found
        .regions
        .into_iter()
        // A short header goes along with what is around it.
        .filter(|r| r.dtype != Dtype::Bytes || r.range.end.saturating_sub(r.range.start) > LIGHT)
        .filter_map(|region| {
            let mut range = shifted(&region.range, within)?;
            range.end = range.end.min(within.end);
            Some(Region { range, ..region })
        })
        .collect();
    found
}

fn shifted(range: &Range<u64>, within: &Range<u64>) -> Option<Range<u64>> {
    let start = range.start.checked_add(within.start)?;
    Some(start..range.end.checked_add(within.start)?)
}
