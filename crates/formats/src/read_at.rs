//! Random access to a file's bytes.

use std::fs::File;
use std::io;
use std::ops::Range;

/// Random access to a file's bytes.
pub trait ReadAt {
    /// The file's size.
    fn size(&self) -> u64;
    /// Fills `buffer` from `offset`; an error of kind `UnexpectedEof` where the file ends before.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Says what is likely to be read next, to those that get several ranges faster at once. Ranges
    /// may lie outside the file.
    fn expect(&self, _ranges: &[Range<u64>]) {}
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|start| Some(start..start.checked_add(buffer.len())?))
            .and_then(|range| self.get(range))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

/// For callers that need a sized value to make a `&dyn ReadAt` from borrowed bytes.
impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        (**self).read_exact_at(offset, buffer)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_exact_at(offset, buffer)
    }
}

/// A file that cannot tell its size counts as empty: what it is asked of it then fails as
/// unexpected end, never as wrong bytes.
impl ReadAt for File {
    fn size(&self) -> u64 {
        self.metadata().map_or(0, |metadata| metadata.len())
    }

    #[cfg(unix)]
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, buffer, offset)
    }

    #[cfg(windows)]
    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(self, buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The bytes of a range that was checked to lie inside the file and to be of bearable length.
pub(crate) fn read_vec(file: &dyn ReadAt, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    file.read_exact_at(offset, &mut bytes)?;
    Ok(bytes)
}

/// A part of a file, as a file.
pub(crate) struct Section<'a> {
    pub file: &'a dyn ReadAt,
    /// Lies in the file.
    pub range: Range<u64>,
}

impl ReadAt for Section<'_> {
    fn size(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.size()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.file.read_exact_at(self.range.start + offset, buffer)
    }

    fn expect(&self, ranges: &[Range<u64>]) {
        let moved = |range: &Range<u64>| {
            let start = range.start.saturating_add(self.range.start);
            start..range.end.saturating_add(self.range.start)
        };
        let ranges: Vec<Range<u64>> = ranges.iter().map(moved).collect();
        self.file.expect(&ranges);
    }
}

/// Bytes that are read first at a place, and the most that are read at a time of what goes on from there.
const FIRST: usize = 1 << 10;
const WINDOW: usize = 16 << 10;

/// A file that is read in small pieces, from its beginning to its end.
pub(crate) struct Window<'a> {
    file: &'a dyn ReadAt,
    size: u64,
    /// What was read last, and where it begins.
    bytes: Vec<u8>,
    start: u64,
    /// What is read at least.
    least: usize,
}

impl<'a> Window<'a> {
    pub fn new(file: &'a dyn ReadAt) -> Window<'a> {
        Window {
            file,
            size: file.size(),
            bytes: vec![],
            start: 0,
            least: FIRST,
        }
    }

    /// The bytes from a place on: at least `len`, or all that the file has.
    pub fn from(&mut self, place: u64, len: usize) -> io::Result<&[u8]> {
        let left = self.size.saturating_sub(place);
        if left == 0 {
            return Ok(&[]);
        }
        let len = left.min(len as u64);
        let end = self.start + self.bytes.len() as u64;
        if place < self.start || place + len > end {
            let goes_on = !self.bytes.is_empty() && (self.start..=end).contains(&place);
            self.least = if goes_on {
                WINDOW.min(2 * self.least)
            } else {
                FIRST
            };
            let len = left.min(len.max(self.least as u64)) as usize;
            self.bytes = read_vec(self.file, place, len)?;
            self.start = place;
        }
        Ok(&self.bytes[(place - self.start) as usize..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_end_where_they_end() {
        let bytes = vec![1_u8, 2, 3];
        let mut two = [0; 2];
        bytes.read_exact_at(1, &mut two).unwrap();
        assert_eq!(two, [2, 3]);
        for offset in [2, 3, u64::MAX] {
            let error = bytes.read_exact_at(offset, &mut two).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn windows_end_with_the_file() {
        let bytes: Vec<u8> = (0..50_000_u32).map(|i| (i % 251) as u8).collect();
        let mut window = Window::new(&bytes);
        for place in [0, 5, 20_000, 19_000, 49_990, 50_000, u64::MAX] {
            let start = usize::try_from(place).unwrap().min(bytes.len());
            let seen = window.from(place, 20).unwrap();
            assert!(seen.len() >= (bytes.len() - start).min(20));
            assert!(bytes[start..].starts_with(seen));
        }
    }
}
