//! The numbers by group: their bits together, and back.

use crate::cpu::at_widest;
use crate::plan::fields::kind::{Kind, Subs};

at_widest! {
    /// Takes the numbers of groups.
    pub(in crate::plan::fields) fn take_subs(kind: &Kind, blocks: &[u8], subs: &mut [Vec<u8>; 2]) = take
}

at_widest! {
    /// Puts them, where all other fields are already.
    pub(in crate::plan::fields) fn put_subs(kind: &Kind, subs: [&[u8]; 2], blocks: &mut [u8]) = put
}

#[inline(always)]
fn take(kind: &Kind, blocks: &[u8], [scales, minimums]: &mut [Vec<u8>; 2]) {
    let blocks = blocks.chunks_exact(kind.unit);
    let sixteen = scales.as_chunks_mut::<16>().0.iter_mut();
    match kind.subs {
        Subs::None => {}
        Subs::Sixes => {
            let to = scales.as_chunks_mut::<8>().0.iter_mut();
            let to = to.zip(minimums.as_chunks_mut::<8>().0);
            for (block, to) in blocks.zip(to) {
                let [a, b, c] = [4, 8, 12].map(|at| word(block, at));
                *to.0 = both(a & 0x3f3f_3f3f, c & 0x0f0f_0f0f | a >> 2 & 0x3030_3030);
                *to.1 = both(b & 0x3f3f_3f3f, c >> 4 & 0x0f0f_0f0f | b >> 2 & 0x3030_3030);
            }
        }
        Subs::Thirds => blocks
            .zip(sixteen)
            .for_each(|(block, to)| *to = thirds(block)),
        Subs::Sixteen(at) => {
            for (block, to) in blocks.zip(sixteen) {
                to.copy_from_slice(&block[at..at + 16]);
            }
        }
        _ => take_eight(kind, blocks, scales),
    }
}

#[inline(always)]
fn take_eight<'a>(kind: &Kind, blocks: impl Iterator<Item = &'a [u8]>, scales: &mut [u8]) {
    let each = blocks.zip(scales.as_chunks_mut::<8>().0);
    match kind.subs {
        Subs::Upper => {
            for (block, to) in each {
                let upper = u16::from_le_bytes([block[2], block[3]]);
                *to = std::array::from_fn(|i| {
                    let lower = block[4 + i / 2] >> (4 * (i & 1)) & 15;
                    lower | ((upper >> (2 * i)) as u8 & 3) << 4
                });
            }
        }
        Subs::Threes => {
            for (block, to) in each {
                *to = std::array::from_fn(|i| {
                    let word = u16::from_le_bytes([block[48 + i / 2 * 2], block[49 + i / 2 * 2]]);
                    (word >> (6 * (i & 1))) as u8 & 63
                });
            }
        }
        Subs::Eight(first, step) => {
            for (block, to) in each {
                *to = std::array::from_fn(|i| block[first + step * i]);
            }
        }
        _ => {}
    }
}

#[inline(always)]
fn word(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

#[inline(always)]
fn both(first: u32, second: u32) -> [u8; 8] {
    (u64::from(first) | u64::from(second) << 32).to_le_bytes()
}

/// 16 numbers of 6 bits: 8 bytes of nibbles, then 4 with the upper bits of four each.
#[inline(always)]
fn thirds(block: &[u8]) -> [u8; 16] {
    let [a, b, upper] = [96, 100, 104].map(|at| word(block, at));
    let of = |nibbles: u32, upper: u32| nibbles & 0x0f0f_0f0f | upper << 4 & 0x3030_3030;
    let low = u64::from(of(a, upper)) | u64::from(of(b, upper >> 2)) << 32;
    let high = u64::from(of(a >> 4, upper >> 4)) | u64::from(of(b >> 4, upper >> 6)) << 32;
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

#[inline(always)]
fn thirds_back(scales: &[u8; 16]) -> [[u8; 4]; 3] {
    let [a, b, c, d] = [0, 4, 8, 12].map(|at| word(scales, at));
    let nibbles = |low: u32, high: u32| low & 0x0f0f_0f0f | high << 4 & 0xf0f0_f0f0;
    let two = |word: u32| word >> 4 & 0x0303_0303;
    let upper = two(a) | two(b) << 2 | two(c) << 4 | two(d) << 6;
    [nibbles(a, c), nibbles(b, d), upper].map(u32::to_le_bytes)
}

#[inline(always)]
fn put(kind: &Kind, [scales, minimums]: [&[u8]; 2], blocks: &mut [u8]) {
    let blocks = blocks.chunks_exact_mut(kind.unit);
    let sixteen = scales.as_chunks::<16>().0;
    match kind.subs {
        Subs::None => {}
        Subs::Sixes => {
            let from = scales.as_chunks::<8>().0.iter();
            let from = from.zip(minimums.as_chunks::<8>().0);
            for (block, (scales, minimums)) in blocks.zip(from) {
                let [scales, minimums] = [scales, minimums].map(|eight| u64::from_le_bytes(*eight));
                let (low, high) = (scales as u32, (scales >> 32) as u32);
                let (low_minimum, high_minimum) = (minimums as u32, (minimums >> 32) as u32);
                let upper = |low: u32, high: u32| low & 0x3f3f_3f3f | high << 2 & 0xc0c0_c0c0;
                let lower = high & 0x0f0f_0f0f | high_minimum << 4 & 0xf0f0_f0f0;
                block[4..8].copy_from_slice(&upper(low, high).to_le_bytes());
                block[8..12].copy_from_slice(&upper(low_minimum, high_minimum).to_le_bytes());
                block[12..16].copy_from_slice(&lower.to_le_bytes());
            }
        }
        Subs::Thirds => {
            for (block, from) in blocks.zip(sixteen) {
                block[96..108].copy_from_slice(thirds_back(from).as_flattened());
            }
        }
        Subs::Sixteen(at) => {
            for (block, from) in blocks.zip(sixteen) {
                block[at..at + 16].copy_from_slice(from);
            }
        }
        _ => put_eight(kind, scales, blocks),
    }
}

#[inline(always)]
fn put_eight<'a>(kind: &Kind, scales: &[u8], blocks: impl Iterator<Item = &'a mut [u8]>) {
    let each = blocks.zip(scales.as_chunks::<8>().0);
    match kind.subs {
        Subs::Upper => {
            for (block, from) in each {
                let mut upper = 0;
                for (i, number) in from.iter().enumerate() {
                    upper |= u16::from(number >> 4 & 3) << (2 * i);
                }
                let lower: [u8; 4] =
                    std::array::from_fn(|i| from[2 * i] & 15 | from[2 * i + 1] << 4);
                block[2..4].copy_from_slice(&upper.to_le_bytes());
                block[4..8].copy_from_slice(&lower);
            }
        }
        Subs::Threes => {
            for (block, from) in each {
                for (i, [first, second]) in from.as_chunks::<2>().0.iter().enumerate() {
                    let three = u16::from(first & 63) | u16::from(second & 63) << 6;
                    let [low, high] = three.to_le_bytes();
                    // The upper bits of these words are the half's.
                    block[48 + 2 * i] = low;
                    block[49 + 2 * i] = block[49 + 2 * i] & 0xf0 | high;
                }
            }
        }
        Subs::Eight(first, step) => {
            for (block, from) in each {
                for (i, byte) in from.iter().enumerate() {
                    block[first + step * i] = *byte;
                }
            }
        }
        _ => {}
    }
}
