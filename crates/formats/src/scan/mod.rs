//! What pickles would do if they were loaded, found without loading them.
//!
//! A pickle is a program: what it imports it can call. [`scan`] reads it opcode by opcode and says
//! what it imports, what it calls, and whether that is known to be harmless. What cannot be read
//! through is never clean. Time and memory are bounded for any input (`budget`).
//!
//! The way through: `scan` tells what a file is; `zip`, `tar`, `numpy` and `inflate` get at the pickles in
//! it; `pickles` finds where one begins; `machine` runs it over a `tape` of opcodes; `globals`
//! knows names; `findings` collects.

mod budget;
mod escapes;
mod findings;
mod globals;
mod inflate;
mod joblib;
mod machine;
mod names;
mod numpy;
mod pickles;
mod plausible;
mod tape;
mod tar;
mod value;
mod verdict;
mod zip;

use std::io;

use self::budget::Budget;
use self::findings::Findings;
use self::pickles::Said;
use crate::containers::tar::is_tar;
use crate::read_at::{ReadAt, Section, read_vec};
use crate::{format, zip as zip_file};

pub use verdict::{Call, Import, Kind, State, Verdict};

/// Raised with every change by which a file's verdict may be another: files that an older scanner judged are judged
/// again when they are put anew.
pub const VERSION: u32 = 1;

/// Bytes of a file's beginning that tell what it is.
const HEAD_LEN: u64 = 512;

/// Whether a file's name says that it is a pickle: such a file is never without a verdict unless it is
/// known to be something else.
pub fn is_named(name: &str) -> bool {
    names::is_pickle(name.as_bytes())
}

/// Scans a file for pickles; its name tells what it should be. `None` where it has none. Errors are
/// those of reading the file.
pub fn scan(file: &dyn ReadAt, name: &str) -> io::Result<Option<Verdict>> {
    let mut findings = Findings::default();
    let mut budget = Budget::new();
    let said = match is_named(name) {
        // It may still begin as a pickle does; nobody loads what lies in its weights.
        _ if is_known(file)? => Said::Part,
        true => Said::Pickle,
        false => Said::Nothing,
    };
    part(file, said, &mut findings, &mut budget)?;
    let head = head(file)?;
    if !head.starts_with(zip_file::MAGIC) && zip_file::has_end(file)? {
        let mut behind = Findings::default();
        zip::read(file, &mut behind, &mut budget)?;
        // A program may have its model with it, as a llamafile has: no pickle, nothing to warn of.
        if said == Said::Pickle || !behind.is_empty() {
            findings.note(State::Suspicious, zip::BEFORE);
        }
        findings.add(behind);
    }
    Ok((!findings.is_empty()).then(|| findings.verdict()))
}

/// Whether a format, by its name in a layout, has no pickles.
pub fn has_none(format: &str) -> bool {
    [
        "safetensors",
        "gguf",
        "onnx",
        "hdf5",
        "tflite",
        "ctranslate2",
        "coreml",
    ]
    .contains(&format)
}

/// Whether a file is of a format that has no pickles, whatever its name.
fn is_known(file: &dyn ReadAt) -> io::Result<bool> {
    Ok(has_none(format::contents(file)?.format))
}

fn head(file: &dyn ReadAt) -> io::Result<Vec<u8>> {
    read_vec(file, 0, file.size().min(HEAD_LEN) as usize)
}

/// Scans a file, or a file in a file.
fn part(
    file: &dyn ReadAt,
    said: Said,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    if !budget.enter() {
        findings.unread("files lie too deep in it");
        return Ok(());
    }
    let head = head(file)?;
    if head.starts_with(zip_file::MAGIC) {
        zip::read(file, findings, budget)?;
    } else if head.starts_with(numpy::MAGIC) {
        numpy::read(file, findings, budget)?;
    } else if let Some(start) = deflated(&head) {
        compressed(file, start, said, findings, budget)?;
    } else if is_tar(&head) {
        tar::read(file, findings, budget)?;
    } else if let Some(what) = container(&head) {
        findings.note(
            State::NotScanned,
            format!("it is {what}, which is not looked into: nothing here unpacks that"),
        );
    } else {
        pickles::read(file, said, findings, budget)?;
    }
    nested(file, findings, budget)?;
    budget.leave();
    Ok(())
}

/// Scans the pickles that lie in the texts of those that were found.
fn nested(file: &dyn ReadAt, findings: &mut Findings, budget: &mut Budget) -> io::Result<()> {
    for range in std::mem::take(&mut findings.nested) {
        if range.end > file.size() {
            continue;
        }
        part(&Section { file, range }, Said::Part, findings, budget)?;
    }
    Ok(())
}

/// Where the deflated bytes begin in what gzip and zlib write.
fn deflated(head: &[u8]) -> Option<u64> {
    match head {
        // Without a name, a comment or more.
        [0x1f, 0x8b, 8, 0, ..] => Some(10),
        [0x1f, 0x8b, 8, 8, ..] => {
            let name = head.get(10..)?.iter().position(|byte| *byte == 0)?;
            Some(10 + name as u64 + 1)
        }
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some(2),
        _ => None,
    }
}

fn compressed(
    file: &dyn ReadAt,
    start: u64,
    said: Said,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    let section = Section {
        file,
        range: start.min(file.size())..file.size(),
    };
    let (bytes, whole) = inflate::inflated(&section, budget)?;
    let before = findings.pickles;
    let said = if said == Said::Nothing {
        Said::Part
    } else {
        said
    };
    part(&bytes, said, findings, budget)?;
    let is_one = said == Said::Pickle || findings.pickles > before;
    if !whole && is_one {
        findings.unread("it is larger than is inflated, or broken");
    }
    if findings.pickles == before {
        findings.note(
            State::NotScanned,
            "it is compressed, and no pickle was found in it",
        );
    }
    Ok(())
}

/// The containers that are not looked into.
fn container(head: &[u8]) -> Option<&'static str> {
    Some(match head {
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => "a 7z archive",
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => "a RAR archive",
        [0x1f, 0x8b, ..] => "a gzip file",
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => "a bzip2 file",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "an xz file",
        [0x5d, 0, 0, _, _, ..] if head.len() > 13 => "an LZMA file",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "a zstd file",
        [0x04, 0x22, 0x4d, 0x18, ..] => "an LZ4 file",
        _ if head.get(257..262) == Some(b"ustar") => "a tar archive with a broken header",
        _ => return None,
    })
}
