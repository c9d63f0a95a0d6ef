//! Bits spread and gathered by a mask, for machines without a fast instruction for it: byte by byte, in loops
//! over many that become vector instructions.

use super::strings::{Window, next_bits, put_bits};
use crate::coder::rows::{Plane, TILE};

/// A plane by its bytes.
type Bytes = [u8; TILE / 8];

/// As the trait's.
#[inline(always)]
pub(super) fn spread(window: &Window, mut at: usize, mask: &Plane, plane: &mut Plane) -> usize {
    let mut bytes = [0; TILE / 8];
    for (to, mask) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(mask) {
        let bits = next_bits(window, at);
        let ends = ends(*mask);
        for (i, to) in (0..).zip(to) {
            *to = (bits >> start(ends, i)) as u8;
        }
        at += count(ends);
    }
    for (byte, mask) in bytes.iter_mut().zip(bytes_of(mask)) {
        *byte = deposit(*byte, mask);
    }
    for (word, bytes) in plane.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    at
}

/// As the trait's.
#[inline(always)]
pub(super) fn gather(plane: &Plane, mask: &Plane, string: &mut [u64], at: usize) -> usize {
    let mut bytes = bytes_of(plane);
    for (byte, mask) in bytes.iter_mut().zip(bytes_of(mask)) {
        *byte = extract(*byte, mask);
    }
    let words = bytes.as_chunks::<8>().0.iter().zip(mask);
    put_bits(
        string,
        at,
        words.map(|(bytes, mask)| {
            let ends = ends(*mask);
            let own = (0..).zip(bytes);
            let bits = own.fold(0, |bits, (i, byte)| {
                bits | u64::from(*byte) << start(ends, i)
            });
            (bits, count(ends))
        }),
    )
}

#[inline(always)]
fn bytes_of(plane: &Plane) -> Bytes {
    let mut bytes = [0; TILE / 8];
    for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(plane) {
        *to = word.to_le_bytes();
    }
    bytes
}

/// For each byte, how many ones there are up to its end.
#[inline(always)]
fn ends(mask: u64) -> u64 {
    const ODD: u64 = 0x5555_5555_5555_5555;
    const PAIRS: u64 = 0x3333_3333_3333_3333;
    const NIBBLES: u64 = 0x0f0f_0f0f_0f0f_0f0f;
    const EACH: u64 = 0x0101_0101_0101_0101;
    let pairs = mask - (mask >> 1 & ODD);
    let nibbles = (pairs & PAIRS) + (pairs >> 2 & PAIRS);
    ((nibbles + (nibbles >> 4)) & NIBBLES).wrapping_mul(EACH)
}

/// How many ones there are before a byte: 56 at most.
#[inline(always)]
fn start(ends: u64, byte: u32) -> u64 {
    (ends << 8 >> (8 * byte)) & 63
}

#[inline(always)]
fn count(ends: u64) -> usize {
    (ends >> 56) as usize
}

/// The bits that an extraction moves by 1, by 2 and by 4, where they are before each of these steps.
#[inline(always)]
fn moves(mask: u8) -> [u8; 3] {
    // What is below a bit and not in the mask, from above its lowest bit on: how far bits have to move.
    let holes = !mask << 1;
    // Where the number of holes below is odd.
    let odd = odd(holes);
    let one = odd & mask;
    let mask = (mask ^ one) | one >> 1;
    let holes = holes & !odd;
    let odd = self::odd(holes);
    let two = odd & mask;
    let mask = (mask ^ two) | two >> 2;
    let holes = holes & !odd;
    [one, two, self::odd(holes) & mask]
}

#[inline(always)]
fn odd(mut bits: u8) -> u8 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^ bits << 4
}

/// Puts the lowest bits, one after the other, where the mask has ones.
#[inline(always)]
fn deposit(bits: u8, mask: u8) -> u8 {
    let [one, two, four] = moves(mask);
    let bits = (bits & !four) | (bits << 4 & four);
    let bits = (bits & !two) | (bits << 2 & two);
    let bits = (bits & !one) | (bits << 1 & one);
    bits & mask
}

/// Takes the bits where the mask has ones, and puts them together at the lowest end.
#[inline(always)]
fn extract(bits: u8, mask: u8) -> u8 {
    let [one, two, four] = moves(mask);
    let bits = bits & mask;
    let moving = bits & one;
    let bits = (bits ^ moving) | moving >> 1;
    let moving = bits & two;
    let bits = (bits ^ moving) | moving >> 2;
    let moving = bits & four;
    (bits ^ moving) | moving >> 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_spread_and_gathered_bit_by_bit() {
        for (mask, bits) in (0..=u8::MAX).flat_map(|mask| (0..=u8::MAX).map(move |b| (mask, b))) {
            let places = || (0..8).filter(|place| mask >> place & 1 == 1).zip(0..);
            let to = places().fold(0, |to, (place, i)| to | (bits >> i & 1) << place);
            assert_eq!(deposit(bits, mask), to);
            let to = places().fold(0, |to, (place, i)| to | (bits >> place & 1) << i);
            assert_eq!(extract(bits, mask), to);
        }
    }
}
