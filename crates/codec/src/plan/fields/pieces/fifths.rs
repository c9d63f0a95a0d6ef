//! Quants of 5 bits: nibbles as they are, and of the fifth bits whether they differ from the fourth, which tells
//! the quants near the middle from the others.

#[cfg(target_arch = "x86_64")]
use super::wide;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;

#[inline(always)]
pub(super) fn take<const UNIT: usize>(blocks: &[u8], dense: &mut [u8], plain: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        let (dense, plain) = (dense.as_chunks_mut().0, plain.as_chunks_mut().0);
        return wide::take_fifths::<UNIT>(machine, blocks.as_chunks().0, dense, plain);
    }
    let (dense, plain) = (dense.as_chunks_mut::<4>().0, plain.as_chunks_mut::<16>().0);
    for (i, block) in blocks.as_chunks::<UNIT>().0.iter().enumerate() {
        // With a way out, so that this is not done for several blocks at once, byte by byte.
        let (Some(dense), Some(plain)) = (dense.get_mut(i), plain.get_mut(i)) else {
            break;
        };
        plain.copy_from_slice(&block[UNIT - 16..]);
        let [a, b, c, d] = std::array::from_fn(|i| block[UNIT - 20 + i]);
        *dense = (u32::from_le_bytes([a, b, c, d]) ^ fourths(plain)).to_le_bytes();
    }
}

#[inline(always)]
pub(super) fn put<'a, const UNIT: usize>(
    dense: &'a [u8],
    plain: &'a [u8],
    blocks: impl Iterator<Item = &'a mut [u8; UNIT]>,
) {
    let from = dense.as_chunks::<4>().0.iter();
    let from = from.zip(plain.as_chunks::<16>().0);
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::put_fifths(machine, from, blocks);
    }
    for (block, (dense, plain)) in blocks.zip(from) {
        let high = u32::from_le_bytes(*dense) ^ fourths(plain);
        block[UNIT - 20..UNIT - 16].copy_from_slice(&high.to_le_bytes());
        block[UNIT - 16..].copy_from_slice(plain);
    }
}

/// The highest bits of nibbles: of all lower ones, then of all upper ones.
#[inline(always)]
fn fourths(nibbles: &[u8; 16]) -> u32 {
    let whole = u128::from_le_bytes(*nibbles);
    let [first, second] = [whole as u64, (whole >> 64) as u64];
    let lower = tops(first << 4) | tops(second << 4) << 8;
    lower | tops(first) << 16 | tops(second) << 24
}

/// The highest bit of each byte.
#[inline(always)]
fn tops(word: u64) -> u32 {
    let bits = word >> 7 & 0x0101_0101_0101_0101;
    (bits.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

#[inline(always)]
pub(super) fn take_pairs(blocks: &[u8], dense: &mut [u8], plain: &mut [u8]) {
    let to = dense.as_chunks_mut::<32>().0.iter_mut();
    let to = to.zip(plain.as_chunks_mut::<128>().0);
    for (block, (dense, plain)) in blocks.as_chunks::<176>().0.iter().zip(to) {
        plain.copy_from_slice(&block[48..]);
        let mut differ = fourths_of_pairs(plain);
        for (to, high) in differ.iter_mut().zip(&block[16..48]) {
            *to ^= high;
        }
        *dense = differ;
    }
}

#[inline(always)]
pub(super) fn put_pairs<'a>(
    dense: &[u8],
    plain: &[u8],
    blocks: impl Iterator<Item = &'a mut [u8; 176]>,
) {
    let from = dense.as_chunks::<32>().0.iter();
    let from = from.zip(plain.as_chunks::<128>().0);
    for (block, (dense, plain)) in blocks.zip(from) {
        let mut high = fourths_of_pairs(plain);
        for (to, differ) in high.iter_mut().zip(dense) {
            *to ^= differ;
        }
        block[16..48].copy_from_slice(&high);
        block[48..].copy_from_slice(plain);
    }
}

/// The highest bits of nibbles, a bit of each byte for each group.
#[inline(always)]
fn fourths_of_pairs(nibbles: &[u8; 128]) -> [u8; 32] {
    let mut all = [0; 32];
    for (pair, nibbles) in nibbles.as_chunks::<32>().0.iter().enumerate() {
        for (to, byte) in all.iter_mut().zip(nibbles) {
            *to |= (byte >> 3 & 1 | byte >> 6 & 2) << (2 * pair);
        }
    }
    all
}
