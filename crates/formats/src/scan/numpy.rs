//! Arrays of objects in NumPy's files: a pickle behind the header.

use std::io;

use super::budget::Budget;
use super::findings::Findings;
use super::pickles::{self, Said};
use crate::read_at::{ReadAt, Section, read_vec};

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read.
const MAX_HEADER_LEN: u64 = 1 << 20;

/// Reads the pickle in an array, if it has one.
pub(super) fn read(
    file: &dyn ReadAt,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    let Some((start, header)) = header(file)? else {
        findings.unread("the header of the array is broken");
        return Ok(());
    };
    if !has_objects(&header) {
        return Ok(());
    }
    let section = Section {
        file,
        range: start..file.size(),
    };
    pickles::read(&section, Said::Pickle, findings, budget).map(drop)
}

/// Where the bytes begin, and the header before them.
fn header(file: &dyn ReadAt) -> io::Result<Option<(u64, Vec<u8>)>> {
    if file.size() < 12 {
        return Ok(None);
    }
    let fixed = read_vec(file, 0, 12)?;
    let (start, len) = match fixed[6] {
        1 => (10, u64::from(u16::from_le_bytes([fixed[8], fixed[9]]))),
        _ => (
            12,
            u64::from(u32::from_le_bytes([
                fixed[8], fixed[9], fixed[10], fixed[11],
            ])),
        ),
    };
    if len > MAX_HEADER_LEN || start + len > file.size() {
        return Ok(None);
    }
    Ok(Some((start + len, read_vec(file, start, len as usize)?)))
}

/// Whether a dtype in a header is of objects: `'|O'`, `'O8'` and the like.
fn has_objects(header: &[u8]) -> bool {
    header.windows(3).any(|at| {
        let ends = |byte: u8| byte == b'\'' || byte == b'"' || byte.is_ascii_digit();
        matches!(at, [b'\'' | b'"' | b'|' | b'<' | b'>' | b'=', b'O', end] if ends(*end))
    })
}
