//! Quants of 5 bits: nibbles, and the fifth bits elsewhere in the block.

use crate::plan::blocks::upper::{all, five_back, together};

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
