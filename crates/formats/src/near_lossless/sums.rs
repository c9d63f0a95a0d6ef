//! Zip files: their entries' sums must be those of the rounded bytes.

use std::io::{self, Read};
use std::ops::Range;

use super::crc32::Crc32;
use super::parts::{Part, Rounding};
use super::reader::Rounded;
use crate::read_at::{ReadAt, read_vec};
use crate::zip::{Directory, Entry};

/// Bytes per read.
const READ_LEN: usize = 1 << 20;

/// Bytes of a file that become others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    pub at: u64,
    pub bytes: [u8; 4],
}

/// Finds what of a zip's sums changes by rounding. Parts that lie in no entry whose sums can be found
/// are not rounded. A sum that is none of the entry's bytes (torch can leave it away) stays.
pub(super) fn patch(file: &dyn ReadAt, rounding: &mut Rounding) -> io::Result<()> {
    let parts = std::mem::take(&mut rounding.parts);
    let Some(directory) = Directory::read(file)? else {
        return Ok(());
    };
    for entry in &directory.entries {
        let Some(data) = directory.data(file, entry)? else {
            continue;
        };
        let within: Vec<&Part> = parts.iter().filter(|part| lies_in(part, &data)).collect();
        if within.is_empty() {
            continue;
        }
        let Some(places) = places(file, &directory, entry, &data)? else {
            continue;
        };
        let (before, after) = sums(file, &data, rounding, &within)?;
        if before != after && before == entry.sum {
            let bytes = after.to_le_bytes();
            rounding
                .patches
                .extend(places.into_iter().map(|at| Patch { at, bytes }));
        }
        rounding.parts.extend(within.into_iter().cloned());
    }
    // Entries come in any order, and may be one and the same.
    rounding.parts.sort_by_key(|part| part.range.start);
    rounding.parts.dedup();
    rounding.patches.sort_by_key(|patch| patch.at);
    rounding.patches.dedup();
    Ok(())
}

fn lies_in(part: &Part, data: &Range<u64>) -> bool {
    data.start <= part.range.start && part.range.end <= data.end
}

/// Where an entry's sum is: in the directory, before the data and after it, each where it is there.
fn places(
    file: &dyn ReadAt,
    directory: &Directory,
    entry: &Entry,
    data: &Range<u64>,
) -> io::Result<Option<Vec<u64>>> {
    let sum = entry.sum.to_le_bytes();
    let mut places = vec![directory.start + entry.sum_at];
    let before = entry.header + 14;
    let has_before = read_vec(file, before, 4)? == sum;
    if has_before {
        places.push(before);
    }
    if entry.is_described_after() {
        let len = (directory.start - data.end).min(8);
        let after = read_vec(file, data.end, len as usize)?;
        let at = if after.starts_with(b"PK\x07\x08") {
            4
        } else {
            0
        };
        if after.get(at..at + 4) != Some(&sum) {
            return Ok(None);
        }
        places.push(data.end + at as u64);
    } else if !has_before {
        return Ok(None);
    }
    Ok(Some(places))
}

/// The sums of an entry's bytes as they are and rounded.
fn sums(
    file: &dyn ReadAt,
    data: &Range<u64>,
    rounding: &Rounding,
    parts: &[&Part],
) -> io::Result<(u32, u32)> {
    let shifted = |part: &&Part| Part {
        range: part.range.start - data.start..part.range.end - data.start,
        ..(*part).clone()
    };
    let within = Rounding {
        bits: rounding.bits,
        parts: parts.iter().map(shifted).collect(),
        patches: vec![],
    };
    let sum = Crc32::new();
    let (at, end) = (data.start, data.end);
    let mut rounded = Rounded::new(Summed { file, at, end, sum }, within);
    let mut after = Crc32::new();
    let mut buffer = vec![0; READ_LEN];
    loop {
        match rounded.read(&mut buffer)? {
            0 => break,
            read => after.update(&buffer[..read]),
        }
    }
    let (summed, _) = rounded.finish();
    Ok((summed.sum.finish(), after.finish()))
}

/// A range of a file, summed as it is read.
struct Summed<'a> {
    file: &'a dyn ReadAt,
    at: u64,
    end: u64,
    sum: Crc32,
}

impl Read for Summed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = (self.end - self.at).min(out.len() as u64) as usize;
        self.file.read_exact_at(self.at, &mut out[..len])?;
        self.sum.update(&out[..len]);
        self.at += len as u64;
        Ok(len)
    }
}
