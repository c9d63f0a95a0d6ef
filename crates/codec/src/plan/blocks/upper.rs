//! The upper bits of some quants of a group as one symbol, and their lower bits as they are: nearly all
//! that contexts know of a quant is in its upper bits, and there are a half or a quarter as many symbols.
//!
//! Quants of up to 5 bits give 2 bits each, and four of them a symbol; others give 4, and two a symbol.
//! A symbol's first quant is in its lowest bits; its quants are equally far from each other in their
//! group. All is done on words of 8 bytes.

use super::kind::{Form, Kind};

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
            Form::Each => self.bits,
            Form::Pairs => 4,
            Form::Upper if self.plain_bits < 6 => 2,
            Form::Upper => 4,
        }
    }
}

/// Quants, a byte each, to symbols and lower bits.
#[inline(always)]
pub(super) fn split(kind: &Kind, quants: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    match kind.plain_bits {
        4 => each::<32, 8, 8>(quants, symbols, low, split_4),
        5 => each::<32, 8, 12>(quants, symbols, low, split_5),
        6 => each::<16, 8, 4>(quants, symbols, low, split_6),
        _ => each::<16, 8, 8>(quants, symbols, low, split_8),
    }
}

/// Undoes [`split`].
#[inline(always)]
pub(super) fn merge(kind: &Kind, symbols: &[u8], low: &[u8], quants: &mut [u8]) {
    match kind.plain_bits {
        4 => each_back::<32, 8, 8>(symbols, low, quants, merge_4),
        5 => each_back::<32, 8, 12>(symbols, low, quants, merge_5),
        6 => each_back::<16, 8, 4>(symbols, low, quants, merge_6),
        _ => each_back::<16, 8, 8>(symbols, low, quants, merge_8),
    }
}

/// Each run of quants.
#[inline(always)]
fn each<const QUANTS: usize, const SYMBOLS: usize, const LOW: usize>(
    quants: &[u8],
    symbols: &mut [u8],
    low: &mut [u8],
    split: impl Fn(&[u8; QUANTS], &mut [u8; SYMBOLS], &mut [u8; LOW]),
) {
    let symbols = symbols.as_chunks_mut().0.iter_mut();
    let low = low.as_chunks_mut().0.iter_mut();
    for ((quants, symbols), low) in quants.as_chunks().0.iter().zip(symbols).zip(low) {
        split(quants, symbols, low);
    }
}

#[inline(always)]
fn each_back<const QUANTS: usize, const SYMBOLS: usize, const LOW: usize>(
    symbols: &[u8],
    low: &[u8],
    quants: &mut [u8],
    merge: impl Fn(&[u8; SYMBOLS], &[u8; LOW], &mut [u8; QUANTS]),
) {
    let symbols = symbols.as_chunks().0.iter();
    let low = low.as_chunks().0.iter();
    for ((quants, symbols), low) in quants.as_chunks_mut().0.iter_mut().zip(symbols).zip(low) {
        merge(symbols, low, quants);
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

/// The low 2 bits of each of four words' bytes, in one word.
#[inline(always)]
pub(super) fn fours(words: [u64; 4]) -> u64 {
    let [a, b, c, d] = words.map(|word| word & all(3));
    a | b << 2 | c << 4 | d << 6
}

#[inline(always)]
pub(super) fn fours_back(word: u64) -> [u64; 4] {
    [0, 2, 4, 6].map(|shift| word >> shift & all(3))
}

/// Words of 4 bits a byte as half a word: the upper half's bits above those of the lower.
#[inline(always)]
fn nibbles(word: u64) -> [u8; 4] {
    (word as u32 | ((word >> 32) as u32) << 4).to_le_bytes()
}

#[inline(always)]
fn nibbles_back(half: [u8; 4]) -> u64 {
    let half = u64::from(u32::from_le_bytes(half));
    half & 0x0f0f_0f0f | (half >> 4 & 0x0f0f_0f0f) << 32
}

#[inline(always)]
fn split_4(quants: &[u8; 32], symbols: &mut [u8; 8], low: &mut [u8; 8]) {
    let quants = words(quants);
    *symbols = fours(quants.map(|word| word >> 2)).to_le_bytes();
    *low = fours(quants).to_le_bytes();
}

#[inline(always)]
fn merge_4(symbols: &[u8; 8], low: &[u8; 8], quants: &mut [u8; 32]) {
    let upper = fours_back(u64::from_le_bytes(*symbols));
    let low = fours_back(u64::from_le_bytes(*low));
    for (i, to) in quants.as_chunks_mut().0.iter_mut().enumerate() {
        *to = (upper[i] << 2 | low[i]).to_le_bytes();
    }
}

/// Below the symbols the lowest 2 bits as in symbols, then 4 bytes of the third bits.
#[inline(always)]
fn split_5(quants: &[u8; 32], symbols: &mut [u8; 8], low: &mut [u8; 12]) {
    let quants = words(quants);
    *symbols = fours(quants.map(|word| word >> 3)).to_le_bytes();
    low[..8].copy_from_slice(&fours(quants).to_le_bytes());
    let [a, b, c, d] = quants.map(|word| word >> 2 & all(1));
    low[8..].copy_from_slice(&nibbles(a | b << 1 | c << 2 | d << 3));
}

#[inline(always)]
fn merge_5(symbols: &[u8; 8], low: &[u8; 12], quants: &mut [u8; 32]) {
    let upper = fours_back(u64::from_le_bytes(*symbols));
    let [lowest] = words(&low[..8]);
    let lowest = fours_back(lowest);
    let third = nibbles_back([low[8], low[9], low[10], low[11]]);
    for (i, to) in quants.as_chunks_mut().0.iter_mut().enumerate() {
        let third = third >> i & all(1);
        *to = (upper[i] << 3 | third << 2 | lowest[i]).to_le_bytes();
    }
}

#[inline(always)]
fn split_6(quants: &[u8; 16], symbols: &mut [u8; 8], low: &mut [u8; 4]) {
    let [a, b] = words(quants);
    *symbols = (a >> 2 & all(15) | (b >> 2 & all(15)) << 4).to_le_bytes();
    *low = nibbles(a & all(3) | (b & all(3)) << 2);
}

#[inline(always)]
fn merge_6(symbols: &[u8; 8], low: &[u8; 4], quants: &mut [u8; 16]) {
    let upper = u64::from_le_bytes(*symbols);
    let low = nibbles_back(*low);
    let words = [
        (upper & all(15)) << 2 | low & all(3),
        (upper >> 4 & all(15)) << 2 | low >> 2 & all(3),
    ];
    for (to, word) in quants.as_chunks_mut().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
}

#[inline(always)]
fn split_8(quants: &[u8; 16], symbols: &mut [u8; 8], low: &mut [u8; 8]) {
    [*symbols, *low] = pair_8(words(quants)).map(u64::to_le_bytes);
}

#[inline(always)]
fn merge_8(symbols: &[u8; 8], low: &[u8; 8], quants: &mut [u8; 16]) {
    let words = pair_8_back(u64::from_le_bytes(*symbols), u64::from_le_bytes(*low));
    for (to, word) in quants.as_chunks_mut().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
}

/// Symbols and lower bits of quants of 8 bits.
#[inline(always)]
pub(super) fn pair_8([a, b]: [u64; 2]) -> [u64; 2] {
    [
        a >> 4 & all(15) | b & all(0xf0),
        a & all(15) | (b & all(15)) << 4,
    ]
}

#[inline(always)]
pub(super) fn pair_8_back(upper: u64, low: u64) -> [u64; 2] {
    [
        (upper & all(15)) << 4 | low & all(15),
        upper & all(0xf0) | low >> 4 & all(15),
    ]
}
