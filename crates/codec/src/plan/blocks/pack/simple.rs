//! Blocks of 32 quants that have no groups.

use super::View;
use crate::plan::blocks::upper::{all, put, spread, words};

/// Where the parts of a simple block, of 32 quants, are.
pub(super) struct Simple {
    halves: usize,
    high: bool,
}

impl Simple {
    #[inline(always)]
    fn quants(&self) -> usize {
        2 * self.halves + if self.high { 4 } else { 0 }
    }

    #[inline(always)]
    pub(super) fn new(halves: usize, high: bool) -> Simple {
        Simple { halves, high }
    }
}

/// Halves; perhaps the quants' fifth bits; nibbles, of which the upper ones are the second half.
#[inline(always)]
pub(super) fn unpack_simple<const UNIT: usize>(simple: Simple, blocks: &[u8], quants: &mut [u8]) {
    let at = simple.quants();
    let quants = quants.as_chunks_mut::<32>().0;
    for (block, to) in blocks.as_chunks::<UNIT>().0.iter().zip(quants) {
        // By words: of loops over bytes vectors are made at times only.
        let [a, b] = words(&block[at..at + 16]);
        put([a, b, a >> 4, b >> 4].map(|word| word & all(15)), to);
        if simple.high {
            for (to, bits) in to.as_chunks_mut::<8>().0.iter_mut().zip(&block[at - 4..at]) {
                let fifths = spread(*bits) << 4;
                *to = (u64::from_le_bytes(*to) | fifths).to_le_bytes();
            }
        }
    }
}

#[inline(always)]
pub(super) fn pack_simple<const UNIT: usize>(simple: Simple, fields: View<'_>, blocks: &mut [u8]) {
    let at = simple.quants();
    let quants = fields.quants.as_chunks::<32>().0;
    let blocks = blocks.as_chunks_mut::<UNIT>().0;
    for (i, (block, from)) in blocks.iter_mut().zip(quants).enumerate() {
        block[..2].copy_from_slice(&fields.halves[0][i].to_le_bytes());
        if simple.halves == 2 {
            block[2..4].copy_from_slice(&fields.halves[1][i].to_le_bytes());
        }
        let [a, b, c, d] = words::<4>(from).map(|word| word & all(15));
        put([a | c << 4, b | d << 4], &mut block[at..at + 16]);
        if simple.high {
            block[at - 4..at].copy_from_slice(&fifths(from));
        }
    }
}

/// The fifth bits of 32 quants, eight at a time: a product puts those of a word into its highest byte.
#[inline(always)]
fn fifths(quants: &[u8; 32]) -> [u8; 4] {
    words::<4>(quants)
        .map(|word| ((word >> 4 & all(1)).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8)
}

/// The nibbles of a block, two at a time.
#[inline(always)]
pub(super) fn pack_pairs<const UNIT: usize>(fields: View<'_>, blocks: &mut [u8]) {
    let pairs = fields.quants.as_chunks::<16>().0;
    let blocks = blocks.as_chunks_mut::<UNIT>().0;
    for (i, (block, from)) in blocks.iter_mut().zip(pairs).enumerate() {
        block[..2].copy_from_slice(&fields.halves[0][i].to_le_bytes());
        if UNIT == 20 {
            block[2..4].copy_from_slice(&fields.halves[1][i].to_le_bytes());
        }
        block[UNIT - 16..].copy_from_slice(from);
    }
}

/// A half and 32 signed bytes, which are moved up to be positive.
#[inline(always)]
pub(super) fn unpack_bytes(blocks: &[u8], quants: &mut [u8]) {
    let quants = quants.as_chunks_mut::<32>().0;
    let blocks = blocks.as_chunks::<34>().0;
    for (block, to) in blocks.iter().zip(quants) {
        put(words::<4>(&block[2..]).map(|word| word ^ all(0x80)), to);
    }
}

#[inline(always)]
pub(super) fn pack_bytes(fields: View<'_>, blocks: &mut [u8]) {
    let quants = fields.quants.as_chunks::<32>().0;
    let blocks = blocks.as_chunks_mut::<34>().0;
    for ((block, from), scale) in blocks.iter_mut().zip(quants).zip(fields.halves[0]) {
        block[..2].copy_from_slice(&scale.to_le_bytes());
        for (i, word) in words::<4>(from).into_iter().enumerate() {
            let quants = (word ^ all(0x80)).to_le_bytes();
            block[2 + 8 * i..10 + 8 * i].copy_from_slice(&quants);
        }
    }
}
