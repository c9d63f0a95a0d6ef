//! Nibbles turned so that those near their group's zero are in the middle, which their top bits then tell.

#[cfg(target_arch = "x86_64")]
mod wide;

#[cfg(target_arch = "x86_64")]
pub(super) use wide::singles;

#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::cpu::at_widest;
use crate::plan::blocks::to_single;

/// By how much both nibbles of a byte are turned where groups have no minimum: zero is 8.
pub(super) const MIDDLE: u8 = 0xcc;

/// By how much the nibbles of each group are turned, in both nibbles of a byte.
pub(super) fn of_groups(scales: &[u16], minimums: &[u16], turns: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        let done = wide::of_groups(machine, scales, minimums, turns);
        return groups(&scales[done..], &minimums[done..], &mut turns[done..]);
    }
    of_groups_plain(scales, minimums, turns);
}

at_widest! {
    fn of_groups_plain(scales: &[u16], minimums: &[u16], turns: &mut [u8]) = groups
}

/// The same for blocks of 8 groups, whose scales and minimums are products. The first of two groups has the
/// lower nibbles.
pub(super) fn of_pairs(halves: [&[u16]; 2], subs: [&[u8]; 2], turns: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        let done = wide::of_pairs(machine, halves, subs, turns);
        let halves = halves.map(|halves| &halves[done..]);
        let subs = subs.map(|subs| &subs[8 * done..]);
        return pairs(halves, subs, &mut turns[4 * done..]);
    }
    of_pairs_plain(halves, subs, turns);
}

at_widest! {
    fn of_pairs_plain(halves: [&[u16]; 2], subs: [&[u8]; 2], turns: &mut [u8]) = pairs
}

#[inline(always)]
fn groups(scales: &[u16], minimums: &[u16], turns: &mut [u8]) {
    for ((scale, minimum), turn) in scales.iter().zip(minimums).zip(turns) {
        *turn = nibble(-to_single(*minimum), to_single(*scale)) * 0x11;
    }
}

#[inline(always)]
fn pairs([scales, minimums]: [&[u16]; 2], subs: [&[u8]; 2], turns: &mut [u8]) {
    let halves = scales.iter().zip(minimums);
    let subs = subs.map(|subs| subs.as_chunks::<8>().0.iter());
    let [sub_scales, sub_minimums] = subs;
    let each = halves.zip(sub_scales.zip(sub_minimums));
    for ((halves, subs), turns) in each.zip(turns.as_chunks_mut::<4>().0) {
        let ((scale, minimum), (scales, minimums)) = (halves, subs);
        let (scale, minimum) = (to_single(*scale), to_single(*minimum));
        let mut own = [0; 8];
        for i in 0..8 {
            own[i] = nibble(
                minimum * f32::from(minimums[i]),
                scale * f32::from(scales[i]),
            );
        }
        for i in 0..4 {
            turns[i] = own[2 * i] | own[2 * i + 1] << 4;
        }
    }
}

/// By how much quants are turned so that the one below their zero becomes 7.
#[inline(always)]
fn nibble(above: f32, scale: f32) -> u8 {
    // The conversion saturates, and takes what is no number as 0.
    let zero = ((above / scale) as i32).clamp(0, 15) as u8;
    3u8.wrapping_sub(zero) & 15
}

/// The turn that undoes one.
#[inline(always)]
pub(super) fn back(turn: u8) -> u8 {
    let low = (16 - (turn & 15)) & 15;
    low | 16u8.wrapping_sub(turn >> 4) << 4
}

/// Adds a turn to both nibbles of each byte, modulo 16.
#[inline(always)]
pub(super) fn turn<const LEN: usize>(bytes: &[u8; LEN], turn: u8) -> [u8; LEN] {
    // Of its own, so that nothing else can be in its place while it is worked on.
    let mut own = *bytes;
    for byte in &mut own {
        *byte = ((*byte & 0x77) + (turn & 0x77)) ^ ((*byte ^ turn) & 0x88);
    }
    own
}

at_widest! {
    /// How the quants of 2 bits of blocks of 16 groups are turned: for each half of a block, and in that for the
    /// first and the second 16 bytes, of each of the four groups whether the quants are mirrored (at the lower
    /// bit of its pair) and whether its zero is between two of them (at the upper one).
    pub(super) fn of_fours(halves: [&[u16]; 2], subs: &[u8], turns: &mut [u8]) = fours
}

#[inline(always)]
fn fours([scales, minimums]: [&[u16]; 2], subs: &[u8], turns: &mut [u8]) {
    let (subs, turns) = (subs.as_chunks::<16>().0, turns.as_chunks_mut::<4>().0);
    for (i, (scale, minimum)) in scales.iter().zip(minimums).enumerate() {
        // With a way out, so that this is not done for several blocks at once, byte by byte.
        let (Some(subs), Some(turns)) = (subs.get(i), turns.get_mut(i)) else {
            break;
        };
        // The conversion saturates, and takes what is no number as 0.
        let ratio = to_single(*minimum) / to_single(*scale) * UNIT as f32;
        let own = pairs_of(subs, (ratio as u16).min(16 * UNIT - 1));
        let halves = own.as_chunks::<8>().0.iter();
        for (turns, own) in turns.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
            let word = u64::from_le_bytes(*own);
            let [first, second, ..] = (word | word >> 14 | word >> 28 | word >> 42).to_le_bytes();
            *turns = [first, second];
        }
    }
}

/// A ratio of 1.
const UNIT: u16 = 256;

/// How pairs of bits are turned, by the numbers of their groups and the ratio of what those are multiplied with.
#[inline(always)]
fn pairs_of(subs: &[u8; 16], ratio: u16) -> [u8; 16] {
    let mut own = [0; 16];
    for (to, sub) in own.iter_mut().zip(subs) {
        let zero = u16::from(sub >> 4) * ratio;
        let one = u16::from(sub & 15) * UNIT;
        let middle = (zero >= one) & (zero < 2 * one);
        *to = u8::from(zero >= one + one / 2) | u8::from(middle) << 1;
    }
    own
}

const LOWER: u8 = 0x55;

/// Turns quants of 2 bits, 16 bytes by each turn: one bit is whether a quant is in the upper half, or the lower one if
/// it is mirrored; one whether it is at an end. The upper of both is the one that tells more: the latter where
/// zero is in the middle.
#[inline(always)]
pub(super) fn pairs_turned(bytes: &[u8; 64], turns: &[u8; 4]) -> [u8; 64] {
    let (mut own, turns) = (*bytes, spread(turns));
    for i in 0..64 {
        let (mirrored, middle) = (turns[i] & LOWER, turns[i] >> 1 & LOWER);
        let upper = own[i] >> 1 & LOWER;
        let (half, end) = (upper ^ mirrored, (upper ^ own[i] ^ LOWER) & LOWER);
        let swap = (half ^ end) & middle;
        own[i] = (half ^ swap) << 1 | end ^ swap;
    }
    own
}

/// Undoes [`pairs_turned`].
#[inline(always)]
pub(super) fn pairs_back(bytes: &[u8; 64], turns: &[u8; 4]) -> [u8; 64] {
    let (mut own, turns) = (*bytes, spread(turns));
    for i in 0..64 {
        let (mirrored, middle) = (turns[i] & LOWER, turns[i] >> 1 & LOWER);
        let (half, end) = (own[i] >> 1 & LOWER, own[i] & LOWER);
        let swap = (half ^ end) & middle;
        let upper = half ^ swap ^ mirrored;
        own[i] = upper << 1 | upper ^ end ^ swap ^ LOWER;
    }
    own
}

/// Each turn 16 times.
#[inline(always)]
fn spread(turns: &[u8; 4]) -> [u8; 64] {
    let mut all = [0; 64];
    for (to, turn) in all.as_chunks_mut::<16>().0.iter_mut().zip(turns) {
        *to = [*turn; 16];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_turned_back() {
        for turn in 0..=u8::MAX {
            let turns = [turn, !turn, turn.rotate_left(1), 0];
            for first in (0..=u8::MAX).step_by(64) {
                let bytes: [u8; 64] = std::array::from_fn(|i| first + i as u8);
                assert_eq!(pairs_back(&pairs_turned(&bytes, &turns), &turns), bytes);
            }
        }
    }

    #[test]
    fn top_bits_of_pairs_tell_the_two_nearest_zero() {
        let half = |x: f32| crate::plan::blocks::from_single(x);
        for (zero, near) in [(0.4, [0, 1]), (1.2, [1, 2]), (1.7, [1, 2]), (2.3, [2, 3])] {
            let mut turns = [0; 4];
            let halves = [&[half(0.25)][..], &[half(0.25 * zero / 2.0)]];
            of_fours(halves, &[0x84; 16], &mut turns);
            let tops = (0..4u8).filter(|q| pairs_turned(&[*q; 64], &turns)[0] & 2 == 0);
            assert_eq!(tops.collect::<Vec<u8>>(), near, "{zero}");
        }
    }

    #[test]
    fn turns_are_undone() {
        for by in 0..=u8::MAX {
            let bytes: [u8; 256] = std::array::from_fn(|i| i as u8);
            let turned = turn(&bytes, by);
            let expected =
                |i: u8| (((i & 15) + (by & 15)) & 15) | (i >> 4).wrapping_add(by >> 4) << 4;
            assert_eq!(turned, bytes.map(expected));
            assert_eq!(turn(&turned, back(by)), bytes);
        }
    }

    #[test]
    fn every_machine_finds_the_same_turns() {
        let halves = |factor: usize| (0..70_003usize).map(move |i| (i * factor) as u16);
        let (scales, minimums): (Vec<u16>, Vec<u16>) = halves(2477).zip(halves(40_503)).unzip();
        let mut all = [vec![0; scales.len()], vec![0; scales.len()]];
        of_groups(&scales, &minimums, &mut all[0]);
        groups(&scales, &minimums, &mut all[1]);
        assert_eq!(all[0], all[1]);
    }

    #[test]
    fn every_machine_finds_the_same_turns_of_pairs() {
        let halves = |factor: usize| (0..70_003usize).map(move |i| (i * factor) as u16);
        let (scales, minimums): (Vec<u16>, Vec<u16>) = halves(2477).zip(halves(40_503)).unzip();
        let subs = |factor: usize| (0..8 * scales.len()).map(move |i| (i * factor / 16) as u8 % 64);
        let subs = [subs(3), subs(29)].map(|subs| subs.collect::<Vec<u8>>());
        let subs = subs.each_ref().map(Vec::as_slice);
        let mut all = [vec![0; 4 * scales.len()], vec![0; 4 * scales.len()]];
        of_pairs([&scales, &minimums], subs, &mut all[0]);
        pairs([&scales, &minimums], subs, &mut all[1]);
        assert_eq!(all[0], all[1]);
    }

    #[test]
    fn zeros_are_in_the_middle() {
        let half = |x: f32| crate::plan::blocks::from_single(x);
        for (zero, turned) in [(7.5, 4..12), (8.0, 5..13), (0.0, 0..5), (15.0, 12..16)] {
            let mut turns = [0];
            of_groups(&[half(0.5)], &[half(-0.5 * zero)], &mut turns);
            let near = (0..16u8).filter(|q| turn(&[*q], turns[0])[0] & 8 == 0);
            let near: Vec<u8> = near
                .filter(|q| (f32::from(*q) - zero).abs() < 8.0)
                .collect();
            assert_eq!(near, turned.collect::<Vec<u8>>(), "{zero}");
        }
    }
}
