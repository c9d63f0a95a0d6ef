//! Numbers of 16 bits as two planes: the upper bits, which are worth coding, and the lower ones.

use crate::Error;
use crate::cpu::at_widest;

/// Which signs a frame's words have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signs {
    /// None below zero: the sign is left away.
    Clear = 0,
    /// All below zero.
    Set = 1,
    /// The sign is moved behind the lowest bit.
    Mixed = 2,
}

/// How a frame's words are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    signs: Signs,
    /// Lower bits: 4 or 8.
    low_bits: u32,
    /// What upper bits begin at.
    base: u16,
}

/// The lower bits that words may have.
const NARROW: u32 = 4;
const WIDE: u32 = 8;
/// Bytes before the exceptions.
const HEAD: usize = 5;
/// Bytes of an exception: which word, and the word.
const EXCEPTION: usize = 4;

impl Words {
    /// How to split words, of which narrow ones may have 4 lower bits.
    pub(super) fn fit(words: &[u16], narrow: bool) -> Words {
        let [all, any] = all_and_any(words);
        let signs = match (all >> 15, any >> 15) {
            (_, 0) => Signs::Clear,
            (1, _) => Signs::Set,
            _ => Signs::Mixed,
        };
        let mut fitted = Words {
            signs,
            low_bits: if narrow { NARROW } else { WIDE },
            base: 0,
        };
        let [least, most] = extremes(fitted, words);
        // Words of which the upper bits are below are exceptions: zeros, as a rule.
        fitted.base = least.max(most.saturating_sub(255)).min(most);
        if below(fitted, words) > words.len() / 64 {
            return Words::fit(words, false);
        }
        fitted
    }

    fn exceptions(self, words: &[u16]) -> impl Iterator<Item = (usize, u16)> {
        let each = words.iter().copied().enumerate();
        each.filter(move |(_, word)| self.moved(*word) >> self.low_bits < self.base)
    }

    /// The least and the most that upper bits are.
    #[inline(always)]
    fn upper_extremes(self, words: &[u16]) -> [u16; 2] {
        let [mut least, mut most] = [u16::MAX, 0];
        for word in words {
            let upper = self.moved(*word) >> self.low_bits;
            least = least.min(upper);
            most = most.max(upper);
        }
        [least, most]
    }

    /// How many words are exceptions.
    #[inline(always)]
    fn count_below(self, words: &[u16]) -> usize {
        let runs = words.chunks(128).map(|run| {
            let below = run
                .iter()
                .map(|word| self.moved(*word) >> self.low_bits < self.base);
            below.map(u16::from).sum::<u16>()
        });
        runs.map(usize::from).sum()
    }

    #[inline(always)]
    fn moved(self, word: u16) -> u16 {
        match self.signs {
            Signs::Clear | Signs::Set => word & 0x7fff,
            Signs::Mixed => word.rotate_left(1),
        }
    }

    #[inline(always)]
    fn moved_back(self, word: u16) -> u16 {
        match self.signs {
            Signs::Clear => word & 0x7fff,
            Signs::Set => word | 0x8000,
            Signs::Mixed => word.rotate_right(1),
        }
    }

    /// Bytes of the lower bits of so many words.
    pub(super) fn low_len(self, words: usize) -> usize {
        if self.low_bits == WIDE {
            words
        } else {
            words.div_ceil(2)
        }
    }

    pub(super) fn write(self, words: &[u16], out: &mut Vec<u8>) {
        out.push(self.signs as u8 | (self.low_bits as u8));
        out.extend(self.base.to_le_bytes());
        let count = out.len();
        out.extend([0; 2]);
        if below(self, words) == 0 {
            return;
        }
        let mut number = 0u16;
        for (at, word) in self.exceptions(words) {
            out.extend((at as u16).to_le_bytes());
            out.extend(word.to_le_bytes());
            number += 1;
        }
        out[count..count + 2].copy_from_slice(&number.to_le_bytes());
    }

    /// Takes what [`Words::write`] wrote, with the exceptions.
    pub(super) fn read<'a>(bytes: &mut &'a [u8]) -> Result<(Words, &'a [[u8; 4]]), Error> {
        const ERROR: Error = Error::Malformed("words");
        let (&[how, a, b, c, d], rest) = bytes.split_first_chunk::<HEAD>().ok_or(ERROR)?;
        let signs = match how & 3 {
            0 => Signs::Clear,
            1 => Signs::Set,
            2 => Signs::Mixed,
            _ => return Err(ERROR),
        };
        let low_bits = match u32::from(how & !3) {
            bits @ (NARROW | WIDE) => bits,
            _ => return Err(ERROR),
        };
        let number = usize::from(u16::from_le_bytes([c, d]));
        let (exceptions, rest) = rest.split_at_checked(EXCEPTION * number).ok_or(ERROR)?;
        *bytes = rest;
        let words = Words {
            signs,
            low_bits,
            base: u16::from_le_bytes([a, b]),
        };
        Ok((words, exceptions.as_chunks().0))
    }

    /// The planes of words.
    pub(super) fn split(self, words: &[u16], high: &mut [u8], low: &mut [u8]) {
        if self.low_bits == WIDE {
            split_wide(self, words, high, low);
        } else {
            split_narrow(self, words, high, low);
        }
    }

    /// The words of planes.
    pub(super) fn merge(
        self,
        high: &[u8],
        low: &[u8],
        exceptions: &[[u8; 4]],
        words: &mut [u16],
    ) -> Result<(), Error> {
        if self.low_bits == WIDE {
            merge_wide(self, high, low, words);
        } else {
            merge_narrow(self, high, low, words);
        }
        for [a, b, c, d] in exceptions {
            let at = usize::from(u16::from_le_bytes([*a, *b]));
            let to = words.get_mut(at).ok_or(Error::Malformed("exception"))?;
            *to = u16::from_le_bytes([*c, *d]);
        }
        Ok(())
    }

    #[inline(always)]
    fn wide(self, words: &[u16], high: &mut [u8], low: &mut [u8]) {
        for ((word, high), low) in words.iter().zip(high).zip(low) {
            let word = self.moved(*word);
            *high = (word >> WIDE).wrapping_sub(self.base) as u8;
            *low = word as u8;
        }
    }

    #[inline(always)]
    fn wide_back(self, high: &[u8], low: &[u8], words: &mut [u16]) {
        for ((word, high), low) in words.iter_mut().zip(high).zip(low) {
            let upper = self.base.wrapping_add((*high).into());
            *word = self.moved_back(upper << WIDE | u16::from(*low));
        }
    }

    /// The lower bits of the words' first half lie beside those of the second.
    #[inline(always)]
    fn narrow(self, words: &[u16], high: &mut [u8], low: &mut [u8]) {
        for (word, high) in words.iter().zip(high) {
            *high = (self.moved(*word) >> NARROW).wrapping_sub(self.base) as u8;
        }
        let (first, second) = words.split_at(low.len());
        for (low, word) in low.iter_mut().zip(first) {
            *low = self.moved(*word) as u8 & 15;
        }
        for (low, word) in low.iter_mut().zip(second) {
            *low |= (self.moved(*word) as u8) << NARROW;
        }
    }

    #[inline(always)]
    fn narrow_back(self, high: &[u8], low: &[u8], words: &mut [u16]) {
        let whole = |high: u8, low: u8| {
            let upper = self.base.wrapping_add(high.into());
            self.moved_back(upper << NARROW | u16::from(low))
        };
        let (first, second) = words.split_at_mut(low.len());
        let (high_first, high_second) = high.split_at(low.len());
        for ((word, high), low) in first.iter_mut().zip(high_first).zip(low) {
            *word = whole(*high, low & 15);
        }
        for ((word, high), low) in second.iter_mut().zip(high_second).zip(low) {
            *word = whole(*high, low >> NARROW);
        }
    }
}

at_widest! {
    /// The bits that all words have, and those that any has.
    fn all_and_any(words: &[u16]) -> [u16; 2] = common
}

at_widest! {
    fn extremes(how: Words, words: &[u16]) -> [u16; 2] = Words::upper_extremes
}

at_widest! {
    fn below(how: Words, words: &[u16]) -> usize = Words::count_below
}

at_widest! {
    fn split_wide(how: Words, words: &[u16], high: &mut [u8], low: &mut [u8]) = Words::wide
}

at_widest! {
    fn split_narrow(how: Words, words: &[u16], high: &mut [u8], low: &mut [u8]) = Words::narrow
}

at_widest! {
    fn merge_wide(how: Words, high: &[u8], low: &[u8], words: &mut [u16]) = Words::wide_back
}

at_widest! {
    fn merge_narrow(how: Words, high: &[u8], low: &[u8], words: &mut [u16]) = Words::narrow_back
}

#[inline(always)]
fn common(words: &[u16]) -> [u16; 2] {
    let [mut all, mut any] = [u16::MAX, 0];
    for word in words {
        all &= word;
        any |= word;
    }
    [all, any]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back(words: &[u16], narrow: bool) -> (Words, usize) {
        let how = Words::fit(words, narrow);
        let mut written = Vec::new();
        how.write(words, &mut written);
        let mut rest = written.as_slice();
        let (read, exceptions) = Words::read(&mut rest).unwrap();
        assert_eq!((read, rest.len()), (how, 0));
        let mut high = vec![0; words.len()];
        let mut low = vec![0; how.low_len(words.len())];
        how.split(words, &mut high, &mut low);
        let mut back = vec![0; words.len()];
        read.merge(&high, &low, exceptions, &mut back).unwrap();
        assert_eq!(back, words);
        (how, exceptions.len())
    }

    #[test]
    fn words_come_back() {
        let near: Vec<u16> = (0..901u16).map(|i| 0x3c00 + i * 37 % 1500).collect();
        for (signs, flip) in [(Signs::Clear, 0), (Signs::Set, 0x8000)] {
            let words: Vec<u16> = near.iter().map(|word| word ^ flip).collect();
            let (how, exceptions) = comes_back(&words, true);
            assert_eq!((how.signs, how.low_bits, exceptions), (signs, NARROW, 0));
            assert_eq!(comes_back(&words, false).0.low_bits, WIDE);
        }
        let mut mixed = near.clone();
        mixed.iter_mut().step_by(3).for_each(|word| *word ^= 0x8000);
        assert_eq!(comes_back(&mixed, true).0.signs, Signs::Mixed);
        let mut with_zeros = near.clone();
        with_zeros
            .iter_mut()
            .step_by(300)
            .for_each(|word| *word = 0);
        let (how, exceptions) = comes_back(&with_zeros, true);
        assert_eq!((how.low_bits, exceptions), (NARROW, 4));
        let all: Vec<u16> = (0..15_000u16).map(|i| i.wrapping_mul(4099)).collect();
        assert_eq!(comes_back(&all, true).0.low_bits, WIDE);
        comes_back(&[], true);
        comes_back(&[7], true);
    }
}
