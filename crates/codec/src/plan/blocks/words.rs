//! Numbers of 16 bits as two symbols: the upper bits, which are worth coding, and the lower ones with
//! the sign.

use std::ops::Range;

use super::scales::Mode;
use super::set::{Part, Set};
use crate::Error;
use crate::coder::rans::{Decoder, Segment, Tables, count};
use crate::cpu::at_best;

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
    /// Of the lower symbol, the bits above the sign, so many, are told elsewhere.
    lent: u32,
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
    /// Where some bits are told elsewhere, those.
    pub lent: &'a [u8],
    pub symbols: &'a mut Symbols,
    pub words: &'a mut [u16],
}

impl Words {
    /// The best for a chunk's numbers, beside which there are the upper symbols of a series before, or
    /// none; so many of the lower symbols' bits above the sign are told elsewhere. Also gives their symbols, and about how many bytes all take.
    pub(super) fn fit(split: Split, before: &[u8], lent: u32) -> (Words, Symbols, usize) {
        let Split {
            low_bits,
            base,
            high,
            mut low,
        } = split;
        if lent > 0 {
            low.iter_mut()
                .for_each(|low| *low = *low >> (1 + lent) << 1 | *low & 1);
        }
        let (shift, contexts, counts) = by_other(&high, before);
        let sum = |i: usize| counts.iter().map(|own| own[i]).sum();
        let together = [std::array::from_fn(sum)];
        let len = |tables: &Tables, counts: &[[u32; 256]]| {
            tables.encoded_len(counts) + tables.written_len()
        };
        let own = Tables::new(BITS, &counts);
        let none = Tables::new(BITS, &together);
        let [own_len, none_len] = [len(&own, &counts), len(&none, &together)];
        let (shift, contexts, tables, high_len) = match own_len < none_len {
            true => (shift, contexts, own, own_len),
            false => (8, Vec::new(), none, none_len),
        };
        let (low_tables, low_len) = flat_or_not(&low, low_bits - lent);
        let words = Words {
            low_bits,
            base,
            shift,
            lent,
            high: Set::new(tables),
            low: Set::new(low_tables),
        };
        let symbols = Symbols {
            high,
            low,
            contexts,
        };
        (words, symbols, high_len + low_len)
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
            lent: 0,
            high: Set::read(bytes)?,
            low: Set::read(bytes)?,
        })
    }

    /// So many bits of the lower symbols are told elsewhere.
    pub(super) fn lend(&mut self, bits: u32) -> Result<(), Error> {
        if bits > 0 && self.low_bits < bits + 1 {
            return Err(Error::Malformed("words"));
        }
        self.lent = bits;
        Ok(())
    }

    fn contexts(&self, before: &[u8], to: &mut Vec<u8>) {
        to.clear();
        if self.shift < 8 {
            to.extend(before.iter().map(|symbol| context(*symbol, self.shift)));
        }
    }

    /// Those of some of the numbers.
    pub(super) fn segments<'a>(
        &'a self,
        symbols: &'a Symbols,
        range: Range<usize>,
    ) -> [Segment<'a>; 2] {
        let contexts = symbols.contexts.get(range.clone()).unwrap_or_default();
        [
            self.high.segment(&symbols.high[range.clone()], contexts),
            self.low.segment(&symbols.low[range], &[]),
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
        for Coded {
            symbols,
            words,
            lent,
            ..
        } in each
        {
            if self.lent > 0 {
                for (low, lent) in symbols.low.iter_mut().zip(lent) {
                    *low = *low >> 1 << (1 + self.lent) | lent << 1 | *low & 1;
                }
            }
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

/// Numbers as symbols.
pub(super) struct Split {
    low_bits: u32,
    base: u16,
    pub high: Vec<u8>,
    pub low: Vec<u8>,
}

at_best! {
    /// Numbers as symbols of as many bits as suit them.
    pub(super) fn split(words: &[u16], mode: Mode) -> Split = split_any
}

#[inline(always)]
fn split_any(words: &[u16], mode: Mode) -> Split {
    let rotated = || words.iter().map(|word| word.rotate_left(1));
    let least = rotated().min().unwrap_or(u16::MAX);
    let most = rotated().max().unwrap_or(0);
    let low_bits = low_bits(least, most, mode);
    let base = least >> low_bits;
    let high = rotated().map(|word| ((word >> low_bits) - base) as u8);
    let low = rotated().map(|word| (word & ((1 << low_bits) - 1)) as u8);
    Split {
        low_bits,
        base,
        high: high.collect(),
        low: low.collect(),
    }
}

fn context(before: u8, shift: u8) -> u8 {
    (before >> shift).min(CONTEXTS as u8 - 1)
}

/// Contexts by another series' symbols, and how often symbols are in them; with none all are in one.
fn by_other(high: &[u8], before: &[u8]) -> (u8, Vec<u8>, Vec<[u32; 256]>) {
    let most = largest(before);
    let shift = (0..8).find(|shift| usize::from(most >> shift) < CONTEXTS);
    let shift = shift.unwrap_or(7);
    let contexts = before.iter().map(|symbol| context(*symbol, shift));
    let contexts: Vec<u8> = contexts.collect();
    let number = usize::from(context(most, shift)) + 1;
    let counts = count(high, &contexts, number);
    (shift, contexts, counts)
}

at_best! {
    fn largest(symbols: &[u8]) -> u8 = largest_any
}

#[inline(always)]
fn largest_any(symbols: &[u8]) -> u8 {
    symbols.iter().fold(0, |most, symbol| most.max(*symbol))
}

/// How many symbols show whether all are alike.
const ALIKE: usize = 1 << 14;

/// The best tables, or those that have all symbols of so many bits alike and are cheap to write.
fn flat_or_not(low: &[u8], bits: u32) -> (Tables, usize) {
    if low.len() > 2 * ALIKE && are_alike(low, bits) {
        let mut flat = [0; 256];
        flat[..1 << bits].fill(1);
        let flat = Tables::new(BITS, &[flat]);
        let len = low.len() * bits as usize / 8 + flat.written_len();
        return (flat, len);
    }
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

/// Whether some of the symbols are as often equal as if all of so many bits were as likely, but for a hundredth of a bit.
fn are_alike(low: &[u8], bits: u32) -> bool {
    let from = (low.len() - ALIKE) / 2;
    let counts = count(&low[from..from + ALIKE], &[], 1);
    let tables = Tables::new(BITS, &counts);
    let flattered = (1 << bits) as f64 * std::f64::consts::LOG2_E / 2.0;
    let best = tables.cost(0, &counts[0]) + flattered;
    best > ALIKE as f64 * (f64::from(bits) - 0.01)
}

/// Bits of the lower symbol, of words from the least to the most with the sign behind the lowest bit: two or
/// three bits of mantissa are worth coding with the exponent.
fn low_bits(least: u16, most: u16, mode: Mode) -> u32 {
    let fits = |bits: &u32| (most >> bits).saturating_sub(least >> bits) < 256;
    let least_bits = if mode == Mode::Plain { 8 } else { 6 };
    (least_bits..8).find(fits).unwrap_or(8)
}
