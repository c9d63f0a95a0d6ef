//! Bounds between which the elements' differences are.

use super::super::super::predict;
use crate::Dtype;
use crate::cpu::at_widest;

at_widest! {
    /// Between which bounds the differences of elements from singles are.
    pub(super) fn find_bounds(dtype: Dtype, words: &[u32], bases: &[u32], low: &mut [f32], high: &mut [f32]) = find_bounds_any
}

#[inline(always)]
fn find_bounds_any(dtype: Dtype, words: &[u32], bases: &[u32], low: &mut [f32], high: &mut [f32]) {
    match dtype {
        Dtype::Bf16 => each_bounds(words, bases, low, high, |word| word << 16),
        Dtype::F16 => each_bounds(words, bases, low, high, |word| {
            predict::widen(Dtype::F16, word)
        }),
        _ => each_bounds(words, bases, low, high, |word| word),
    }
}

#[inline(always)]
fn each_bounds(
    words: &[u32],
    bases: &[u32],
    low: &mut [f32],
    high: &mut [f32],
    widen: impl Fn(u32) -> u32,
) {
    let bounds = low.iter_mut().zip(high);
    for ((word, base), (low, high)) in words.iter().zip(bases).zip(bounds) {
        let value = |bits| f32::from_bits(widen(bits));
        let (own, base) = (value(*word), f32::from_bits(*base));
        // Between which singles a number is rounded to the element.
        let up = own + (value(word.wrapping_add(1)) - own) / 2.0;
        let below = own + (value(word.wrapping_sub(1)) - own) / 2.0;
        let down = if own == 0.0 { -up } else { below };
        let (from, to) = (up.min(down), up.max(down));
        let known = base.is_finite() && from.is_finite() && to.is_finite();
        *low = if known { from - base } else { f32::MIN / 4.0 };
        *high = if known { to - base } else { f32::MAX / 4.0 };
    }
}

/// The middle of the bounds, but 0 where that is within them.
pub(super) fn begin(low: &[f32], high: &[f32], out: &mut [f32]) {
    for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
        let equal = *low <= 0.0 && *high >= 0.0;
        *out = if equal { 0.0 } else { (low + high) / 2.0 };
    }
}

at_widest! {
    /// Moves numbers to their bounds, and as much further.
    pub(super) fn within(low: &[f32], high: &[f32], beyond: f32, out: &mut [f32]) = within_any
}

#[inline(always)]
fn within_any(low: &[f32], high: &[f32], beyond: f32, out: &mut [f32]) {
    for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
        let near = out.max(*low).min(*high);
        *out = near + beyond * (near - *out);
    }
}
