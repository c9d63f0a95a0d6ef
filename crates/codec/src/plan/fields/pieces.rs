//! Blocks to the bytes of their fields and back.

mod fifths;
mod grids;
mod sixes;
mod subs;
mod thirds;
mod twos;
#[cfg(target_arch = "x86_64")]
mod wide;

use super::kind::{Kind, Quants};
use super::turns::{self, back, turn};
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::cpu::at_widest;

/// The fields of a frame's quants.
pub(super) struct Pieces<'a> {
    /// Which blocks' bytes are in `dense`, in order; all as they come where this is empty.
    pub order: &'a [u16],
    /// By how much nibbles are turned, a byte for each group or pair of groups.
    pub turns: &'a [u8],
    /// Whether of signed bytes the highest bit says only that it is not as the next one.
    pub marked: bool,
}

pub(super) use subs::{put_subs, take_subs};

at_widest! {
    /// Takes the numbers of halves.
    pub(super) fn take_halves(kind: &Kind, blocks: &[u8], halves: &mut [Vec<u16>; 2]) = halves_any
}

at_widest! {
    /// Takes the quants.
    pub(super) fn take(kind: &Kind, pieces: &Pieces<'_>, blocks: &[u8], dense: &mut [u8], plain: &mut [u8]) = take_any
}

at_widest! {
    /// Puts quants and halves.
    pub(super) fn put(
        kind: &Kind, pieces: &Pieces<'_>, halves: [&[u16]; 2], dense: &[u8], plain: &[u8], blocks: &mut [u8],
    ) = put_any
}

#[inline(always)]
fn halves_any(kind: &Kind, blocks: &[u8], halves: &mut [Vec<u16>; 2]) {
    let [scales, minimums] = halves;
    match kind.unit {
        18 => take_scales::<18, 0>(blocks, scales),
        20 => take_both::<20, 0>(blocks, scales, minimums),
        22 => take_scales::<22, 0>(blocks, scales),
        24 => take_both::<24, 0>(blocks, scales, minimums),
        34 => take_scales::<34, 0>(blocks, scales),
        50 => take_scales::<50, 0>(blocks, scales),
        56 => grids::take_nibbles(blocks, scales),
        66 => take_scales::<66, 0>(blocks, scales),
        74 => take_scales::<74, 0>(blocks, scales),
        84 => take_both::<84, 80>(blocks, scales, minimums),
        98 => take_scales::<98, 0>(blocks, scales),
        110 => take_scales::<110, 108>(blocks, scales),
        136 => take_scales::<136, 0>(blocks, scales),
        144 => take_both::<144, 0>(blocks, scales, minimums),
        176 => take_both::<176, 0>(blocks, scales, minimums),
        _ => take_scales::<210, 208>(blocks, scales),
    }
}

#[inline(always)]
fn take_scales<const UNIT: usize, const AT: usize>(blocks: &[u8], scales: &mut [u16]) {
    for (to, block) in scales.iter_mut().zip(blocks.as_chunks::<UNIT>().0) {
        *to = u16::from_le_bytes([block[AT], block[AT + 1]]);
    }
}

#[inline(always)]
fn take_both<const UNIT: usize, const AT: usize>(
    blocks: &[u8],
    scales: &mut [u16],
    minimums: &mut [u16],
) {
    let to = scales.iter_mut().zip(minimums);
    for (to, block) in to.zip(blocks.as_chunks::<UNIT>().0) {
        *to.0 = u16::from_le_bytes([block[AT], block[AT + 1]]);
        *to.1 = u16::from_le_bytes([block[AT + 2], block[AT + 3]]);
    }
}

/// Blocks of so many bytes, each with what its halves are.
#[inline(always)]
fn with_halves<'a, const UNIT: usize>(
    blocks: &'a mut [u8],
    [scales, minimums]: [&'a [u16]; 2],
) -> impl Iterator<Item = &'a mut [u8; UNIT]> {
    let with_minimum = !minimums.is_empty();
    let blocks = blocks.as_chunks_mut::<UNIT>().0;
    blocks.iter_mut().enumerate().map(move |(i, block)| {
        if let Some(scale) = scales.get(i) {
            block[..2].copy_from_slice(&scale.to_le_bytes());
        }
        if with_minimum && let Some(minimum) = minimums.get(i) {
            block[2..4].copy_from_slice(&minimum.to_le_bytes());
        }
        block
    })
}

#[inline(always)]
fn take_any(kind: &Kind, pieces: &Pieces<'_>, blocks: &[u8], dense: &mut [u8], plain: &mut [u8]) {
    match (kind.quants, kind.unit) {
        (Quants::Nibbles, 18) => take_nibbles::<18>(pieces, blocks, dense),
        (Quants::Points, 18) => take_points::<18, 16>(blocks, dense),
        (Quants::Points, _) => take_points::<136, 128>(blocks, dense),
        (Quants::Nibbles, _) => take_nibbles::<20>(pieces, blocks, dense),
        (Quants::PairedNibbles, _) => take_pairs(pieces, blocks, dense),
        (Quants::Bytes, _) => take_bytes(pieces, blocks, dense),
        (Quants::Fifths, 22) => fifths::take::<22>(blocks, dense, plain),
        (Quants::Fifths, _) => fifths::take::<24>(blocks, dense, plain),
        (Quants::PairedFifths, _) => fifths::take_pairs(blocks, dense, plain),
        (Quants::Sixes, _) => sixes::take(blocks, dense, plain),
        (Quants::Twos, _) => twos::take(pieces.turns, blocks, dense),
        (Quants::Thirds, _) => thirds::take(blocks, dense, plain),
        (Quants::Grid(grid), _) => grids::take(grid, blocks, dense, plain),
    }
}

#[inline(always)]
fn put_any(
    kind: &Kind,
    pieces: &Pieces<'_>,
    halves: [&[u16]; 2],
    dense: &[u8],
    plain: &[u8],
    blocks: &mut [u8],
) {
    match (kind.quants, kind.unit) {
        (Quants::Points, 18) => put_points::<18, 16>(dense, with_halves(blocks, halves)),
        (Quants::Points, _) => put_points::<136, 128>(dense, with_halves(blocks, halves)),
        (Quants::Nibbles, 18) => put_nibbles::<18>(pieces, dense, blocks, halves),
        (Quants::Nibbles, _) => put_nibbles::<20>(pieces, dense, blocks, halves),
        (Quants::PairedNibbles, _) => put_pairs(pieces, dense, with_halves(blocks, halves)),
        (Quants::Bytes, _) => put_bytes(pieces, dense, halves[0], blocks),
        (Quants::Fifths, 22) => fifths::put(dense, plain, with_halves::<22>(blocks, halves)),
        (Quants::Fifths, _) => fifths::put(dense, plain, with_halves::<24>(blocks, halves)),
        (Quants::PairedFifths, _) => fifths::put_pairs(dense, plain, with_halves(blocks, halves)),
        (Quants::Sixes, _) => sixes::put(dense, plain, halves[0], blocks),
        (Quants::Twos, _) => twos::put(pieces.turns, dense, halves, blocks),
        (Quants::Thirds, _) => thirds::put(dense, plain, halves[0], blocks),
        (Quants::Grid(grid), _) => grids::put(grid, dense, plain, halves[0], blocks),
    }
}

#[inline(always)]
fn take_nibbles<const UNIT: usize>(pieces: &Pieces<'_>, blocks: &[u8], dense: &mut [u8]) {
    let (blocks, dense) = (blocks.as_chunks::<UNIT>().0, dense.as_chunks_mut::<16>().0);
    #[cfg(target_arch = "x86_64")]
    let done = Wide::here().map(|machine| wide::take_nibbles(machine, pieces.turns, blocks, dense));
    #[cfg(not(target_arch = "x86_64"))]
    let done = None;
    for (i, block) in blocks.iter().enumerate().skip(done.unwrap_or(0)) {
        // With a way out, so that this is not done for several blocks at once, byte by byte.
        let (Some(to), Some(by)) = (dense.get_mut(i), pieces.turns.get(i)) else {
            break;
        };
        if let Some(quants) = block.last_chunk::<16>() {
            *to = turn(quants, *by);
        }
    }
}

#[inline(always)]
fn put_nibbles<const UNIT: usize>(
    pieces: &Pieces<'_>,
    dense: &[u8],
    blocks: &mut [u8],
    halves: [&[u16]; 2],
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        let done = wide::put_nibbles::<UNIT>(machine, pieces.turns, halves, dense, blocks);
        let halves = halves.map(|halves| halves.get(done..).unwrap_or_default());
        let (turns, dense) = (&pieces.turns[done..], &dense[done * 16..]);
        return put_nibbles_any(
            turns,
            dense,
            with_halves::<UNIT>(&mut blocks[done * UNIT..], halves),
        );
    }
    put_nibbles_any(pieces.turns, dense, with_halves::<UNIT>(blocks, halves));
}

#[inline(always)]
fn put_nibbles_any<'a, const UNIT: usize>(
    turns: &[u8],
    dense: &[u8],
    blocks: impl Iterator<Item = &'a mut [u8; UNIT]>,
) {
    for (block, (from, by)) in blocks.zip(dense.as_chunks::<16>().0.iter().zip(turns)) {
        if let Some(quants) = block.last_chunk_mut::<16>() {
            *quants = turn(from, back(*by));
        }
    }
}

#[inline(always)]
fn take_points<const UNIT: usize, const LEN: usize>(blocks: &[u8], dense: &mut [u8]) {
    let dense = dense.as_chunks_mut::<LEN>().0;
    for (i, block) in blocks.as_chunks::<UNIT>().0.iter().enumerate() {
        let (Some(to), Some(quants)) = (dense.get_mut(i), block.last_chunk::<LEN>()) else {
            break;
        };
        *to = turn(quants, turns::MIDDLE);
    }
}

#[inline(always)]
fn put_points<'a, const UNIT: usize, const LEN: usize>(
    dense: &[u8],
    blocks: impl Iterator<Item = &'a mut [u8; UNIT]>,
) {
    for (block, from) in blocks.zip(dense.as_chunks::<LEN>().0) {
        if let Some(quants) = block.last_chunk_mut::<LEN>() {
            *quants = turn(from, back(turns::MIDDLE));
        }
    }
}

#[inline(always)]
fn take_pairs(pieces: &Pieces<'_>, blocks: &[u8], dense: &mut [u8]) {
    let blocks = blocks.as_chunks::<144>().0.iter();
    let to = dense.as_chunks_mut::<128>().0.iter_mut();
    for ((block, to), turns) in blocks.zip(to).zip(pieces.turns.as_chunks::<4>().0) {
        let pairs = block[16..].as_chunks::<32>().0.iter();
        let to = to.as_chunks_mut::<32>().0.iter_mut();
        for ((pair, to), by) in pairs.zip(to).zip(turns) {
            *to = turn(pair, *by);
        }
    }
}

#[inline(always)]
fn put_pairs<'a>(
    pieces: &Pieces<'_>,
    dense: &[u8],
    blocks: impl Iterator<Item = &'a mut [u8; 144]>,
) {
    let from = dense.as_chunks::<128>().0.iter();
    for ((block, from), turns) in blocks.zip(from).zip(pieces.turns.as_chunks::<4>().0) {
        let pairs = block[16..].as_chunks_mut::<32>().0.iter_mut();
        let from = from.as_chunks::<32>().0.iter();
        for ((pair, from), by) in pairs.zip(from).zip(turns) {
            *pair = turn(from, back(*by));
        }
    }
}

/// Signed bytes, marked or folded: then the sign is the lowest bit.
#[inline(always)]
fn take_bytes(pieces: &Pieces<'_>, blocks: &[u8], dense: &mut [u8]) {
    let (blocks, dense) = (blocks.as_chunks().0, dense.as_chunks_mut().0);
    if pieces.marked {
        let each = dense.iter_mut().zip(blocks);
        return each.for_each(|(to, block)| *to = marked(block));
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::take_bytes(machine, pieces.order, blocks, dense);
    }
    if pieces.order.is_empty() {
        let each = dense.iter_mut().zip(blocks);
        return each.for_each(|(to, block)| *to = folded(block));
    }
    for (to, number) in dense.iter_mut().zip(pieces.order) {
        if let Some(block) = blocks.get(usize::from(*number)) {
            *to = folded(block);
        }
    }
}

#[inline(always)]
fn marked(block: &[u8; 34]) -> [u8; 32] {
    let mut own = [0; 32];
    own.copy_from_slice(&block[2..]);
    own.iter_mut().for_each(|byte| *byte = mark(*byte));
    own
}

/// Whether a number's magnitude is at least half of the largest, as the highest bit. Its own inverse.
#[inline(always)]
fn mark(byte: u8) -> u8 {
    byte ^ byte << 1 & 0x80
}

#[inline(always)]
fn folded(block: &[u8; 34]) -> [u8; 32] {
    let mut own = [0; 32];
    own.copy_from_slice(&block[2..]);
    for byte in &mut own {
        *byte = *byte << 1 ^ ((*byte as i8) >> 7) as u8;
    }
    own
}

#[inline(always)]
fn put_bytes(pieces: &Pieces<'_>, dense: &[u8], scales: &[u16], blocks: &mut [u8]) {
    let (blocks, dense) = (blocks.as_chunks_mut::<34>().0, dense.as_chunks::<32>().0);
    if pieces.marked {
        for (block, (from, scale)) in blocks.iter_mut().zip(dense.iter().zip(scales)) {
            let mut own = *from;
            own.iter_mut().for_each(|byte| *byte = mark(*byte));
            block[..2].copy_from_slice(&scale.to_le_bytes());
            block[2..].copy_from_slice(&own);
        }
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::put_bytes(machine, pieces.order, scales, dense, blocks);
    }
    if pieces.order.is_empty() {
        let each = blocks.iter_mut().zip(dense).zip(scales);
        return each.for_each(|((block, from), scale)| unfold(from, *scale, block));
    }
    for (from, number) in dense.iter().zip(pieces.order) {
        let number = usize::from(*number);
        if let (Some(block), Some(scale)) = (blocks.get_mut(number), scales.get(number)) {
            unfold(from, *scale, block);
        }
    }
}

#[inline(always)]
fn unfold(from: &[u8; 32], scale: u16, block: &mut [u8; 34]) {
    let mut own = *from;
    for byte in &mut own {
        *byte = *byte >> 1 ^ (*byte & 1).wrapping_neg();
    }
    block[..2].copy_from_slice(&scale.to_le_bytes());
    block[2..].copy_from_slice(&own);
}
