//! What a base lets expect of an element: the base's own bits, or what becomes of them in the
//! chunk's dtype. All in integers, or exact, so that every machine expects the same.

use crate::Dtype;
use crate::cpu::at_widest;

/// Whether a base of one dtype says something of a chunk of another.
pub(crate) fn can(from: Dtype, to: Dtype) -> bool {
    let is_converted = |dtype| matches!(dtype, Dtype::Bf16 | Dtype::F16 | Dtype::F32);
    from == to || is_converted(from) && is_converted(to)
}

at_widest! {
    /// The bits to expect of each element, by the base's bytes: those of as many elements.
    pub(super) fn predict(from: Dtype, to: Dtype, base: &[u8], out: &mut [u32]) = predict_any
}

#[inline(always)]
fn predict_any(from: Dtype, to: Dtype, base: &[u8], out: &mut [u32]) {
    match (from, to) {
        (from, to) if from == to => load_any(base, out),
        (Dtype::Bf16, Dtype::F32) => each2(base, out, |b| b << 16),
        (Dtype::F16, Dtype::F32) => each2(base, out, widen_half),
        (Dtype::F32, Dtype::Bf16) => each4(base, out, round_bf16),
        (Dtype::F16, Dtype::Bf16) => each2(base, out, |b| round_bf16(widen_half(b))),
        (Dtype::F32, Dtype::F16) => each4(base, out, round_half),
        _ => each2(base, out, |b| round_half(b << 16)),
    }
}

at_widest! {
    /// Elements as numbers, by their bytes: 1, 2 or 4 for each.
    pub(super) fn load(bytes: &[u8], out: &mut [u32]) = load_any
}

#[inline(always)]
fn load_any(bytes: &[u8], out: &mut [u32]) {
    match bytes.len() / out.len().max(1) {
        1 => each(bytes, out, |[a]| u32::from(a)),
        2 => each2(bytes, out, |word| word),
        _ => each4(bytes, out, |word| word),
    }
}

at_widest! {
    /// The inverse of [`load`].
    pub(super) fn store(words: &[u32], bytes: &mut [u8]) = store_any
}

#[inline(always)]
fn store_any(words: &[u32], bytes: &mut [u8]) {
    match bytes.len() / words.len().max(1) {
        1 => store_each::<1>(words, bytes),
        2 => store_each::<2>(words, bytes),
        _ => store_each::<4>(words, bytes),
    }
}

#[inline(always)]
fn store_each<const W: usize>(words: &[u32], bytes: &mut [u8]) {
    for (to, word) in bytes.as_chunks_mut::<W>().0.iter_mut().zip(words) {
        to.copy_from_slice(&word.to_le_bytes()[..W]);
    }
}

#[inline(always)]
fn each<const W: usize>(bytes: &[u8], out: &mut [u32], f: impl Fn([u8; W]) -> u32) {
    for (to, word) in out.iter_mut().zip(bytes.as_chunks::<W>().0) {
        *to = f(*word);
    }
}

#[inline(always)]
fn each2(bytes: &[u8], out: &mut [u32], f: impl Fn(u32) -> u32) {
    each(bytes, out, |word| f(u16::from_le_bytes(word).into()));
}

#[inline(always)]
fn each4(bytes: &[u8], out: &mut [u32], f: impl Fn(u32) -> u32) {
    each(bytes, out, |word| f(u32::from_le_bytes(word)));
}

/// An element as a single, which has all its values.
#[inline(always)]
pub(super) fn widen(from: Dtype, element: u32) -> u32 {
    match from {
        Dtype::Bf16 => element << 16,
        Dtype::F16 => widen_half(element),
        _ => element,
    }
}

at_widest! {
    /// Singles to the nearest elements of a dtype.
    pub(super) fn narrow(to: Dtype, words: &mut [u32]) = narrow_any
}

#[inline(always)]
fn narrow_any(to: Dtype, words: &mut [u32]) {
    match to {
        Dtype::Bf16 => words.iter_mut().for_each(|word| *word = round_bf16(*word)),
        Dtype::F16 => words.iter_mut().for_each(|word| *word = round_half(*word)),
        _ => {}
    }
}

/// A single to the nearest bfloat16, to the even one of two.
#[inline(always)]
fn round_bf16(single: u32) -> u32 {
    single.wrapping_add(0x7fff + (single >> 16 & 1)) >> 16
}

/// A single to the nearest half, to the even one of two.
#[inline(always)]
fn round_half(single: u32) -> u32 {
    let magnitude = single & 0x7fff_ffff;
    // The exponent counts from 2^-14 on: 112 less than a single's.
    let moved = magnitude.wrapping_sub(112 << 23);
    let normal = (moved.wrapping_add(0xfff + (moved >> 13 & 1)) >> 13).min(0x7c00);
    let whole = (single & 0x7f_ffff) | 0x80_0000;
    let shift = 126u32.wrapping_sub(magnitude >> 23).min(31);
    // A half more, less what makes the even one of two.
    let even = whole.unbounded_shr(shift) & 1;
    let half = 1u32.unbounded_shl(shift.wrapping_sub(1));
    let small = (whole + half - 1 + even).unbounded_shr(shift);
    let half = if magnitude < 113 << 23 { small } else { normal };
    (single >> 16 & 0x8000) | half
}

/// A half as a single, which has all its values.
#[inline(always)]
fn widen_half(half: u32) -> u32 {
    let magnitude = half & 0x7fff;
    let small = (magnitude as f32 * (1.0 / 16_777_216.0)).to_bits();
    let normal = (magnitude << 13) + (112 << 23);
    let infinite = (magnitude << 13) + (224 << 23);
    let single = match magnitude {
        0..0x400 => small,
        0x400..0x7c00 => normal,
        _ => infinite,
    };
    (half << 16 & 0x8000_0000) | single
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_come_back() {
        for half in 0..=0xffff {
            let single = f32::from_bits(widen_half(half));
            if single.is_nan() {
                continue;
            }
            assert_eq!(round_half(single.to_bits()), half, "{half:04x}");
        }
        assert_eq!(widen_half(0x3c00), 1f32.to_bits());
        assert_eq!(widen_half(0x0001), 2f32.powi(-24).to_bits());
        assert_eq!(widen_half(0xfc00), f32::NEG_INFINITY.to_bits());
    }

    #[test]
    fn the_nearest_half_and_the_even_one_of_two() {
        let half = |single: f32| round_half(single.to_bits());
        for low in 0..0x7bff {
            let value = |half| f64::from(f32::from_bits(widen_half(half)));
            let middle = ((value(low) + value(low + 1)) / 2.0) as f32;
            assert_eq!(half(middle), low + low % 2, "{low:04x}");
            assert_eq!(half(middle.next_down()), low);
            assert_eq!(half(middle.next_up()), low + 1);
        }
        assert_eq!(half(1e9), 0x7c00);
        assert_eq!(half(-1e-9), 0x8000);
        assert_eq!(half(f32::from_bits(1)), 0);
    }

    #[test]
    fn the_nearest_bfloat16() {
        assert_eq!(round_bf16(0x3f80_8000), 0x3f80);
        assert_eq!(round_bf16(0x3f80_8001), 0x3f81);
        assert_eq!(round_bf16(0x3f81_8000), 0x3f82);
    }

    #[test]
    fn every_machine_expects_the_same() {
        let base: Vec<u8> = (0..4096u32).map(|i| (i * i / 7 + i) as u8).collect();
        let floats = [Dtype::Bf16, Dtype::F16, Dtype::F32];
        for from in floats {
            let count = base.len() / from.block_bytes();
            for to in floats {
                let (mut best, mut plain) = (vec![0; count], vec![0; count]);
                predict(from, to, &base, &mut best);
                predict_any(from, to, &base, &mut plain);
                assert_eq!(best, plain, "{from:?} {to:?}");
            }
        }
    }
}
