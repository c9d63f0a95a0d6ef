//! Quants of 6 bits: each 128 of a block have 64 bytes of nibbles, and 32 of the upper 2 bits.

use crate::plan::blocks::upper::{all, six_back};

#[inline(always)]
pub(super) fn merge(symbols: &[u8], low: &[u8], blocks: &mut [u8]) {
    let from = symbols.as_chunks::<128>().0.iter();
    let from = from.zip(low.as_chunks::<64>().0);
    for (block, (symbols, low)) in blocks.as_chunks_mut::<210>().0.iter_mut().zip(from) {
        let from = symbols.as_chunks().0.iter().zip(low.as_chunks().0);
        for (part, (symbols, low)) in from.enumerate() {
            let (nibbles, upper) = merge_part(symbols, low);
            let to = block[64 * part..64 * part + 64].as_chunks_mut().0;
            for (to, word) in to.iter_mut().zip(nibbles) {
                *to = word.to_le_bytes();
            }
            let to = block[128 + 32 * part..160 + 32 * part].as_chunks_mut().0;
            for (to, word) in to.iter_mut().zip(upper) {
                *to = word.to_le_bytes();
            }
        }
    }
}

#[inline(always)]
fn merge_part(symbols: &[u8; 64], low: &[u8; 32]) -> ([u64; 8], [u64; 4]) {
    let symbols = symbols.as_chunks().0;
    let low = low.as_chunks().0;
    let (mut nibbles, mut upper) = ([0; 8], [0; 4]);
    for quarter in 0..4 {
        for run in 0..2 {
            let i = 2 * quarter + run;
            for (j, (above, below)) in six_back(symbols[i], low[i]).into_iter().enumerate() {
                let nibble = (above & all(3)) << 2 | below;
                nibbles[2 * run + j + quarter % 2 * 4] |= nibble << (quarter / 2 * 4);
                upper[2 * run + j] |= (above >> 2 & all(3)) << (2 * quarter);
            }
        }
    }
    (nibbles, upper)
}
