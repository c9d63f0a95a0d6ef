//! From symbols of upper bits to blocks without a byte for each quant in between.

mod fives;
mod sixes;
#[cfg(test)]
mod tests;

use super::kind::Kind;
use super::upper::{all, fours_back, pair_8_back, words};
use crate::Dtype;

/// Writes the quants of blocks.
#[inline(always)]
pub(super) fn merge(kind: &Kind, symbols: &[u8], low: &[u8], blocks: &mut [u8]) {
    match kind.dtype {
        Dtype::GgmlQ4_1 => merge_simple::<20>(symbols, low, blocks),
        Dtype::GgmlQ5_0 => fives::merge_simple::<22>(symbols, low, blocks),
        Dtype::GgmlQ5_1 => fives::merge_simple::<24>(symbols, low, blocks),
        Dtype::GgmlQ8_0 => merge_bytes(symbols, low, blocks),
        Dtype::GgmlQ4K => merge_k(symbols, low, blocks),
        Dtype::GgmlQ5K => fives::merge_k(symbols, low, blocks),
        Dtype::GgmlQ6K => sixes::merge(symbols, low, blocks),
        _ => merge_simple::<18>(symbols, low, blocks),
    }
}

#[inline(always)]
fn merge_nibbles(symbols: &[u8], low: &[u8]) -> [u64; 4] {
    let ([symbols], [low]) = (words(symbols), words(low));
    let (upper, low) = (fours_back(symbols), fours_back(low));
    std::array::from_fn(|i| upper[i] << 2 | low[i])
}

#[inline(always)]
fn merge_simple<const UNIT: usize>(symbols: &[u8], low: &[u8], blocks: &mut [u8]) {
    let from = symbols
        .as_chunks::<8>()
        .0
        .iter()
        .zip(low.as_chunks::<8>().0);
    for (block, (symbols, low)) in blocks.as_chunks_mut::<UNIT>().0.iter_mut().zip(from) {
        let [a, b, c, d] = merge_nibbles(symbols, low);
        block[UNIT - 16..UNIT - 8].copy_from_slice(&(a | c << 4).to_le_bytes());
        block[UNIT - 8..].copy_from_slice(&(b | d << 4).to_le_bytes());
    }
}

#[inline(always)]
fn merge_k(symbols: &[u8], low: &[u8], blocks: &mut [u8]) {
    let from = symbols
        .as_chunks::<64>()
        .0
        .iter()
        .zip(low.as_chunks::<64>().0);
    for (block, (symbols, low)) in blocks.as_chunks_mut::<144>().0.iter_mut().zip(from) {
        for i in 0..4 {
            let range = 16 * i..16 * i + 8;
            let first = merge_nibbles(&symbols[range.clone()], &low[range]);
            let range = 16 * i + 8..16 * i + 16;
            let second = merge_nibbles(&symbols[range.clone()], &low[range]);
            for j in 0..4 {
                let both = first[j] | second[j] << 4;
                block[16 + 32 * i + 8 * j..][..8].copy_from_slice(&both.to_le_bytes());
            }
        }
    }
}

#[inline(always)]
fn merge_bytes(symbols: &[u8], low: &[u8], blocks: &mut [u8]) {
    let from = symbols
        .as_chunks::<16>()
        .0
        .iter()
        .zip(low.as_chunks::<16>().0);
    for (block, (symbols, low)) in blocks.as_chunks_mut::<34>().0.iter_mut().zip(from) {
        let (symbols, low): ([u64; 2], [u64; 2]) = (words(symbols), words(low));
        for i in 0..2 {
            let [a, b] = pair_8_back(symbols[i], low[i]).map(|word| word ^ all(0x80));
            block[2 + 16 * i..10 + 16 * i].copy_from_slice(&a.to_le_bytes());
            block[10 + 16 * i..18 + 16 * i].copy_from_slice(&b.to_le_bytes());
        }
    }
}
