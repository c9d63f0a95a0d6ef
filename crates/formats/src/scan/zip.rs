//! Pickles in zip files, also in such as readers do not agree about.

use std::collections::HashSet;
use std::io;
use std::ops::Range;

use super::budget::Budget;
use super::findings::Findings;
use super::inflate::inflated;
use super::pickles::Said;
use super::verdict::State;
use super::{names, part};
use crate::near_lossless::crc32::Crc32;
use crate::read_at::{ReadAt, Section, read_vec};
use crate::zip::{self, Directory, Entry};

/// The most entries that are looked into.
const MAX_ENTRIES: usize = 1 << 16;

/// What an entry costs beside its opcodes.
const ENTRY_COST: u64 = 64;

/// Bytes of a local header without what varies.
const LOCAL_LEN: u64 = 30;

/// How far beyond an entry one that no directory lists is looked for.
const GAP_LEN: u64 = 4 << 10;

/// What is looked at of most entries.
const LOOKED_AT: u64 = 2 << 10;

/// The most bytes of a pickle whose sum is checked.
const MAX_SUMMED: u64 = 64 << 20;

const DEFLATED: u64 = 8;

/// Why a file is suspicious that programs may take for two things.
pub(super) const BEFORE: &str = "other bytes come before the zip file in it";

/// Reads the pickles in a zip file.
pub(super) fn read(
    file: &dyn ReadAt,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    if let Some(directory) = Directory::read(file)? {
        return read_entries(file, &directory, findings, budget);
    }
    if let Some(shift) = zip::shift(file)? {
        let shifted = Section {
            file,
            range: shift..file.size(),
        };
        if let Some(directory) = Directory::read(&shifted)? {
            findings.note(State::Suspicious, BEFORE);
            read_unlisted(file, 0..shift, findings, budget)?;
            return read_entries(&shifted, &directory, findings, budget);
        }
    }
    findings.unread("the directory of the zip file is broken");
    read_unlisted(file, 0..file.size(), findings, budget)
}

fn read_entries(
    file: &dyn ReadAt,
    directory: &Directory,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    directory.expect_headers(file, LOOKED_AT);
    let mut names = HashSet::new();
    let mut entries: Vec<&Entry> = directory.entries.iter().collect();
    entries.sort_by_key(|entry| entry.header);
    if entries.len() > MAX_ENTRIES {
        findings.unread("the zip file has more entries than are looked into");
    }
    let mut end = 0;
    let nexts = entries.iter().skip(1).map(|entry| entry.header);
    let nexts: Vec<u64> = nexts.chain([directory.start]).collect();
    for (entry, next) in entries.into_iter().zip(nexts).take(MAX_ENTRIES) {
        if !names.insert(&entry.name) {
            findings.unread("two entries of the zip file have one name");
        }
        if !budget.steps(ENTRY_COST) {
            findings.unread("it has more in it than is looked into");
            break;
        }
        read_unlisted(
            file,
            end..entry.header.min(directory.start),
            findings,
            budget,
        )?;
        if let Some(local) = Local::read(file, entry.header, directory.start)? {
            end = end.max(local.start.saturating_add(entry.compressed));
            let range = data(entry, &local, next, directory.start);
            read_entry(file, range, entry, &local, findings, budget)?;
        } else {
            findings.unread("an entry of the zip file is not where its directory says");
        }
    }
    read_unlisted(file, end..directory.start, findings, budget)
}

/// An entry's bytes; of one that has none, as it says, what is there up to the next.
fn data(entry: &Entry, local: &Local, next: u64, limit: u64) -> Range<u64> {
    let end = match entry.compressed.max(local.compressed) {
        0 => next,
        len => local.start.saturating_add(len),
    };
    local.start..end.min(limit).max(local.start)
}

fn read_entry(
    file: &dyn ReadAt,
    range: Range<u64>,
    entry: &Entry,
    local: &Local,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    if let Some(what) = local.contradicts(entry) {
        findings.unread(&format!(
            "the zip file's directory and an entry's header give it two {what}"
        ));
    }
    if entry.flags & 1 != 0 || local.flags & 1 != 0 {
        findings.unread("an entry of the zip file says that it is encrypted");
    }
    let said = match entry.size {
        0 => Said::Part,
        _ => names::of_part([&entry.name, &local.name]),
    };
    let before = findings.pickles;
    // Where they say two things, both are tried.
    for method in methods(entry.method, local.method) {
        read_data(file, range.clone(), method, said, findings, budget)?;
    }
    if findings.pickles > before && entry.method == 0 && range.end - range.start <= MAX_SUMMED {
        check_sum(file, range, entry.sum, findings)?;
    }
    Ok(())
}

fn methods(a: u64, b: u64) -> impl Iterator<Item = u64> {
    [a].into_iter().chain((a != b).then_some(b))
}

fn read_data(
    file: &dyn ReadAt,
    range: Range<u64>,
    method: u64,
    said: Said,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    let section = Section { file, range };
    match method {
        0 => part(&section, said, findings, budget),
        DEFLATED => {
            let (bytes, whole) = inflated(&section, budget)?;
            if !whole {
                findings.unread("an entry of the zip file is larger than is inflated, or broken");
            }
            part(&bytes, said, findings, budget)
        }
        _ => {
            let why = "an entry of the zip file is compressed in a way that is not read";
            match said {
                Said::Pickle => findings.unread(why),
                _ => findings.note(State::NotScanned, why),
            }
            Ok(())
        }
    }
}

fn check_sum(
    file: &dyn ReadAt,
    range: Range<u64>,
    sum: u32,
    findings: &mut Findings,
) -> io::Result<()> {
    let mut found = Crc32::new();
    let mut place = range.start;
    while place < range.end {
        let len = (range.end - place).min(64 << 10);
        found.update(&read_vec(file, place, len as usize)?);
        place += len;
    }
    // Writers that make no sum write 0.
    if sum != 0 && found.finish() != sum {
        findings.unread("an entry of the zip file is not what its sum says");
    }
    Ok(())
}

/// Reads what headers of entries lie where the directory has none.
fn read_unlisted(
    file: &dyn ReadAt,
    range: Range<u64>,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    let mut place = range.start;
    while place < range.end {
        let len = (range.end - place).min(GAP_LEN);
        let gap = read_vec(file, place, len as usize)?;
        let found = gap
            .windows(zip::MAGIC.len())
            .position(|at| at == zip::MAGIC);
        let Some(at) = found else { break };
        let header = place + at as u64;
        let Some(local) = Local::read(file, header, range.end)? else {
            break;
        };
        if !budget.steps(ENTRY_COST) {
            break;
        }
        findings.unread("an entry of the zip file is not in its directory");
        let end = local.start.saturating_add(local.compressed).min(range.end);
        // Without a length it may go to the end.
        let data = match local.compressed {
            0 => local.start..range.end,
            _ => local.start..end,
        };
        read_data(
            file,
            data,
            local.method,
            names::of_part([&local.name; 2]),
            findings,
            budget,
        )?;
        place = end.max(header + LOCAL_LEN);
    }
    Ok(())
}

/// What the header before an entry's bytes says.
struct Local {
    name: Vec<u8>,
    flags: u64,
    method: u64,
    compressed: u64,
    size: u64,
    /// Where the bytes begin.
    start: u64,
}

impl Local {
    /// The header at a place, if there is one before `end`.
    fn read(file: &dyn ReadAt, place: u64, end: u64) -> io::Result<Option<Local>> {
        let fixed_end = place.checked_add(LOCAL_LEN).filter(|at| *at <= end);
        let Some(fixed_end) = fixed_end else {
            return Ok(None);
        };
        let fixed = read_vec(file, place, LOCAL_LEN as usize)?;
        let field = |at, len| zip::le(&fixed, at, len).unwrap_or(0);
        let (name_len, extra_len) = (field(26, 2), field(28, 2));
        let start = fixed_end + name_len + extra_len;
        if !fixed.starts_with(zip::MAGIC) || start > end {
            return Ok(None);
        }
        Ok(Some(Local {
            name: read_vec(file, fixed_end, name_len as usize)?,
            flags: field(6, 2),
            method: field(8, 2),
            compressed: narrow(field(18, 4)),
            size: narrow(field(22, 4)),
            start,
        }))
    }

    /// What it says otherwise than the directory.
    fn contradicts(&self, entry: &Entry) -> Option<&'static str> {
        let sizes = (self.compressed, self.size);
        if self.name != entry.name {
            Some("names")
        } else if self.method != entry.method {
            Some("methods")
        } else if self.flags & 1 != entry.flags & 1 {
            Some("ways to read it")
        } else if sizes != (0, 0) && sizes != (entry.compressed, entry.size) {
            Some("sizes")
        } else {
            None
        }
    }
}

/// A size; 0 where it is elsewhere.
fn narrow(size: u64) -> u64 {
    if size == 0xffff_ffff { 0 } else { size }
}
