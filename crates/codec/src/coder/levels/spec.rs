//! What a payload begins with: the raw bits of a byte; the length of the escape's code, 0 if there is none;
//! the lengths of the values' codes, as a Huffman payload has them.

use super::{LEVELS, MAX_RAW};
use crate::Error;
use crate::coder::huffman::lengths;

/// A code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    /// The bits of a byte that are not coded, as ones.
    pub(super) raw: u8,
    /// The length of the escape's code, which is the last of that length; 0 if there is none.
    pub(super) escape: u8,
    /// The lengths of the values' codes. Raw bits are zeros in a value.
    pub(super) lengths: [u8; 256],
}

impl Spec {
    /// The bits that a code may have.
    pub(super) fn most(raw: u8) -> u32 {
        LEVELS as u32 - raw.count_ones()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.raw, self.escape]);
        out.extend(lengths::write(&self.lengths));
    }

    /// Reads a complete code, and says how many bytes it took.
    pub(super) fn read(payload: &[u8]) -> Result<(Spec, usize), Error> {
        const ERROR: Error = Error::Malformed("code of levels");
        let (&[raw, escape], rest) = payload.split_first_chunk().ok_or(ERROR)?;
        if raw.count_ones() as usize > MAX_RAW {
            return Err(ERROR);
        }
        let most = Spec::most(raw);
        if u32::from(escape) > most {
            return Err(ERROR);
        }
        let (lengths, taken) = lengths::read(rest, most, u32::from(escape))?;
        if lengths::present(&lengths).any(|(value, _)| value & raw != 0) {
            return Err(ERROR);
        }
        let spec = Spec {
            raw,
            escape,
            lengths,
        };
        Ok((spec, 2 + taken))
    }
}

/// What follows from a code. A symbol's *word* is its code, filled up with zeros to as many bits as the longest
/// one has, and then its raw bits.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Bits of a word that are raw, the lowest.
    pub raw: usize,
    /// Bits of the longest code.
    pub levels: usize,
    /// Levels that all codes have.
    pub whole: usize,
    /// By level, what a symbol's bits so far are at least if it gets there.
    bounds: [u16; LEVELS + 1],
    /// The bits of a word that are a code, and those of the escape's.
    #[cfg(target_arch = "x86_64")]
    pub code_bits: u8,
    pub escape: Option<u8>,
    /// The words of the values, and the lengths of their codes, 0 for those that have none.
    words: [u8; 256],
    lengths: [u8; 256],
    /// By pattern of a word's raw bits, those of a byte.
    raw_bits: [u8; 1 << MAX_RAW],
}

impl Shape {
    pub(super) fn of(spec: &Spec) -> Shape {
        let raw = spec.raw.count_ones() as usize;
        let mut counts = [0u16; LEVELS + 1];
        for (_, len) in lengths::present(&spec.lengths) {
            counts[usize::from(len)] += 1;
        }
        if spec.escape > 0 {
            counts[usize::from(spec.escape)] += 1;
        }
        let used = |len: &usize| counts[*len] > 0;
        let levels = (1..=LEVELS).rev().find(used).unwrap_or(1);
        let whole = (1..=LEVELS).find(used).unwrap_or(1);
        // The next code of each length.
        let mut next = [0u16; LEVELS + 1];
        let mut bounds = [0u16; LEVELS + 1];
        for len in 1..=LEVELS {
            next[len] = bounds[len - 1] << 1;
            bounds[len] = next[len] + counts[len];
        }
        let shift = |len: usize| levels - len + raw;
        let escape = match usize::from(spec.escape) {
            0 => None,
            len => Some(((bounds[len] - 1) << shift(len)) as u8),
        };
        let mut words = [0; 256];
        for (value, len) in lengths::present(&spec.lengths) {
            let len = usize::from(len);
            words[usize::from(value)] = (next[len] << shift(len)) as u8;
            next[len] += 1;
        }
        Shape {
            raw,
            levels,
            whole,
            bounds,
            #[cfg(target_arch = "x86_64")]
            code_bits: (((1u16 << levels) - 1) << raw) as u8,
            escape,
            words,
            lengths: spec.lengths,
            raw_bits: raw_bits(spec.raw),
        }
    }

    /// With a string for every level: what is short has no whole rows.
    pub(super) fn dense(self) -> Shape {
        Shape { whole: 0, ..self }
    }

    /// Bits of a word.
    pub(super) fn bits(&self) -> usize {
        self.levels + self.raw
    }

    /// The bits of a word that are raw.
    pub(super) fn raw_field(&self) -> u8 {
        (1 << self.raw) - 1
    }

    /// The plane of a level: a word's bits are planes from the lowest on.
    pub(super) fn plane(&self, level: usize) -> usize {
        self.bits() - 1 - level
    }

    /// What a symbol's bits so far are at least, if it gets to a level.
    pub(super) fn bound(&self, level: usize) -> u16 {
        self.bounds[level]
    }

    /// What a symbol's word is at least, if it gets to a level, which is not the first beyond all.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn least_word(&self, level: usize) -> u8 {
        (self.bounds[level] << (self.bits() - level)) as u8
    }

    /// How many of so many symbols past a plane's end, which have words of zeros, are escapes.
    pub(super) fn escapes_past_end(&self, symbols: usize) -> usize {
        if self.escape == Some(0) { symbols } else { 0 }
    }

    /// The words of all bytes.
    pub(super) fn words_of_bytes(&self, spec: &Spec) -> [u8; 256] {
        let mut raw_words = [0; 256];
        for (word, bits) in self.raw_bits[..1 << self.raw].iter().enumerate() {
            raw_words[usize::from(*bits)] = word as u8;
        }
        std::array::from_fn(|byte| {
            let value = byte & usize::from(!spec.raw);
            let code = if self.lengths[value] > 0 {
                self.words[value]
            } else {
                self.escape.unwrap_or_default()
            };
            code | raw_words[byte & usize::from(spec.raw)]
        })
    }

    /// The bytes of all words: of an escape's, the raw bits.
    pub(super) fn bytes_of_words(&self) -> [u8; 256] {
        let mut bytes = [0; 256];
        let raw_bits = &self.raw_bits[..1 << self.raw];
        let mut put = |word: u8, value: u8| {
            // Its raw bits are zeros, so that there is room.
            let to = bytes[usize::from(word)..].iter_mut();
            to.zip(raw_bits).for_each(|(to, bits)| *to = value | bits);
        };
        if let Some(word) = self.escape {
            put(word, 0);
        }
        for (value, _) in lengths::present(&self.lengths) {
            put(self.words[usize::from(value)], value);
        }
        bytes
    }
}

/// The raw bits of a byte by those of a word.
fn raw_bits(raw: u8) -> [u8; 1 << MAX_RAW] {
    std::array::from_fn(|bits| {
        let places = (0..8).filter(|place| raw >> place & 1 == 1);
        places.enumerate().fold(0, |byte, (i, place)| {
            byte | ((bits >> i & 1) as u8) << place
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_canonical_and_the_escape_is_last() {
        let mut lengths = [0; 256];
        lengths[2] = 1;
        lengths[4] = 3;
        lengths[6] = 3;
        let spec = Spec {
            raw: 1,
            escape: 2,
            lengths,
        };
        let mut bytes = Vec::new();
        spec.write(&mut bytes);
        assert_eq!(Spec::read(&bytes), Ok((spec.clone(), bytes.len())));
        let shape = Shape::of(&spec);
        assert_eq!((shape.levels, shape.whole, shape.raw), (3, 1, 1));
        assert_eq!(shape.escape, Some(0b1000));
        let words = shape.words_of_bytes(&spec);
        assert_eq!([words[2], words[3]], [0b0000, 0b0001]);
        assert_eq!([words[4], words[7], words[9]], [0b1100, 0b1111, 0b1001]);
        let bytes = shape.bytes_of_words();
        assert_eq!([bytes[0], bytes[0b1101], bytes[0b1001]], [2, 5, 1]);
        // Of the two codes of 1 bit one goes on, and of the four of 2 bits the last.
        assert_eq!([shape.bound(1), shape.bound(2)], [1, 3]);
    }
}
