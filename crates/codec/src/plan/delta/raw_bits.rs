//! Raw bits of a few numbers each, one after the other, from the lowest bit of the first byte on.

use super::buckets::Buckets;
use crate::Error;

const ERROR: Error = Error::Malformed("raw bits");

/// Writes to the end of a buffer.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Bits that do not fill four bytes yet, and how many.
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

    /// The symbols of numbers, whose raw bits are written.
    #[inline(always)]
    pub(super) fn symbols(&mut self, buckets: &Buckets, numbers: &[u32], out: &mut [u8]) {
        let (groups, rest) = numbers.as_chunks::<GROUP>();
        let (outs, out_rest) = out.as_chunks_mut::<GROUP>();
        for (numbers, out) in groups.iter().zip(outs) {
            self.group(buckets, numbers, out);
        }
        if !rest.is_empty() {
            let (mut numbers, mut out) = ([0; GROUP], [0; GROUP]);
            numbers[..rest.len()].copy_from_slice(rest);
            self.group(buckets, &numbers, &mut out);
            out_rest.copy_from_slice(&out[..rest.len()]);
        }
    }

    #[inline(always)]
    fn group(&mut self, buckets: &Buckets, numbers: &[u32; GROUP], out: &mut [u8; GROUP]) {
        for (out, number) in out.iter_mut().zip(numbers) {
            *out = (*number).min(0xff) as u8;
        }
        let mut shared = shared(out);
        if shared == 0 {
            return;
        }
        // What four bytes are full of goes here first, so that nothing has to grow on the way.
        let (mut full, mut len) = ([0; 4 * GROUP], 0);
        let (mut word, mut held) = (self.word, self.held);
        let mut one = |number: u32, out: &mut u8| {
            let (symbol, raw, raw_len) = buckets.symbol(number);
            *out = symbol;
            word |= u64::from(raw) << held;
            held += u32::from(raw_len);
            full[len..len + 4].copy_from_slice(&(word as u32).to_le_bytes());
            let is_full = held / 32;
            len += 4 * is_full as usize;
            word >>= 32 * is_full;
            held %= 32;
        };
        if shared.count_ones() > MANY {
            for (number, out) in numbers.iter().zip(out) {
                one(*number, out);
            }
        } else {
            while shared != 0 {
                let i = shared.trailing_zeros() as usize % GROUP;
                shared &= shared - 1;
                one(numbers[i], &mut out[i]);
            }
        }
        (self.word, self.held) = (word, held);
        self.out.extend_from_slice(&full[..len]);
    }

    /// Fills the last byte up with zeros.
    pub(super) fn finish(self) {
        let len = self.held.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.word.to_le_bytes()[..len]);
    }
}

/// More symbols of a group with raw bits than this, and it is faster to read all than to find those.
const MANY: u32 = 4;

/// Symbols that are read together.
pub(super) const GROUP: usize = 32;
/// Bytes from which a group surely can be read: its raw bits, and a word beyond.
const WINDOW: usize = 4 * GROUP + 8;

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
        let (groups, rest) = symbols.as_chunks::<GROUP>();
        let (outs, out_rest) = out.as_chunks_mut::<GROUP>();
        for (symbols, out) in groups.iter().zip(outs) {
            self.group(buckets, symbols, out);
        }
        if !rest.is_empty() {
            let (mut symbols, mut out) = ([0; GROUP], [0; GROUP]);
            symbols[..rest.len()].copy_from_slice(rest);
            self.group(buckets, &symbols, &mut out);
            out_rest.copy_from_slice(&out[..rest.len()]);
        }
    }

    #[inline(always)]
    fn group(&mut self, buckets: &Buckets, symbols: &[u8; GROUP], out: &mut [u32; GROUP]) {
        for (out, symbol) in out.iter_mut().zip(symbols) {
            *out = u32::from(*symbol);
        }
        let shared = shared(symbols);
        if shared == 0 {
            return;
        }
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
        symbols: &[u8; GROUP],
        mut shared: u32,
        out: &mut [u32; GROUP],
        window: &[u8; WINDOW],
    ) {
        let start = self.at / 8 * 8;
        let mut at = self.at - start;
        let mut one = |symbol: u8, out: &mut u32| {
            let (smallest, len) = buckets.entry(symbol);
            let word = word(window, at / 8);
            let raw = (word >> (at % 8)) as u32 & ((1 << u32::from(len)) - 1);
            at += usize::from(len);
            *out = smallest + buckets.place(raw);
        };
        if shared.count_ones() > MANY {
            for (symbol, out) in symbols.iter().zip(out) {
                one(*symbol, out);
            }
        } else {
            while shared != 0 {
                let i = shared.trailing_zeros() as usize % GROUP;
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

/// Which symbols of a group stand for more than one number, by bit.
#[inline(always)]
fn shared(symbols: &[u8; GROUP]) -> u32 {
    let mut shared = 0;
    for (i, word) in symbols.as_chunks::<8>().0.iter().enumerate() {
        // The upper half of a byte, added to 7f, sets the highest bit where it is not 0.
        let upper = u64::from_le_bytes(*word) >> 4 & 0x0f0f_0f0f_0f0f_0f0f;
        let high = (upper + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
        // A byte's one goes to the top byte, to the bit of its place.
        let of_word = high.wrapping_mul(0x0102_0408_1020_4080) >> 56;
        shared |= (of_word as u32) << (8 * i);
    }
    shared
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
        let mut symbols = vec![0; numbers.len()];
        writer.symbols(buckets, numbers, &mut symbols);
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
            let own = numbers.iter().map(|number| buckets.symbol(*number).0);
            prop_assert!(own.eq(symbols.iter().copied()));
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
