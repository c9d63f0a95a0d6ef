//! Reads little-endian values from a file's beginning, which may stop anywhere.

use std::borrow::Cow;

/// Why a header could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes end too early: at least so many are needed.
    Short(usize),
    /// No number of further bytes makes it right.
    Malformed,
}

/// A place in a file's beginning.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, position: 0 }
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn take(&mut self, len: u64) -> Result<&'a [u8], Stop> {
        let end = usize::try_from(len)
            .ok()
            .and_then(|len| self.position.checked_add(len))
            .ok_or(Stop::Malformed)?;
        let taken = self.bytes.get(self.position..end).ok_or(Stop::Short(end))?;
        self.position = end;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let bytes = self.take(N as u64)?;
        bytes.try_into().map_err(|_| Stop::Malformed)
    }

    pub fn u32(&mut self) -> Result<u32, Stop> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, Stop> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A string with its length before it. What is not UTF-8 in it is replaced: it is for display.
    pub fn text(&mut self) -> Result<Cow<'a, str>, Stop> {
        let len = self.u64()?;
        Ok(String::from_utf8_lossy(self.take(len)?))
    }
}
