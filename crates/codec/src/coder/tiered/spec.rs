//! What a payload begins with: the number of its pattern; which bits of a byte are raw; the value of
//! each leaf, 1 byte; by deeper tier how many symbols get there, 3 bytes.

use super::{MAX_RAW, PLANES};
use crate::Error;

/// A way to divide the planes into tiers.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The bits of each tier, 1 or 2.
    pub tiers: &'static [usize],
    /// By plane a constant of 4 bits: those of a code's ones, XORed, number its leaf, so that 4 planes
    /// instead of 8 are made into bytes. All leaves and the escape have different numbers.
    numbers: [u8; PLANES],
}

/// The patterns by number. The number is in the payload and never changes its meaning.
pub(super) const PATTERNS: [Pattern; 7] = [
    pattern(&[2, 1, 1, 2, 2], [1, 2, 4, 1, 2, 8, 1, 4]),
    pattern(&[2, 1, 2, 1, 2], [1, 2, 4, 1, 2, 8, 1, 2]),
    pattern(&[2, 2, 1, 1, 2], [1, 2, 4, 8, 1, 2, 1, 4]),
    pattern(&[2, 2, 2, 2], [1, 2, 4, 8, 1, 6, 2, 12]),
    pattern(&[2, 1, 1, 1, 1, 2], [1, 2, 4, 1, 2, 8, 1, 2]),
    pattern(&[1, 1, 1, 1, 2, 2], [1, 2, 1, 4, 1, 8, 2, 4]),
    pattern(&[1, 1, 2, 2, 2], [1, 2, 1, 4, 2, 8, 1, 4]),
];

const fn pattern(tiers: &'static [usize], numbers: [u8; PLANES]) -> Pattern {
    Pattern { tiers, numbers }
}

/// A code: which of the 8 planes has a 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// Bit `p` is that of plane `p`.
    pub bits: u8,
    /// How many bits it takes.
    pub len: usize,
}

impl Pattern {
    /// The codes of the leaves, from the shortest, and at last that of the escape.
    pub(super) fn codes(&self) -> impl Iterator<Item = Word> {
        let mut planes = 0;
        let leaves = self.tiers.iter().flat_map(move |&bits| {
            let before = planes;
            planes += bits;
            (0..(1u8 << bits) - 1).map(move |value| Word {
                bits: ((1u16 << before) - 1) as u8 | value << before,
                len: before + bits,
            })
        });
        let escape = Word {
            bits: u8::MAX,
            len: PLANES,
        };
        leaves.chain([escape])
    }

    /// How many values have a code of their own.
    pub(super) fn leaves(&self) -> usize {
        self.codes().count() - 1
    }

    /// The number of a code.
    pub(super) fn number(&self, code: Word) -> usize {
        let ones = (0..PLANES).filter(|plane| code.bits >> plane & 1 == 1);
        usize::from(ones.fold(0, |number, plane| number ^ self.numbers[plane]))
    }

    /// Which planes' sum (XOR) is bit `bit` of the number: one bit for each.
    pub(super) fn sum(&self, bit: usize) -> u8 {
        (0..PLANES).fold(0, |planes, plane| {
            planes | (self.numbers[plane] >> bit & 1) << plane
        })
    }
}

/// What the symbols of a plane mean.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(super) number: u8,
    /// The bits of a byte that are not coded.
    pub(super) raw: u8,
    /// The values of the leaves, whose raw bits are 0.
    pub(super) values: Vec<u8>,
}

impl Spec {
    pub(super) fn pattern(&self) -> &'static Pattern {
        &PATTERNS[usize::from(self.number)]
    }

    /// Planes that have a bit for each symbol: those of the raw bits, then the first tier's.
    pub(super) fn whole_planes(&self) -> usize {
        self.raw.count_ones() as usize + self.pattern().tiers[0]
    }

    /// Bytes of the payload's beginning.
    pub(super) fn len(&self) -> usize {
        2 + self.values.len() + 3 * (self.pattern().tiers.len() - 1)
    }

    /// Reads what is written there, and the counts.
    pub(super) fn read(payload: &[u8]) -> Result<(Spec, Vec<usize>), Error> {
        const ENDS: Error = Error::Malformed("tiered plane ends early");
        let (&[number, raw], rest) = payload.split_first_chunk().ok_or(ENDS)?;
        let pattern = PATTERNS
            .get(usize::from(number))
            .ok_or(Error::Malformed("pattern of tiers"))?;
        if raw.count_ones() as usize > MAX_RAW {
            return Err(Error::Malformed("raw bits"));
        }
        let (values, rest) = rest.split_at_checked(pattern.leaves()).ok_or(ENDS)?;
        if values.iter().any(|value| value & raw != 0) {
            return Err(Error::Malformed("value of a leaf"));
        }
        let deeper = pattern.tiers.len() - 1;
        let counts = rest.get(..3 * deeper).ok_or(ENDS)?.as_chunks::<3>().0;
        let counts = counts
            .iter()
            .map(|&[low, middle, high]| u32::from_le_bytes([low, middle, high, 0]) as usize);
        let spec = Spec {
            number,
            raw,
            values: values.to_vec(),
        };
        Ok((spec, counts.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_has_its_number() {
        for pattern in &PATTERNS {
            assert_eq!(pattern.tiers.iter().sum::<usize>(), PLANES);
            let mut seen = [false; 16];
            for code in pattern.codes() {
                let number = pattern.number(code);
                assert!(!seen[number], "{pattern:?} {code:?}");
                seen[number] = true;
                let bits = (0..4).map(|bit| (pattern.sum(bit) & code.bits).count_ones() as usize);
                let sum: usize = bits.enumerate().map(|(bit, ones)| (ones & 1) << bit).sum();
                assert_eq!(sum, number);
            }
        }
    }
}
