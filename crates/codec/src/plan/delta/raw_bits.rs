//! Raw bits of a few numbers each, one after the other, from the lowest bit of the first byte on.

use super::buckets::{Buckets, FIRST_SHARED};
use crate::Error;

const ERROR: Error = Error::Malformed("raw bits");

/// Writes to the end of a buffer.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    word: u64,
    held: u32,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Writer<'a> {
        Writer {
            out,
            word: 0,
            held: 0,
        }
    }

    /// Fewer than 32 bits, and none set above those.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, len: u8) {
        self.word |= u64::from(bits) << self.held;
        self.held += u32::from(len);
        if self.held >= 32 {
            self.out
                .extend_from_slice(&(self.word as u32).to_le_bytes());
            self.word >>= 32;
            self.held -= 32;
        }
    }

    /// Fills the last byte up with zeros.
    pub(super) fn finish(self) {
        let len = self.held.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.word.to_le_bytes()[..len]);
    }
}

/// Symbols that are read together.
pub(super) const GROUP: usize = 32;
/// Bytes from which a group surely can be read: its raw bits, and a word beyond.
const WINDOW: usize = 128 + 8;

/// Reads what a [`Writer`] wrote.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The numbers that symbols and their raw bits stand for. Bits that are not there are zeros, which
    /// [`Reader::finish`] does not forgive.
    #[inline(always)]
    pub(super) fn numbers(&mut self, buckets: &Buckets, symbols: &[u8], out: &mut [u32]) {
        for (symbols, out) in symbols.chunks(GROUP).zip(out.chunks_mut(GROUP)) {
            let mut shared = 0u32;
            for (i, (symbol, out)) in symbols.iter().zip(out.iter_mut()).enumerate() {
                *out = u32::from(*symbol);
                shared |= u32::from(u32::from(*symbol) >= FIRST_SHARED) << i;
            }
            if shared != 0 {
                self.group(buckets, symbols, shared, out);
            }
        }
    }

    #[inline(always)]
    fn group(&mut self, buckets: &Buckets, symbols: &[u8], shared: u32, out: &mut [u32]) {
        let from = (self.at / 8).min(self.bytes.len());
        match self.bytes[from..].first_chunk::<WINDOW>() {
            Some(window) => self.group_in(buckets, symbols, shared, out, window),
            None => {
                let mut window = [0; WINDOW];
                let rest = &self.bytes[from..];
                window[..rest.len()].copy_from_slice(rest);
                self.group_in(buckets, symbols, shared, out, &window);
            }
        }
    }

    #[inline(always)]
    fn group_in(
        &mut self,
        buckets: &Buckets,
        symbols: &[u8],
        mut shared: u32,
        out: &mut [u32],
        window: &[u8; WINDOW],
    ) {
        let start = self.at / 8 * 8;
        let mut at = self.at - start;
        let mut one = |symbol: u8, out: &mut u32| {
            let (smallest, len) = buckets.entry(symbol);
            // Fewer than 30 bits each keep it in the window, which the mask tells the compiler.
            let word = word(window, at / 8);
            let raw = (word >> (at % 8)) as u32 & ((1 << u32::from(len)) - 1);
            at += usize::from(len);
            *out = smallest + buckets.place(raw);
        };
        if shared.count_ones() as usize > GROUP / 3 {
            for (symbol, out) in symbols.iter().zip(out) {
                one(*symbol, out);
            }
        } else {
            while shared != 0 {
                let i = shared.trailing_zeros() as usize;
                shared &= shared - 1;
                one(symbols[i], &mut out[i]);
            }
        }
        self.at = start + at;
    }

    /// After the last symbol: all bytes are used up, and what is left of the last is zeros.
    pub(super) fn finish(self) -> Result<(), Error> {
        if self.at.div_ceil(8) != self.bytes.len() {
            return Err(ERROR);
        }
        match self.bytes.last() {
            Some(last) if !self.at.is_multiple_of(8) && last >> (self.at % 8) != 0 => Err(ERROR),
            _ => Ok(()),
        }
    }
}

/// The word at a place of the window; at its last one, if the place is beyond.
#[inline(always)]
fn word(window: &[u8; WINDOW], at: usize) -> u64 {
    let at = at.min(WINDOW - 8);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&window[at..at + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write(buckets: &Buckets, numbers: &[u32]) -> (Vec<u8>, Vec<u8>) {
        let mut bits = Vec::new();
        let mut writer = Writer::new(&mut bits);
        let symbols = numbers.iter().map(|number| {
            let (symbol, raw, len) = buckets.symbol(*number);
            writer.put(raw, len);
            symbol
        });
        let symbols = symbols.collect();
        writer.finish();
        (symbols, bits)
    }

    proptest! {
        #[test]
        fn numbers_come_back(
            numbers in prop::collection::vec((any::<u32>(), 0..32u32), 0..300),
            rare: bool,
            by_sign: bool,
        ) {
            let numbers: Vec<u32> = numbers
                .iter()
                .map(|(number, shift)| if rare && number % 8 > 0 { 3 } else { number >> shift })
                .collect();
            let buckets = Buckets::new(by_sign);
            let (symbols, mut bits) = write(&buckets, &numbers);
            let mut back = vec![0; numbers.len()];
            let mut reader = Reader::new(&bits);
            reader.numbers(&buckets, &symbols, &mut back);
            prop_assert_eq!(reader.finish(), Ok(()));
            prop_assert_eq!(&back, &numbers);
            bits.push(0);
            let mut reader = Reader::new(&bits);
            reader.numbers(&buckets, &symbols, &mut back);
            prop_assert_eq!(reader.finish(), Err(ERROR));
        }

        #[test]
        fn any_symbols_do_no_harm(symbols: Vec<u8>, bits: Vec<u8>, by_sign: bool) {
            let buckets = Buckets::new(by_sign);
            let mut reader = Reader::new(&bits);
            reader.numbers(&buckets, &symbols, &mut vec![0; symbols.len()]);
            let _ = reader.finish();
        }
    }
}
