//! Numbers of 16 bits as two symbols: the upper bits, which are worth coding, and the lower ones with
//! the sign.

use super::scales::Mode;
use super::set::{Part, Set};
use crate::Error;
use crate::coder::rans::{Decoder, Segment, Tables, count};

/// The most contexts that the upper symbols have.
const CONTEXTS: usize = 16;
/// Bits of the tables.
const BITS: u32 = 12;

/// How a chunk's numbers of one kind are coded. The sign is moved behind the lowest bit first.
#[derive(Debug)]
pub(super) struct Words {
    /// Bits of the lower symbol, at most 8.
    low_bits: u32,
    /// What the upper bits begin at.
    base: u16,
    /// The upper symbol's context is the upper symbol of the series before, shifted by so much; 8 for
    /// none.
    shift: u8,
    high: Set,
    low: Set,
}

/// Symbols of a frame's numbers.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    pub high: Vec<u8>,
    pub low: Vec<u8>,
    pub contexts: Vec<u8>,
}

/// A frame's numbers of one kind that are to be decoded.
pub(super) struct Coded<'a, 'b> {
    pub decoder: &'a mut Decoder<'b>,
    /// The upper symbols of the series before.
    pub before: &'a [u8],
    pub symbols: &'a mut Symbols,
    pub words: &'a mut [u16],
}

impl Words {
    /// The best for a chunk's numbers, beside which there are the upper symbols of a series before, or
    /// none. Also gives their upper symbols, and about how many bytes all take.
    pub(super) fn fit(words: &[u16], before: &[u8], mode: Mode) -> (Words, Vec<u8>, usize) {
        let rotated = || words.iter().map(|word| word.rotate_left(1));
        let (low_bits, base, high) = upper(words, mode);
        let low: Vec<u8> = rotated()
            .map(|word| (word & ((1 << low_bits) - 1)) as u8)
            .collect();
        let counts = count(&high, &[], 1);
        let none = Tables::new(BITS, &counts);
        let plain = none.encoded_len(&counts) + none.written_len();
        let (shift, tables, high_len) = by_other(&high, before, plain).unwrap_or((8, none, plain));
        let (low_tables, low_len) = flat_or_not(&low);
        let words = Words {
            low_bits,
            base,
            shift,
            high: Set::new(tables),
            low: Set::new(low_tables),
        };
        (words, high, high_len + low_len)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.low_bits as u8, self.shift]);
        out.extend(self.base.to_le_bytes());
        self.high.tables.write(out);
        self.low.tables.write(out);
    }

    pub(super) fn read(bytes: &mut &[u8]) -> Result<Words, Error> {
        let &[low_bits @ 0..=8, shift @ 0..=8, a, b, ref rest @ ..] = *bytes else {
            return Err(Error::Malformed("words"));
        };
        *bytes = rest;
        Ok(Words {
            low_bits: low_bits.into(),
            base: u16::from_le_bytes([a, b]),
            shift,
            high: Set::read(bytes)?,
            low: Set::read(bytes)?,
        })
    }

    /// A frame's numbers as symbols.
    pub(super) fn symbols(&self, words: &[u16], before: &[u8], to: &mut Symbols) {
        to.high.clear();
        to.low.clear();
        for word in words {
            let word = word.rotate_left(1);
            to.high
                .push((word >> self.low_bits).wrapping_sub(self.base) as u8);
            to.low.push((word & ((1 << self.low_bits) - 1)) as u8);
        }
        self.contexts(before, &mut to.contexts);
    }

    fn contexts(&self, before: &[u8], to: &mut Vec<u8>) {
        to.clear();
        if self.shift < 8 {
            to.extend(before.iter().map(|symbol| context(*symbol, self.shift)));
        }
    }

    pub(super) fn segments<'a>(&'a self, symbols: &'a Symbols) -> [Segment<'a>; 2] {
        [
            self.high.segment(&symbols.high, &symbols.contexts),
            self.low.segment(&symbols.low, &[]),
        ]
    }

    /// Decodes numbers of a frame, or of two side by side, and gives their upper symbols too.
    pub(super) fn decode<const N: usize>(&self, mut each: [Coded<'_, '_>; N]) -> Result<(), Error> {
        for own in &mut each {
            own.symbols.high.resize(own.words.len(), 0);
            own.symbols.low.resize(own.words.len(), 0);
            self.contexts(own.before, &mut own.symbols.contexts);
        }
        self.high.decode(each.each_mut().map(|own| Part {
            decoder: own.decoder,
            contexts: &own.symbols.contexts,
            out: &mut own.symbols.high,
        }))?;
        self.low.decode(each.each_mut().map(|own| Part {
            decoder: own.decoder,
            contexts: &[],
            out: &mut own.symbols.low,
        }))?;
        for Coded { symbols, words, .. } in each {
            let symbols = symbols.high.iter().zip(&symbols.low);
            for (word, (high, low)) in words.iter_mut().zip(symbols) {
                let upper = self.base.wrapping_add(u16::from(*high));
                let low = u16::from(*low) & ((1 << self.low_bits) - 1);
                *word = (upper << self.low_bits | low).rotate_right(1);
            }
        }
        Ok(())
    }
}

/// How many bits lower symbols have, what upper ones begin at, and these.
pub(super) fn upper(words: &[u16], mode: Mode) -> (u32, u16, Vec<u8>) {
    let rotated = || words.iter().map(|word| word.rotate_left(1));
    let least = rotated().min().unwrap_or(u16::MAX);
    let most = rotated().max().unwrap_or(0);
    let low_bits = low_bits(least, most, mode);
    let base = least >> low_bits;
    let high = rotated().map(|word| ((word >> low_bits) - base) as u8);
    (low_bits, base, high.collect())
}

fn context(before: u8, shift: u8) -> u8 {
    (before >> shift).min(CONTEXTS as u8 - 1)
}

/// Tables by another series' symbols, if those make it smaller than it is without.
fn by_other(high: &[u8], before: &[u8], plain: usize) -> Option<(u8, Tables, usize)> {
    let most = before.iter().max()?;
    let shift = (0..8).find(|shift| usize::from(most >> shift) < CONTEXTS)?;
    let contexts: Vec<u8> = before
        .iter()
        .map(|symbol| context(*symbol, shift))
        .collect();
    let counts = count(high, &contexts, usize::from(most >> shift) + 1);
    let tables = Tables::new(BITS, &counts);
    let len = tables.encoded_len(&counts) + tables.written_len();
    (len < plain).then_some((shift, tables, len))
}

/// The best tables, or those that have all symbols alike and are cheap to write.
fn flat_or_not(low: &[u8]) -> (Tables, usize) {
    let counts = count(low, &[], 1);
    let flat = counts[0].map(|count| u32::from(count > 0));
    let [best, flat] = [counts[0], flat].map(|counts| Tables::new(BITS, &[counts]));
    let len = |tables: &Tables| tables.encoded_len(&counts) + tables.written_len();
    let (flat_len, best_len) = (len(&flat), len(&best));
    if flat_len <= best_len {
        (flat, flat_len)
    } else {
        (best, best_len)
    }
}

/// Bits of the lower symbol, of words from the least to the most with the sign behind the lowest bit: two or
/// three bits of mantissa are worth coding with the exponent.
fn low_bits(least: u16, most: u16, mode: Mode) -> u32 {
    let fits = |bits: &u32| (most >> bits).saturating_sub(least >> bits) < 256;
    let least_bits = if mode == Mode::Plain { 8 } else { 6 };
    (least_bits..8).find(fits).unwrap_or(8)
}
