//! A file that is read by addresses, a bounded number of bytes in all.

use crate::protobuf::Stop;
use crate::read_at::{ReadAt, read_vec};

/// The most bytes that are read of one file: an object of HDF5 takes about 500.
const MAX_READ: u64 = 128 << 20;

/// The most reads.
const MAX_READS: u32 = 2 << 20;

pub(crate) struct Source<'a> {
    file: &'a dyn ReadAt,
    size: u64,
    left: u64,
    reads: u32,
}

impl<'a> Source<'a> {
    pub fn new(file: &'a dyn ReadAt) -> Source<'a> {
        Source {
            file,
            size: file.size(),
            left: MAX_READ,
            reads: MAX_READS,
        }
    }

    /// The bytes at an address, if the file has them and not too many were read already.
    pub fn bytes(&mut self, at: u64, len: u64) -> Result<Vec<u8>, Stop> {
        let inside = at.checked_add(len).is_some_and(|end| end <= self.size);
        if !inside || len > self.left || self.reads == 0 {
            return Err(Stop::Malformed);
        }
        self.left -= len;
        self.reads -= 1;
        Ok(read_vec(self.file, at, len as usize)?)
    }

    /// The bytes from an address on, at most so many: fewer where the file ends.
    pub fn up_to(&mut self, at: u64, most: u64) -> Result<Vec<u8>, Stop> {
        self.bytes(at, most.min(self.size.saturating_sub(at)))
    }

    /// The number at an address, of up to 8 bytes.
    pub fn number(&mut self, at: u64, len: usize) -> Result<u64, Stop> {
        let bytes = self.bytes(at, len as u64)?;
        le(&bytes, 0, len).ok_or(Stop::Malformed)
    }
}

/// A little-endian number within bytes.
pub(crate) fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    let number = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    Some(bytes.iter().rev().fold(0, number))
}
