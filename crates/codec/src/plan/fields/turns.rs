//! Nibbles turned so that those near their group's zero are in the middle, which their top bits then tell.

use crate::cpu::at_widest;
use crate::plan::blocks::to_single;

/// By how much both nibbles of a byte are turned where groups have no minimum: zero is 8.
pub(super) const MIDDLE: u8 = 0xcc;

at_widest! {
    /// By how much the nibbles of each group are turned, in both nibbles of a byte.
    pub(super) fn of_groups(scales: &[u16], minimums: &[u16], turns: &mut [u8]) = groups
}

at_widest! {
    /// The same for blocks of 8 groups, whose scales and minimums are products. The first of two groups has the
    /// lower nibbles.
    pub(super) fn of_pairs(halves: [&[u16]; 2], subs: [&[u8]; 2], turns: &mut [u8]) = pairs
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

#[cfg(test)]
mod tests {
    use super::*;

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
