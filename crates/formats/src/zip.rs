//! The directory of a zip file, and where its entries' bytes are.

use std::io;
use std::ops::Range;

use crate::read_at::{ReadAt, read_vec};

/// What a zip file begins with.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";

/// The largest directory that is read.
const MAX_DIRECTORY_LEN: u64 = 32 << 20;

/// The lengths of the records, without what varies.
const END_LEN: usize = 22;
const END64_LEN: usize = 56;
const LOCATOR_LEN: u64 = 20;
const ENTRY_LEN: usize = 46;
const LOCAL_LEN: usize = 30;

/// What writers put between entries so that bytes begin at round places.
const PADDING: u64 = 64;

/// The longest comment at a file's end.
const MAX_COMMENT_LEN: u64 = 0xffff;

/// A 32-bit field whose value is in the zip64 record.
const IN_ZIP64: u64 = 0xffff_ffff;

/// A file in a zip file, as the directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub name: Vec<u8>,
    /// Where its local header is.
    pub header: u64,
    /// The sum of its bytes, and where in the directory that is.
    pub sum: u32,
    pub sum_at: u64,
    pub method: u64,
    pub flags: u64,
    /// The lengths of its bytes, as they are stored and as they were.
    pub compressed: u64,
    pub size: u64,
}

/// A zip file's directory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    pub entries: Vec<Entry>,
    /// Where it is in the file.
    pub start: u64,
}

impl Directory {
    /// Reads the directory, if the file has a sound one.
    pub fn read(file: &dyn ReadAt) -> io::Result<Option<Directory>> {
        let Some(range) = directory_range(file)? else {
            return Ok(None);
        };
        let bytes = read_vec(file, range.start, (range.end - range.start) as usize)?;
        Ok(parse_entries(&bytes).map(|entries| Directory {
            entries,
            start: range.start,
        }))
    }

    /// Says that the headers of the entries will be read, and about so many bytes behind each.
    pub fn expect_headers(&self, file: &dyn ReadAt, behind: u64) {
        let around = |entry: &Entry| {
            let len = (LOCAL_LEN + entry.name.len()) as u64 + PADDING + behind;
            entry.header.saturating_sub(PADDING)..entry.header.saturating_add(len)
        };
        file.expect(&self.entries.iter().map(around).collect::<Vec<_>>());
    }

    /// An entry's bytes, where they are stored as they are and the header before them agrees with
    /// the directory.
    pub fn data(&self, file: &dyn ReadAt, entry: &Entry) -> io::Result<Option<Range<u64>>> {
        let name_start = entry.header.saturating_add(LOCAL_LEN as u64);
        let name_end = name_start.saturating_add(entry.name.len() as u64);
        if !entry.is_stored() || name_end > self.start {
            return Ok(None);
        }
        let local = read_vec(file, entry.header, LOCAL_LEN + entry.name.len())?;
        let Some(extra) = entry.extra_len(&local) else {
            return Ok(None);
        };
        let start = name_end.saturating_add(extra);
        let end = start.saturating_add(entry.size);
        Ok((end <= self.start).then_some(start..end))
    }
}

impl Entry {
    fn is_stored(&self) -> bool {
        let encrypted = self.flags & 1 != 0;
        self.method == 0 && !encrypted && self.compressed == self.size
    }

    /// Whether sum and sizes come after its bytes.
    pub fn is_described_after(&self) -> bool {
        self.flags & 8 != 0
    }

    /// The length of the extra field in a local header, if that is this entry's.
    fn extra_len(&self, local: &[u8]) -> Option<u64> {
        let (fixed, name) = local.split_at_checked(LOCAL_LEN)?;
        // Where the sizes come after the data they are zero here.
        let unknown_size = self.flags & 8 != 0;
        let size = le(fixed, 18, 4)?;
        let agrees = fixed.starts_with(MAGIC)
            && name == self.name
            && le(fixed, 26, 2)? == self.name.len() as u64
            && le(fixed, 6, 2)? == self.flags
            && le(fixed, 8, 2)? == self.method
            && (unknown_size || size == self.size || size == IN_ZIP64);
        if agrees { le(fixed, 28, 2) } else { None }
    }
}

/// Finds the directory from the record at the file's end.
fn directory_range(file: &dyn ReadAt) -> io::Result<Option<Range<u64>>> {
    let (tail, tail_start) = tail(file)?;
    let Some(at) = find_end(&tail) else {
        return Ok(None);
    };
    let end = &tail[at..];
    let end_start = tail_start + at as u64;
    let fields = (le(end, 10, 2), le(end, 12, 4), le(end, 16, 4));
    let (Some(count), Some(len), Some(start)) = fields else {
        return Ok(None);
    };
    let range = if count == 0xffff || len == IN_ZIP64 || start == IN_ZIP64 {
        zip64_range(file, end_start)?
    } else {
        start.checked_add(len).map(|end| start..end)
    };
    Ok(
        range
            .filter(|range| range.end <= end_start && range.end - range.start <= MAX_DIRECTORY_LEN),
    )
}

/// Whether a file ends as a zip file does.
pub(crate) fn has_end(file: &dyn ReadAt) -> io::Result<bool> {
    let (tail, _) = tail(file)?;
    Ok(find_end(&tail).is_some())
}

/// How far the offsets of a zip file are from where things are, where other bytes were put before it.
pub(crate) fn shift(file: &dyn ReadAt) -> io::Result<Option<u64>> {
    let (tail, tail_start) = tail(file)?;
    let Some(at) = find_end(&tail) else {
        return Ok(None);
    };
    let fields = le(&tail, at + 12, 4).zip(le(&tail, at + 16, 4));
    let end = fields.and_then(|(len, start)| len.checked_add(start));
    Ok(end
        .and_then(|end| (tail_start + at as u64).checked_sub(end))
        .filter(|shift| *shift > 0))
}

/// The part of a file in which the record at its end is, and where that begins.
fn tail(file: &dyn ReadAt) -> io::Result<(Vec<u8>, u64)> {
    let size = file.size();
    let len = size.min(MAX_COMMENT_LEN + END_LEN as u64);
    Ok((read_vec(file, size - len, len as usize)?, size - len))
}

/// The record at the end is the last one whose comment ends with the file.
fn find_end(tail: &[u8]) -> Option<usize> {
    (0..=tail.len().checked_sub(END_LEN)?).rev().find(|&at| {
        let comment = tail.len() - at - END_LEN;
        tail[at..].starts_with(b"PK\x05\x06") && le(tail, at + 20, 2) == Some(comment as u64)
    })
}

fn zip64_range(file: &dyn ReadAt, end_start: u64) -> io::Result<Option<Range<u64>>> {
    let Some(locator_start) = end_start.checked_sub(LOCATOR_LEN) else {
        return Ok(None);
    };
    let locator = read_vec(file, locator_start, LOCATOR_LEN as usize)?;
    let end64 = match le(&locator, 8, 8) {
        Some(at) if locator.starts_with(b"PK\x06\x07") => at,
        _ => return Ok(None),
    };
    if end64
        .checked_add(END64_LEN as u64)
        .is_none_or(|end| end > locator_start)
    {
        return Ok(None);
    }
    let record = read_vec(file, end64, END64_LEN)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Ok(None);
    }
    let (len, start) = (le(&record, 40, 8), le(&record, 48, 8));
    Ok(len
        .zip(start)
        .and_then(|(len, start)| Some(start..start.checked_add(len)?)))
}

fn parse_entries(mut bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let len = bytes.len();
    while !bytes.is_empty() {
        let at = (len - bytes.len()) as u64;
        let (fixed, rest) = bytes.split_at_checked(ENTRY_LEN)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (name, rest) = rest.split_at_checked(le(fixed, 28, 2)? as usize)?;
        let (extra, rest) = rest.split_at_checked(le(fixed, 30, 2)? as usize)?;
        let (_comment, rest) = rest.split_at_checked(le(fixed, 32, 2)? as usize)?;
        bytes = rest;
        let mut entry = Entry {
            name: name.to_vec(),
            header: le(fixed, 42, 4)?,
            sum: le(fixed, 16, 4)? as u32,
            sum_at: at + 16,
            method: le(fixed, 10, 2)?,
            flags: le(fixed, 8, 2)?,
            compressed: le(fixed, 20, 4)?,
            size: le(fixed, 24, 4)?,
        };
        widen(&mut entry, extra)?;
        entries.push(entry);
    }
    Some(entries)
}

/// Takes from the zip64 field what did not fit the entry's own, in the order of that field.
fn widen(entry: &mut Entry, extra: &[u8]) -> Option<()> {
    let narrow = [&mut entry.size, &mut entry.compressed, &mut entry.header];
    let too_narrow = narrow.into_iter().filter(|value| **value == IN_ZIP64);
    for (i, value) in too_narrow.enumerate() {
        *value = le(zip64_field(extra)?, 8 * i, 8)?;
    }
    Some(())
}

fn zip64_field(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (kind, len) = (le(extra, 0, 2)?, le(extra, 2, 2)? as usize);
        let (field, rest) = extra[4..].split_at_checked(len)?;
        if kind == 1 {
            return Some(field);
        }
        extra = rest;
    }
}

/// A little-endian number within a record.
pub(crate) fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)),
    )
}
