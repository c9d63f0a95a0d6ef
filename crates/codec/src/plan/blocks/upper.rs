//! The upper bits of some quants of a group as one symbol, and their lower bits as they are: nearly all
//! that contexts know of a quant is in its upper bits, and there are a half or a quarter as many symbols.
//!
//! Quants of up to 5 bits give 2 bits each, and four of them a symbol; others give 4, and two a symbol.
//! A symbol's first quant is in its lowest bits; its quants are equally far from each other in their
//! group. All is done on words of 8 bytes.

use super::kind::{Form, Kind};
use crate::coder::turned;

impl Kind {
    /// The kind whose symbols are upper bits.
    pub(super) fn upper(&self) -> Kind {
        let each = if self.bits < 6 { 4 } else { 2 };
        Kind {
            form: Form::Upper,
            quants: self.quants / each,
            group: self.group / each,
            low: self.quants * (self.bits as usize - 8 / each) / 8,
            bits: 8,
            ..*self
        }
    }

    /// Bits of a part of a symbol, of which there are as many as make 8 bits.
    pub(super) fn part_bits(&self) -> u32 {
        match self.form {
            Form::Each | Form::Twos => self.bits,
            Form::Pairs => 4,
            Form::Upper if self.plain_bits < 6 => 2,
            Form::Upper => 4,
        }
    }
}

/// A byte in all 8 places of a word.
pub(super) const fn all(byte: u8) -> u64 {
    byte as u64 * 0x0101_0101_0101_0101
}

/// As many words as there are.
#[inline(always)]
pub(super) fn words<const WORDS: usize>(bytes: &[u8]) -> [u64; WORDS] {
    let words = bytes.as_chunks::<8>().0;
    std::array::from_fn(|i| u64::from_le_bytes(words[i]))
}

/// Puts words into the bytes that are there.
#[inline(always)]
pub(super) fn put<const WORDS: usize>(words: [u64; WORDS], bytes: &mut [u8]) {
    for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
}

/// The bits of a byte, each in a byte of a word.
#[inline(always)]
pub(super) fn spread(bits: u8) -> u64 {
    let own = all(bits) & 0x8040_2010_0804_0201;
    // A byte that is not 0 gets its upper bit by that.
    (own + all(0x7f)) >> 7 & all(1)
}

#[inline(always)]
pub(super) fn fours_back(word: u64) -> [u64; 4] {
    [0, 2, 4, 6].map(|shift| word >> shift & all(3))
}

#[inline(always)]
fn halve_back(half: [u8; 4]) -> u64 {
    let half = u64::from(u32::from_le_bytes(half));
    half & 0x0f0f_0f0f | (half >> 4 & 0x0f0f_0f0f) << 32
}

/// From symbols and lower bits of a run of quants of 5 bits to words of nibbles, and the fifth bits of each four quants as a
/// nibble. Of the lower bits first the lowest 2 as in symbols, then 4 bytes of the third bits.
#[inline(always)]
pub(super) fn five_back(symbols: &[u8; 8], low: &[u8; 12]) -> ([u64; 4], u64) {
    let upper = fours_back(u64::from_le_bytes(*symbols));
    let [lowest] = words(&low[..8]);
    let lowest = fours_back(lowest);
    let third = halve_back([low[8], low[9], low[10], low[11]]);
    let nibbles =
        std::array::from_fn(|i| (upper[i] & all(1)) << 3 | (third >> i & all(1)) << 2 | lowest[i]);
    (nibbles, gather(upper.map(|word| word >> 1), 1))
}

/// The lowest bit of each of four words' bytes, so many bits apart.
#[inline(always)]
fn gather(words: [u64; 4], apart: u32) -> u64 {
    let [a, b, c, d] = words.map(|word| word & all(1));
    a | b << apart | c << (2 * apart) | d << (3 * apart)
}

/// Bit `k` of byte `i` to bit `i` of byte `k`.
#[inline(always)]
pub(super) fn together(nibbles: u64) -> [u8; 4] {
    (turned(nibbles) as u32).to_le_bytes()
}

/// From symbols and lower bits of a run of quants of 6 bits: the upper 4 and the lower 2 bits of both words.
#[inline(always)]
pub(super) fn six_back(symbols: [u8; 8], low: [u8; 4]) -> [(u64, u64); 2] {
    let (upper, low) = (u64::from_le_bytes(symbols), halve_back(low));
    [
        (upper & all(15), low & all(3)),
        (upper >> 4 & all(15), low >> 2 & all(3)),
    ]
}

#[inline(always)]
pub(super) fn pair_8_back(upper: u64, low: u64) -> [u64; 2] {
    [
        (upper & all(15)) << 4 | low & all(15),
        upper & all(0xf0) | low >> 4 & all(15),
    ]
}
