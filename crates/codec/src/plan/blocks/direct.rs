//! Blocks to symbols of upper bits and back without a byte for each quant in between.

mod fives;
mod sixes;
#[cfg(test)]
mod tests;

use super::kind::Kind;
use super::upper::{all, fours, fours_back, pair_8, pair_8_back, words};
use crate::Dtype;

#[inline(always)]
pub(super) fn split(kind: &Kind, blocks: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    match kind.dtype {
        Dtype::GgmlQ4_1 => split_simple::<20>(blocks, symbols, low),
        Dtype::GgmlQ5_0 => fives::split_simple::<22>(blocks, symbols, low),
        Dtype::GgmlQ5_1 => fives::split_simple::<24>(blocks, symbols, low),
        Dtype::GgmlQ8_0 => split_bytes(blocks, symbols, low),
        Dtype::GgmlQ4K => split_k(blocks, symbols, low),
        Dtype::GgmlQ5K => fives::split_k(blocks, symbols, low),
        Dtype::GgmlQ6K => sixes::split(blocks, symbols, low),
        _ => split_simple::<18>(blocks, symbols, low),
    }
}

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

/// Symbols and lower bits of quants of 4 bits; what is above those does not matter.
#[inline(always)]
fn split_nibbles(quants: [u64; 4], symbols: &mut [u8], low: &mut [u8]) {
    symbols.copy_from_slice(&fours(quants.map(|word| word >> 2)).to_le_bytes());
    low.copy_from_slice(&fours(quants).to_le_bytes());
}

#[inline(always)]
fn merge_nibbles(symbols: &[u8], low: &[u8]) -> [u64; 4] {
    let ([symbols], [low]) = (words(symbols), words(low));
    let (upper, low) = (fours_back(symbols), fours_back(low));
    std::array::from_fn(|i| upper[i] << 2 | low[i])
}

/// The last 16 bytes of a block: the upper nibbles are the second half.
#[inline(always)]
fn split_simple<const UNIT: usize>(blocks: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let to = symbols.as_chunks_mut::<8>().0.iter_mut();
    let to = to.zip(low.as_chunks_mut::<8>().0);
    for (block, (symbols, low)) in blocks.as_chunks::<UNIT>().0.iter().zip(to) {
        let [a, b] = words(&block[UNIT - 16..]);
        split_nibbles([a, b, a >> 4, b >> 4], symbols, low);
    }
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

/// The last 128 bytes of a block: each 32 have one group in their lower and one in their upper nibbles.
#[inline(always)]
fn split_k(blocks: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let to = symbols.as_chunks_mut::<64>().0.iter_mut();
    let to = to.zip(low.as_chunks_mut::<64>().0);
    for (block, (symbols, low)) in blocks.as_chunks::<144>().0.iter().zip(to) {
        for i in 0..4 {
            let quants = words(&block[16 + 32 * i..48 + 32 * i]);
            let range = 16 * i..16 * i + 8;
            split_nibbles(quants, &mut symbols[range.clone()], &mut low[range]);
            let range = 16 * i + 8..16 * i + 16;
            let quants = quants.map(|word| word >> 4);
            split_nibbles(quants, &mut symbols[range.clone()], &mut low[range]);
        }
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

/// The last 32 bytes of a block, signed.
#[inline(always)]
fn split_bytes(blocks: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let to = symbols.as_chunks_mut::<16>().0.iter_mut();
    let to = to.zip(low.as_chunks_mut::<16>().0);
    for (block, (symbols, low)) in blocks.as_chunks::<34>().0.iter().zip(to) {
        for i in 0..2 {
            let quants = words(&block[2 + 16 * i..18 + 16 * i]);
            let [upper, lower] = pair_8(quants.map(|word| word ^ all(0x80)));
            symbols[8 * i..8 * i + 8].copy_from_slice(&upper.to_le_bytes());
            low[8 * i..8 * i + 8].copy_from_slice(&lower.to_le_bytes());
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
