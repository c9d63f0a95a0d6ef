//! Strings of bits, one for each one of a mask: read and written a tile at a time.

#[cfg(target_arch = "x86_64")]
use crate::coder::rows::Plane;
use crate::coder::rows::{TILE, WORDS};

/// Bytes that hold any tile's bits of a string, wherever in a byte they begin, and a word beyond.
pub(in crate::coder) const WINDOW: usize = TILE / 8 + 16;
pub(in crate::coder) type Window = [u8; WINDOW];

/// Spreads bits by a machine's instruction.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn spread_by(
    deposit: impl Fn(u64, u64) -> u64,
    window: &Window,
    mut at: usize,
    mask: &Plane,
    plane: &mut Plane,
) -> usize {
    for (to, &mask) in plane.iter_mut().zip(mask) {
        *to = deposit(next_bits(window, at), mask);
        at += mask.count_ones() as usize;
    }
    at
}

/// Gathers bits by a machine's instruction.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn gather_by(
    extract: impl Fn(u64, u64) -> u64,
    plane: &Plane,
    mask: &Plane,
    string: &mut [u64],
    at: usize,
) -> usize {
    let words = plane.iter().zip(mask);
    let words = words.map(|(&bits, &mask)| (extract(bits, mask), mask.count_ones() as usize));
    put_bits(string, at, words)
}

/// A word of the window's bits. Where less than 8 bits and those of a tile came before, it has one.
#[inline(always)]
pub(super) fn next_bits(window: &Window, at: usize) -> u64 {
    // Where there is none, nobody may ask.
    let from = &window[(at / 8).min(TILE / 8)..];
    let [low, high] =
        [from[..8].as_chunks().0[0], from[8..16].as_chunks().0[0]].map(u64::from_le_bytes);
    let shift = at % 8;
    low >> shift | high << 1 << (63 - shift)
}

/// Puts a tile's words of some bits behind the bits `at` of a string; how many it has then.
#[inline(always)]
pub(super) fn put_bits(
    string: &mut [u64],
    at: usize,
    words: impl Iterator<Item = (u64, usize)>,
) -> usize {
    let (base, mut at) = (at / 64, at % 64);
    let string = &mut string[base..][..WORDS + 1];
    // What is beyond `at` is of the plane before.
    let mut pending = string[0] & ((1 << at) - 1);
    for (bits, count) in words {
        let next = at + count;
        let word = pending | bits << (at % 64);
        let beyond = bits >> 1 >> (63 - at % 64);
        string[at / 64] = word;
        pending = if next / 64 == at / 64 { word } else { beyond };
        at = next;
    }
    string[at / 64] = pending;
    base * 64 + at
}
