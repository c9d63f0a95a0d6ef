//! The AVX-512 kernels: sixteen halves at once, by the machine's own conversion.

use std::arch::x86_64::*;

use crate::coder::vectors::Wide;
use crate::plan::blocks::Mode;
use crate::plan::fields::turns::singles;

/// Halves of a vector.
const LEN: usize = 16;

/// As [`Mode::forward`].
pub(super) fn make(_: Wide, mode: Mode, halves: &mut [Vec<u16>; 2]) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        make_wide(mode, halves);
    }
}

/// As [`Mode::inverse`].
pub(super) fn undo(_: Wide, mode: Mode, halves: &mut [Vec<u16>; 2]) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        undo_wide(mode, halves);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn make_wide(mode: Mode, [scales, minimums]: &mut [Vec<u16>; 2]) {
    match mode {
        Mode::Plain => {}
        Mode::Brain => each(scales, |scale| to_brain(singles(scale, 0))),
        Mode::Most(by) => {
            let by = _mm512_set1_ps(by.into());
            each(scales, |scale| {
                to_brain(_mm512_mul_ps(singles(scale, 0), by))
            });
        }
        Mode::Range(by) => {
            let by = _mm512_set1_ps(by.into());
            pairs(scales, minimums, |scale, minimum| {
                let least = singles(minimum, 0);
                // Not in one step, which would round once only.
                let most = _mm512_add_ps(_mm512_mul_ps(singles(scale, 0), by), least);
                [to_brain(most), to_brain(least)]
            });
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn undo_wide(mode: Mode, [scales, minimums]: &mut [Vec<u16>; 2]) {
    match mode {
        Mode::Plain => {}
        Mode::Brain => each(scales, |scale| to_half(from_brain(scale))),
        Mode::Most(by) => {
            let by = _mm512_set1_ps(by.into());
            each(scales, |scale| {
                to_half(_mm512_div_ps(from_brain(scale), by))
            });
        }
        Mode::Range(by) => {
            let by = _mm512_set1_ps(by.into());
            pairs(scales, minimums, |most, least| {
                let (most, least) = (from_brain(most), from_brain(least));
                let scale = _mm512_div_ps(_mm512_sub_ps(most, least), by);
                [to_half(scale), to_half(least)]
            });
        }
    }
}

/// Makes something else of all halves.
#[inline(always)]
fn each(halves: &mut [u16], make: impl Fn(__m256i) -> __m256i) {
    let (whole, rest) = halves.as_chunks_mut::<LEN>();
    whole.iter_mut().for_each(|own| store(make(load(own)), own));
    let mut last = [0; LEN];
    last[..rest.len()].copy_from_slice(rest);
    store(make(load(&last)), &mut last);
    rest.copy_from_slice(&last[..rest.len()]);
}

/// The same of two at a time.
#[inline(always)]
fn pairs(one: &mut [u16], other: &mut [u16], make: impl Fn(__m256i, __m256i) -> [__m256i; 2]) {
    let (whole, rest) = one.as_chunks_mut::<LEN>();
    let (others, other_rest) = other.as_chunks_mut::<LEN>();
    let both = |one: &mut [u16; LEN], other: &mut [u16; LEN]| {
        let [first, second] = make(load(one), load(other));
        store(first, one);
        store(second, other);
    };
    whole
        .iter_mut()
        .zip(others)
        .for_each(|(one, other)| both(one, other));
    let (mut last, mut other_last) = ([0; LEN], [0; LEN]);
    let len = rest.len().min(other_rest.len());
    last[..len].copy_from_slice(&rest[..len]);
    other_last[..len].copy_from_slice(&other_rest[..len]);
    both(&mut last, &mut other_last);
    rest[..len].copy_from_slice(&last[..len]);
    other_rest[..len].copy_from_slice(&other_last[..len]);
}

/// The nearest upper halves of singles.
#[inline]
#[target_feature(enable = "avx512f")]
fn to_brain(singles: __m512) -> __m256i {
    let bits = _mm512_castps_si512(singles);
    let even = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
    let up = _mm512_add_epi32(_mm512_set1_epi32(0x7fff), even);
    _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(_mm512_add_epi32(bits, up)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn from_brain(brain: __m256i) -> __m512 {
    _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(brain)))
}

/// The nearest halves of singles; what is no number is one of those that are none.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn to_half(singles: __m512) -> __m256i {
    const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    let none = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(singles, singles);
    let halves = _mm512_cvtps_ph::<NEAREST>(singles);
    _mm256_mask_mov_epi16(halves, none, _mm256_set1_epi16(0x7e00))
}

#[inline(always)]
fn load(halves: &[u16; LEN]) -> __m256i {
    // SAFETY: they are 32 bytes, and any bits are a vector.
    #[allow(unsafe_code)]
    unsafe {
        std::mem::transmute_copy(halves)
    }
}

#[inline(always)]
fn store(vector: __m256i, to: &mut [u16; LEN]) {
    // SAFETY: it is 32 bytes, and any bits are halves.
    #[allow(unsafe_code)]
    unsafe {
        *to = std::mem::transmute::<__m256i, [u16; LEN]>(vector);
    }
}
