//! A chunk's elements against its base's: what is left is coded in their place.

use crate::Dtype;
use crate::header::Residual;
use crate::layout::Layout;

/// The layout of what a delta leaves of a dtype's elements.
pub(crate) fn layout(dtype: Dtype, residual: Residual) -> Layout {
    match (Layout::of(dtype), residual) {
        (layout @ Layout::Blocks(_), _) => layout,
        (layout, _) => Layout::Bytes(layout.unit()),
    }
}

/// Whether a dtype's elements have an order in which neighbours are near.
pub(crate) fn has_order(dtype: Dtype) -> bool {
    !matches!(Layout::of(dtype), Layout::Blocks(_))
        && !matches!(
            dtype,
            Dtype::Bool | Dtype::Bytes | Dtype::F4 | Dtype::F6E2M3 | Dtype::F6E3M2
        )
}

/// Whether the dtype's order is that of sign and magnitude, as floats have it.
fn is_signed_magnitude(dtype: Dtype) -> bool {
    dtype.is_float() || matches!(dtype, Dtype::C32 | Dtype::C64 | Dtype::C128)
}

/// Puts the residual of whole elements in their place. Both slices have the same length.
pub(crate) fn forward(dtype: Dtype, residual: Residual, words: &mut [u8], base: &[u8]) {
    match (residual, Layout::of(dtype).unit()) {
        (Residual::Xor, _) => xor(words, base),
        (_, 1) => forward_words::<1>(dtype, words, base),
        (_, 2) => forward_words::<2>(dtype, words, base),
        (_, 4) => forward_words::<4>(dtype, words, base),
        (_, 8) => forward_words::<8>(dtype, words, base),
        _ => xor(words, base),
    }
}

/// The inverse of [`forward`].
pub(crate) fn inverse(dtype: Dtype, residual: Residual, words: &mut [u8], base: &[u8]) {
    match (residual, Layout::of(dtype).unit()) {
        (Residual::Xor, _) => xor(words, base),
        (_, 1) => inverse_words::<1>(dtype, words, base),
        (_, 2) => inverse_words::<2>(dtype, words, base),
        (_, 4) => inverse_words::<4>(dtype, words, base),
        (_, 8) => inverse_words::<8>(dtype, words, base),
        _ => xor(words, base),
    }
}

fn xor(words: &mut [u8], base: &[u8]) {
    for (word, base) in words.iter_mut().zip(base) {
        *word ^= base;
    }
}

fn forward_words<const W: usize>(dtype: Dtype, words: &mut [u8], base: &[u8]) {
    if is_signed_magnitude(dtype) {
        map::<W>(words, base, |x, b| {
            zigzag::<W>(order::<W>(x).wrapping_sub(order::<W>(b)))
        });
    } else {
        map::<W>(words, base, |x, b| zigzag::<W>(x.wrapping_sub(b)));
    }
}

fn inverse_words<const W: usize>(dtype: Dtype, words: &mut [u8], base: &[u8]) {
    if is_signed_magnitude(dtype) {
        map::<W>(words, base, |r, b| {
            unorder::<W>(unzigzag::<W>(r).wrapping_add(order::<W>(b)))
        });
    } else {
        map::<W>(words, base, |r, b| unzigzag::<W>(r).wrapping_add(b));
    }
}

#[inline(always)]
fn map<const W: usize>(words: &mut [u8], base: &[u8], f: impl Fn(u64, u64) -> u64) {
    let (words, _) = words.as_chunks_mut::<W>();
    let (base, _) = base.as_chunks::<W>();
    for (word, base) in words.iter_mut().zip(base) {
        let bytes = f(load(word), load(base)).to_le_bytes();
        word.copy_from_slice(&bytes[..W]);
    }
}

#[inline(always)]
fn load<const W: usize>(word: &[u8; W]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..W].copy_from_slice(word);
    u64::from_le_bytes(bytes)
}

/// The bits of a word of so many bytes; what a function returns above them is dropped.
const fn mask<const W: usize>() -> u64 {
    u64::MAX >> (64 - 8 * W)
}

const fn top<const W: usize>() -> u64 {
    1 << (8 * W - 1)
}

/// Sign and magnitude to a number that grows with the float.
#[inline(always)]
fn order<const W: usize>(x: u64) -> u64 {
    if x & top::<W>() == 0 {
        x | top::<W>()
    } else {
        !x & mask::<W>()
    }
}

#[inline(always)]
fn unorder<const W: usize>(x: u64) -> u64 {
    if x & top::<W>() == 0 {
        !x
    } else {
        x ^ top::<W>()
    }
}

/// Small differences of either sign to small numbers.
#[inline(always)]
fn zigzag<const W: usize>(d: u64) -> u64 {
    let sign = if d & top::<W>() == 0 { 0 } else { u64::MAX };
    (d << 1) ^ sign
}

#[inline(always)]
fn unzigzag<const W: usize>(z: u64) -> u64 {
    ((z & mask::<W>()) >> 1) ^ (z & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_undoes_forward() {
        let words: Vec<u8> = (0..720u32).map(|i| (i * 89 + i * i / 7) as u8).collect();
        let base: Vec<u8> = (0..720u32).map(|i| (i * 31 + i * i / 3) as u8).collect();
        for &dtype in Dtype::ALL {
            for residual in [Residual::Difference, Residual::Xor] {
                let len = 720 / Layout::of(dtype).unit() * Layout::of(dtype).unit();
                let mut both = words[..len].to_vec();
                forward(dtype, residual, &mut both, &base[..len]);
                inverse(dtype, residual, &mut both, &base[..len]);
                assert_eq!(both, words[..len], "{dtype:?} {residual:?}");
            }
        }
    }

    #[test]
    fn every_pair_of_bytes_comes_back() {
        for x in 0..=255u8 {
            for b in 0..=255u8 {
                let mut word = [x];
                forward(Dtype::F8E4M3, Residual::Difference, &mut word, &[b]);
                inverse(Dtype::F8E4M3, Residual::Difference, &mut word, &[b]);
                assert_eq!(word, [x]);
            }
        }
    }

    #[test]
    fn neighbours_are_near() {
        let mut word = 1.0f32.next_up().to_le_bytes();
        forward(
            Dtype::F32,
            Residual::Difference,
            &mut word,
            &1.0f32.to_le_bytes(),
        );
        assert_eq!(word, [2, 0, 0, 0]);
        let mut word = (-0.0f32).to_le_bytes();
        forward(
            Dtype::F32,
            Residual::Difference,
            &mut word,
            &0.0f32.to_le_bytes(),
        );
        assert_eq!(word, [1, 0, 0, 0]);
    }
}
