//! Bits of a plane's bytes that stand apart, where they say nothing: each in a run of its own.
//!
//! The mask has the bits that stand apart. For each, from the lowest on, come `q` bytes, where `q` is
//! an eighth of the plane, rounded up: bit `i` of byte `j` is that of the plane's byte `i * q + j`,
//! and 0 where there is no such byte. So both ways are plain loops over many bytes.

use crate::cpu::at_best;

/// Bytes of a run that are worked on at once, with what they stand for.
const TILE: usize = 512;

/// The bytes that the bits of a mask take.
pub(crate) fn len(plane_len: usize, mask: u8) -> usize {
    mask.count_ones() as usize * plane_len.div_ceil(8)
}

/// The mask's bits, from the lowest on.
fn shifts(mask: u8) -> impl Iterator<Item = u32> {
    (0..8).filter(move |shift| mask >> shift & 1 == 1)
}

at_best! {
    /// Takes the mask's bits of a plane's bytes into `to`, all zeros, which has [`len`].
    pub(crate) fn take(plane: &[u8], mask: u8, to: &mut [u8]) = take_any
}

at_best! {
    /// Puts bits back into bytes in which they are zeros: the inverse of [`take`].
    pub(crate) fn put(from: &[u8], mask: u8, plane: &mut [u8]) = put_any
}

#[inline(always)]
fn take_any(plane: &[u8], mask: u8, to: &mut [u8]) {
    // Not 0, even where nothing is to be done.
    let run = plane.len().div_ceil(8).max(1);
    for start in (0..run).step_by(TILE) {
        for (i, part) in plane.chunks(run).enumerate() {
            let part = tile(part, start);
            for (to, shift) in to.chunks_exact_mut(run).zip(shifts(mask)) {
                for (to, byte) in to[start..].iter_mut().zip(part) {
                    *to |= (byte >> shift & 1) << i;
                }
            }
        }
    }
}

#[inline(always)]
fn put_any(from: &[u8], mask: u8, plane: &mut [u8]) {
    // Not 0, even where nothing is to be done.
    let run = plane.len().div_ceil(8).max(1);
    for start in (0..run).step_by(TILE) {
        for (i, part) in plane.chunks_mut(run).enumerate() {
            let end = part.len().min(start + TILE);
            let part = &mut part[start.min(end)..end];
            for (from, shift) in from.chunks_exact(run).zip(shifts(mask)) {
                for (byte, from) in part.iter_mut().zip(&from[start..]) {
                    *byte |= (from >> i & 1) << shift;
                }
            }
        }
    }
}

fn tile(part: &[u8], start: usize) -> &[u8] {
    &part[start.min(part.len())..part.len().min(start + TILE)]
}

/// Bit `i` of byte `j` becomes bit `j` of byte `i`: by single bits, then by twos, then by fours.
#[inline(always)]
pub(crate) fn turned(word: u64) -> u64 {
    let step = |word: u64, by: u32, mask: u64| {
        let moving = (word ^ word >> by) & mask;
        word ^ moving ^ moving << by
    };
    let word = step(word, 7, 0x00aa_00aa_00aa_00aa);
    let word = step(word, 14, 0x0000_cccc_0000_cccc);
    step(word, 28, 0x0000_0000_f0f0_f0f0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back_on_every_machine() {
        let mut noise = vec![0; 20_000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        for plane_len in [1, 7, 8, 9, 100, 4095, 4097, 20_000] {
            for mask in [0, 1, 0x80, 0x87, 0xe0, 0xff] {
                let plane = &noise[..plane_len];
                let mut bits = vec![0; len(plane_len, mask)];
                let mut plain = bits.clone();
                take(plane, mask, &mut bits);
                take_any(plane, mask, &mut plain);
                assert_eq!(bits, plain);
                let mut back: Vec<u8> = plane.iter().map(|byte| byte & !mask).collect();
                let mut back_plain = back.clone();
                put(&bits, mask, &mut back);
                put_any(&bits, mask, &mut back_plain);
                assert!(back == plane, "{plane_len} {mask}");
                assert_eq!(back, back_plain);
            }
        }
    }

    #[test]
    fn where_bits_are() {
        let mut bits = [0; 4];
        take(&[0x81, 0, 1, 0x80, 0, 0, 0x80, 0, 1], 0x81, &mut bits);
        assert_eq!(bits, [0b10011, 0, 0b1001, 0b10]);
    }
}
