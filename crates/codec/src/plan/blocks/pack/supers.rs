//! Blocks of 256 quants, whose groups have scales of their own.

use super::{Fields, View};
use crate::plan::blocks::upper::{all, put, words};

/// Two halves; 8 scales and 8 minimums of 6 bits; perhaps the quants' fifth bits; for each two groups
/// 32 bytes, of which the low nibbles are the first group.
#[inline(always)]
pub(super) fn unpack_k<const UNIT: usize>(high: bool, blocks: &[u8], quants: &mut [u8]) {
    let quants = quants.as_chunks_mut::<256>().0;
    for (block, to) in blocks.as_chunks::<UNIT>().0.iter().zip(quants) {
        // By words: of loops over bytes vectors are made at times only.
        let fifths = words::<4>(&block[16..]);
        let pairs = block[UNIT - 128..].as_chunks::<32>().0;
        for (group, to) in to.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let nibbles = words::<4>(&pairs[group / 2]);
            let quants = std::array::from_fn::<u64, 4, _>(|i| {
                let fifth = if high { fifths[i] >> group & all(1) } else { 0 };
                nibbles[i] >> (4 * (group % 2)) & all(15) | fifth << 4
            });
            put(quants, to);
        }
    }
}

#[inline(always)]
pub(super) fn pack_sixes(i: usize, fields: View<'_>, packed: &mut [u8]) {
    for j in 0..4 {
        let [low, high] = [0, 4].map(|k| fields.subs[0][8 * i + j + k] & 63);
        let [low_minimum, high_minimum] = [0, 4].map(|k| fields.subs[1][8 * i + j + k] & 63);
        packed[j] = low | high >> 4 << 6;
        packed[4 + j] = low_minimum | high_minimum >> 4 << 6;
        packed[8 + j] = high & 15 | high_minimum << 4;
    }
}

/// The scales and minimums of block `i`.
#[inline(always)]
pub(super) fn unpack_sixes(i: usize, packed: &[u8], fields: &mut Fields) {
    for j in 0..4 {
        let (scale, minimum, both) = (packed[j], packed[j + 4], packed[j + 8]);
        fields.subs[0][8 * i + j] = scale & 63;
        fields.subs[1][8 * i + j] = minimum & 63;
        fields.subs[0][8 * i + j + 4] = both & 15 | scale >> 6 << 4;
        fields.subs[1][8 * i + j + 4] = both >> 4 | minimum >> 6 << 4;
    }
}

#[inline(always)]
pub(super) fn pack_k<const UNIT: usize>(high: bool, fields: View<'_>, blocks: &mut [u8]) {
    let quants = fields.quants.as_chunks::<256>().0;
    let blocks = blocks.as_chunks_mut::<UNIT>().0;
    for (i, (block, from)) in blocks.iter_mut().zip(quants).enumerate() {
        block[..2].copy_from_slice(&fields.halves[0][i].to_le_bytes());
        block[2..4].copy_from_slice(&fields.halves[1][i].to_le_bytes());
        pack_sixes(i, fields, &mut block[4..16]);
        for pair in 0..4 {
            let low = words::<4>(&from[64 * pair..]);
            let high = words::<4>(&from[64 * pair + 32..]);
            let nibbles: [u64; 4] =
                std::array::from_fn(|j| low[j] & all(15) | (high[j] & all(15)) << 4);
            put(nibbles, &mut block[UNIT - 128 + 32 * pair..]);
        }
        if high {
            let mut fifths = [0; 32];
            for (group, from) in from.as_chunks::<32>().0.iter().enumerate() {
                fifths = std::array::from_fn(|j| fifths[j] | (from[j] >> 4 & 1) << group);
            }
            block[16..48].copy_from_slice(&fifths);
        }
    }
}

/// Nibbles; the upper 2 bits; 16 signed scales, which are moved up to be positive; a half. Each 128
/// quants have 64 bytes of nibbles and 32 of upper bits.
#[inline(always)]
pub(super) fn unpack_six(blocks: &[u8], quants: &mut [u8]) {
    let quants = quants.as_chunks_mut::<256>().0;
    for (block, to) in blocks.as_chunks::<210>().0.iter().zip(quants) {
        for (part, to) in to.as_chunks_mut::<128>().0.iter_mut().enumerate() {
            let upper = words::<4>(&block[128 + 32 * part..]);
            for (i, to) in to.as_chunks_mut::<32>().0.iter_mut().enumerate() {
                let nibbles = words::<4>(&block[64 * part + 32 * (i % 2)..]);
                let quants = std::array::from_fn::<u64, 4, _>(|j| {
                    nibbles[j] >> (4 * (i / 2)) & all(15) | (upper[j] >> (2 * i) & all(3)) << 4
                });
                put(quants, to);
            }
        }
    }
}

#[inline(always)]
pub(super) fn unpack_signed(bytes: &[u8], to: &mut [u8]) {
    for (to, byte) in to.iter_mut().zip(bytes) {
        *to = byte ^ 0x80;
    }
}

#[inline(always)]
pub(super) fn pack_six(fields: View<'_>, blocks: &mut [u8]) {
    let quants = fields.quants.as_chunks::<256>().0;
    let each = blocks.as_chunks_mut::<210>().0.iter_mut();
    for (block, from) in each.zip(quants) {
        for (part, from) in from.as_chunks::<128>().0.iter().enumerate() {
            let nibbles: [u8; 64] = std::array::from_fn(|j| from[j] & 15 | from[j + 64] << 4);
            block[64 * part..64 * part + 64].copy_from_slice(&nibbles);
            let upper: [u8; 32] = std::array::from_fn(|j| {
                let first = from[j] >> 4 & 3 | (from[j + 32] >> 4 & 3) << 2;
                first | (from[j + 64] >> 4 & 3) << 4 | from[j + 96] >> 4 << 6
            });
            block[128 + 32 * part..160 + 32 * part].copy_from_slice(&upper);
        }
    }
    pack_after_six(fields, blocks);
}

/// The scales.
#[inline(always)]
pub(super) fn pack_after_six(fields: View<'_>, blocks: &mut [u8]) {
    let scales = fields.subs[0].as_chunks::<16>().0.iter();
    let blocks = blocks.as_chunks_mut::<210>().0.iter_mut();
    for ((block, scales), scale) in blocks.zip(scales).zip(fields.halves[0]) {
        for (to, scale) in block[192..208].iter_mut().zip(scales) {
            *to = scale ^ 0x80;
        }
        block[208..].copy_from_slice(&scale.to_le_bytes());
    }
}
