//! Numbers of few bits, one after the other, from the lowest bit of the first byte on.

use crate::Error;

/// Zeros of a prefix that say that a plain number follows.
const ESCAPE: u32 = 20;
/// Bits of that number.
const PLAIN: u32 = 16;

/// What numbers are put to.
pub(crate) trait Put {
    /// At most 16 bits.
    fn put(&mut self, value: u32, bits: u32);

    /// A number below 2^16 that is about 2^`low` as a rule: its upper part as so many zeros and a one,
    /// then its low bits.
    fn put_rice(&mut self, value: u32, low: u32);
}

/// Only counts the bits.
#[derive(Default)]
pub(crate) struct Length(pub usize);

impl Put for Length {
    fn put(&mut self, _: u32, bits: u32) {
        self.0 += bits as usize;
    }

    fn put_rice(&mut self, value: u32, low: u32) {
        let upper = value >> low;
        let bits = match upper >= ESCAPE {
            true => ESCAPE + PLAIN,
            false => upper + 1 + low,
        };
        self.0 += bits as usize;
    }
}

/// Writes.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    word: u64,
    held: u32,
}

impl Put for Writer {
    fn put(&mut self, value: u32, bits: u32) {
        self.word |= u64::from(value) << self.held;
        self.held += bits;
        while self.held >= 8 {
            self.bytes.push(self.word as u8);
            self.word >>= 8;
            self.held -= 8;
        }
    }

    fn put_rice(&mut self, value: u32, low: u32) {
        let upper = value >> low;
        if upper >= ESCAPE {
            self.put(0, 10);
            self.put(0, ESCAPE - 10);
            self.put(value, PLAIN);
            return;
        }
        self.put(0, upper / 2);
        self.put(0, upper - upper / 2);
        self.put(1, 1);
        self.put(value & ((1 << low) - 1), low);
    }
}

impl Writer {
    /// All bits, filled up with zeros to a whole byte.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.held > 0 {
            self.bytes.push(self.word as u8);
        }
        self.bytes
    }
}

/// Reads what [`Writer`] wrote.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The next bits as a number, without going on; zeros beyond the end.
    fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let mut word = [0; 8];
        let len = rest.len().min(8);
        word[..len].copy_from_slice(&rest[..len]);
        u64::from_le_bytes(word) >> (self.at % 8)
    }

    /// At most 16 bits.
    pub(crate) fn get(&mut self, bits: u32) -> u32 {
        let value = self.peek() as u32 & ((1 << bits) - 1);
        self.at += bits as usize;
        value
    }

    pub(crate) fn get_rice(&mut self, low: u32) -> u32 {
        let upper = self.peek().trailing_zeros();
        if upper >= ESCAPE {
            self.at += ESCAPE as usize;
            return self.get(PLAIN);
        }
        self.at += upper as usize + 1;
        upper << low | self.get(low)
    }

    /// How many bytes were read, the last one perhaps in part.
    pub(crate) fn finish(self) -> Result<usize, Error> {
        let len = self.at.div_ceil(8);
        if len > self.bytes.len() {
            return Err(Error::Malformed("tables end early"));
        }
        Ok(len)
    }
}
