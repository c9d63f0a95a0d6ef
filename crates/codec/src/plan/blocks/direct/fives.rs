//! Quants of 5 bits: nibbles, and the fifth bits elsewhere in the block.

use crate::plan::blocks::upper::{all, five, five_back, spread, together, words};

/// The end of a block: 4 bytes of fifth bits, 16 of nibbles, of which the upper ones are the second half.
#[inline(always)]
pub(super) fn split_simple<const UNIT: usize>(blocks: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let to = symbols.as_chunks_mut().0.iter_mut();
    let to = to.zip(low.as_chunks_mut().0);
    for (block, (symbols, low)) in blocks.as_chunks::<UNIT>().0.iter().zip(to) {
        let [a, b] = words(&block[UNIT - 16..]);
        let fifths = spread(std::array::from_fn(|i| block[UNIT - 20 + i]));
        five([a, b, a >> 4, b >> 4], fifths, symbols, low);
    }
}

#[inline(always)]
pub(super) fn merge_simple<const UNIT: usize>(symbols: &[u8], low: &[u8], blocks: &mut [u8]) {
    let from = symbols.as_chunks().0.iter().zip(low.as_chunks().0);
    for (block, (symbols, low)) in blocks.as_chunks_mut::<UNIT>().0.iter_mut().zip(from) {
        let ([a, b, c, d], fifths) = five_back(symbols, low);
        block[UNIT - 20..UNIT - 16].copy_from_slice(&together(fifths));
        block[UNIT - 16..UNIT - 8].copy_from_slice(&(a | c << 4).to_le_bytes());
        block[UNIT - 8..].copy_from_slice(&(b | d << 4).to_le_bytes());
    }
}

/// The last 160 bytes of a block of 256: 32 bytes have the fifth bits of all groups, a bit for each
/// group; each 32 of the others one group in their lower and one in their upper nibbles.
#[inline(always)]
pub(super) fn split_k(blocks: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let to = symbols.as_chunks_mut::<64>().0.iter_mut();
    let to = to.zip(low.as_chunks_mut::<96>().0);
    for (block, (symbols, low)) in blocks.as_chunks::<176>().0.iter().zip(to) {
        let fifths: [u64; 4] = words(&block[16..48]);
        let to = symbols.as_chunks_mut().0.iter_mut();
        for (group, (symbols, low)) in to.zip(low.as_chunks_mut().0).enumerate() {
            let nibbles: [u64; 4] = words(&block[48 + group / 2 * 32..]);
            let nibbles = nibbles.map(|word| word >> (group % 2 * 4));
            let [a, b, c, d] = fifths.map(|word| word >> group & all(1));
            five(nibbles, a | b << 1 | c << 2 | d << 3, symbols, low);
        }
    }
}

#[inline(always)]
pub(super) fn merge_k(symbols: &[u8], low: &[u8], blocks: &mut [u8]) {
    let from = symbols.as_chunks::<64>().0.iter();
    let from = from.zip(low.as_chunks::<96>().0);
    for (block, (symbols, low)) in blocks.as_chunks_mut::<176>().0.iter_mut().zip(from) {
        let mut fifths = [0; 4];
        let from = symbols.as_chunks().0.iter().zip(low.as_chunks().0);
        let mut first = [0; 4];
        for (group, (symbols, low)) in from.enumerate() {
            let (nibbles, own) = five_back(symbols, low);
            for (j, to) in fifths.iter_mut().enumerate() {
                *to |= (own >> j & all(1)) << group;
            }
            if group % 2 == 0 {
                first = nibbles;
                continue;
            }
            let to = block[48 + group / 2 * 32..].as_chunks_mut().0.iter_mut();
            for (to, (first, second)) in to.zip(first.into_iter().zip(nibbles)) {
                *to = (first | second << 4).to_le_bytes();
            }
        }
        for (to, fifths) in block[16..48].as_chunks_mut().0.iter_mut().zip(fifths) {
            *to = fifths.to_le_bytes();
        }
    }
}
