//! Numbers of 16 bits as two symbols: the upper bits, which are worth coding, and the lower ones with
//! the sign.

use super::quick::{of_sample, sample_bits};
use super::scales::Mode;
use super::set::Set;
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

impl Words {
    /// The best for a chunk's numbers, beside which there are the upper symbols of a series before, or
    /// none. Also gives their upper symbols, and about how many bytes all take.
    pub(super) fn fit(words: &[u16], before: &[u8], mode: Mode) -> (Words, Vec<u8>, usize) {
        let mut range = Range::default();
        range.add(words);
        let before = Before {
            most: before.iter().copied().max(),
            symbols: before,
        };
        Words::fit_any(words, range, before, mode, BITS, |_, _| {})
    }

    /// As [`Words::fit`], for a sample of numbers that are all in a range, and the symbols before with the
    /// most that there can be.
    pub(super) fn fit_within(
        words: &[u16],
        range: Range,
        before: Option<(Vec<u8>, u8)>,
        mode: Mode,
    ) -> (Words, Vec<u8>, usize) {
        let before = Before {
            most: before.as_ref().map(|(_, most)| *most),
            symbols: before.as_ref().map_or(&[], |(symbols, _)| symbols),
        };
        let bits = sample_bits(range.symbols(mode));
        Words::fit_any(words, range, before, mode, bits, of_sample)
    }

    fn fit_any(
        words: &[u16],
        range: Range,
        before: Before<'_>,
        mode: Mode,
        bits: u32,
        fill: impl Fn(&mut [[u32; 256]], usize),
    ) -> (Words, Vec<u8>, usize) {
        let low_bits = range.low_bits(mode);
        let base = range.least >> low_bits;
        let rotated = || words.iter().map(|word| word.rotate_left(1));
        let high: Vec<u8> = rotated()
            .map(|word| ((word >> low_bits) - base) as u8)
            .collect();
        let low: Vec<u8> = rotated()
            .map(|word| (word & ((1 << low_bits) - 1)) as u8)
            .collect();
        let symbols = range.symbols(mode);
        let counts = count(&high, &[], 1);
        let mut likely = counts.clone();
        fill(&mut likely, symbols);
        let none = Tables::new(bits, &likely);
        let plain = none.encoded_len(&counts) + none.written_len();
        let by_other = by_other(&high, before, plain, bits, |counts| fill(counts, symbols));
        let (shift, tables, high_len) = by_other.unwrap_or((8, none, plain));
        let (low_tables, low_len) = flat_or_not(&low, |counts| fill(counts, 1 << low_bits));
        let words = Words {
            low_bits,
            base,
            shift,
            high: Set::new(tables),
            low: Set::new(low_tables),
        };
        (words, high, high_len + low_len)
    }

    /// The largest upper symbol of numbers in a range.
    pub(super) fn most(&self, range: Range) -> u8 {
        ((range.most >> self.low_bits) - self.base) as u8
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

    /// Decodes numbers, and gives their upper symbols too.
    pub(super) fn decode(
        &self,
        decoder: &mut Decoder<'_>,
        before: &[u8],
        symbols: &mut Symbols,
        words: &mut [u16],
    ) -> Result<(), Error> {
        let Symbols {
            high,
            low,
            contexts,
        } = symbols;
        high.resize(words.len(), 0);
        low.resize(words.len(), 0);
        self.contexts(before, contexts);
        self.high.decode(decoder, contexts, high)?;
        self.low.decode(decoder, &[], low)?;
        for ((word, high), low) in words.iter_mut().zip(high.iter()).zip(low.iter()) {
            let upper = self.base.wrapping_add(u16::from(*high));
            let low = u16::from(*low) & ((1 << self.low_bits) - 1);
            *word = (upper << self.low_bits | low).rotate_right(1);
        }
        Ok(())
    }
}

fn context(before: u8, shift: u8) -> u8 {
    (before >> shift).min(CONTEXTS as u8 - 1)
}

/// Tables by another series' symbols, if those make it smaller than it is without.
fn by_other(
    high: &[u8],
    before: Before<'_>,
    plain: usize,
    bits: u32,
    fill: impl Fn(&mut [[u32; 256]]),
) -> Option<(u8, Tables, usize)> {
    let most = before.most?;
    let shift = (0..8).find(|shift| usize::from(most >> shift) < CONTEXTS)?;
    let contexts: Vec<u8> = before
        .symbols
        .iter()
        .map(|symbol| context(*symbol, shift))
        .collect();
    let counts = count(high, &contexts, usize::from(most >> shift) + 1);
    let mut likely = counts.clone();
    fill(&mut likely);
    let tables = Tables::new(bits, &likely);
    let len = tables.encoded_len(&counts) + tables.written_len();
    (len < plain).then_some((shift, tables, len))
}

/// The best tables, or those that have all symbols alike and are cheap to write.
fn flat_or_not(low: &[u8], fill: impl Fn(&mut [[u32; 256]])) -> (Tables, usize) {
    let counts = count(low, &[], 1);
    let mut likely = counts.clone();
    fill(&mut likely);
    let flat = likely[0].map(|count| u32::from(count > 0));
    let [best, flat] = [likely[0], flat].map(|counts| Tables::new(BITS, &[counts]));
    let len = |tables: &Tables| tables.encoded_len(&counts) + tables.written_len();
    let (flat_len, best_len) = (len(&flat), len(&best));
    if flat_len <= best_len {
        (flat, flat_len)
    } else {
        (best, best_len)
    }
}

/// What words are between, with the sign behind the lowest bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    least: u16,
    most: u16,
}

impl Default for Range {
    fn default() -> Range {
        Range {
            least: u16::MAX,
            most: 0,
        }
    }
}

impl Range {
    /// Grows so that it holds more words.
    pub(super) fn add(&mut self, words: &[u16]) {
        for word in words.iter().map(|word| word.rotate_left(1)) {
            self.least = self.least.min(word);
            self.most = self.most.max(word);
        }
    }

    /// How many upper symbols there can be.
    fn symbols(&self, mode: Mode) -> usize {
        let low_bits = self.low_bits(mode);
        usize::from((self.most >> low_bits).saturating_sub(self.least >> low_bits)) + 1
    }

    /// Bits of the lower symbol: two or three bits of mantissa are worth coding with the exponent.
    fn low_bits(&self, mode: Mode) -> u32 {
        let fits = |bits: &u32| (self.most >> bits).saturating_sub(self.least >> bits) < 256;
        let least_bits = if mode == Mode::Plain { 8 } else { 6 };
        (least_bits..8).find(fits).unwrap_or(8)
    }
}

/// The upper symbols of a series before, and the most that there can be; none where there is none.
struct Before<'a> {
    symbols: &'a [u8],
    most: Option<u8>,
}
