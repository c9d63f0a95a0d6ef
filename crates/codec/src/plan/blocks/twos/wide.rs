//! Groups taken apart and put together, each as one vector.

use std::arch::x86_64::*;

use super::{Taken, Twos};
use crate::coder::vectors::{Wide, load_half};
use crate::plan::blocks::marks::GROUP;

/// Where kept quants are, of which each symbol has two: behind the first half one place is empty where there are 30.
static APART: [u8; GROUP] = order(15, true);
static TOGETHER: [u8; GROUP] = order(15, false);

const fn order(half: usize, apart: bool) -> [u8; GROUP] {
    let mut order = [0; GROUP];
    let mut i = 0;
    while i < GROUP {
        order[i] = match (i < half, apart) {
            (true, _) => i,
            (_, true) => (i + GROUP - 1) % GROUP,
            (_, false) => (i + 1) % GROUP,
        } as u8;
        i += 1;
    }
    // The empty places, of which what is there comes to the end.
    order[GROUP - 1] = (GROUP - 1) as u8;
    if apart {
        order[half] = (GROUP - 1) as u8;
    }
    order
}

pub(super) fn split(_: Wide, twos: &Twos, groups: &[[u8; GROUP]], extras: &[u8], to: &mut Taken) {
    // SAFETY: that there is a `Wide` says that the machine has the features.
    #[allow(unsafe_code)]
    unsafe {
        split_wide(twos, groups, extras, to);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
fn split_wide(twos: &Twos, groups: &[[u8; GROUP]], extras: &[u8], to: &mut Taken) {
    let each = twos.symbols();
    let apart = load_half(&APART);
    let nibble = _mm256_set1_epi8(15);
    let low_shift = _mm_cvtsi32_si128(twos.low as i32);
    for (i, own) in groups.iter().enumerate() {
        let left_out = to.left_out[i];
        let kept = _mm256_maskz_compress_epi8(!left_out, load_half(own));
        let upper = _mm256_and_si256(_mm256_srl_epi16(kept, low_shift), nibble);
        let upper = match each {
            15 => _mm256_permutexvar_epi8(apart, upper),
            _ => upper,
        };
        store(halves(upper), &mut to.symbols[i * each..]);
        let extra = extras.get(i).copied().unwrap_or(0);
        match twos.low {
            4 => {
                let low = halves(_mm256_and_si256(kept, nibble));
                let to = &mut to.low[16 * i..16 * i + 16];
                store(low, to);
                to[15] |= if twos.lent() > 0 { extra << 4 } else { 0 };
            }
            1 => {
                let low = _mm256_movepi8_mask(_mm256_slli_epi16::<7>(kept));
                let extra = if twos.lent() > 0 { extra } else { 0 };
                let low = low | u32::from(extra) << 31;
                to.low[4 * i..4 * i + 4].copy_from_slice(&low.to_le_bytes());
            }
            _ => {}
        }
    }
}

/// Nibbles of both halves in one byte each.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn halves(nibbles: __m256i) -> __m128i {
    let upper = _mm256_extracti128_si256::<1>(nibbles);
    _mm_or_si128(_mm256_castsi256_si128(nibbles), _mm_slli_epi16::<4>(upper))
}

/// And back.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn nibbles(bytes: __m128i) -> __m256i {
    let both = _mm256_set_m128i(_mm_srli_epi16::<4>(bytes), bytes);
    _mm256_and_si256(both, _mm256_set1_epi8(15))
}

pub(super) fn join(
    _: Wide,
    twos: &Twos,
    symbols: &[u8],
    low: &[u8],
    left_out: &[u32],
    groups: &mut [[u8; GROUP]],
) {
    // SAFETY: that there is a `Wide` says that the machine has the features.
    #[allow(unsafe_code)]
    unsafe {
        join_wide(twos, symbols, low, left_out, groups);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
fn join_wide(
    twos: &Twos,
    symbols: &[u8],
    low: &[u8],
    left_out: &[u32],
    groups: &mut [[u8; GROUP]],
) {
    let each = twos.symbols();
    let together = load_half(&TOGETHER);
    let low_shift = _mm_cvtsi32_si128(twos.low as i32);
    for (i, (own, left_out)) in groups.iter_mut().zip(left_out).enumerate() {
        let upper = nibbles(load(&symbols[i * each..]));
        let upper = match each {
            15 => _mm256_permutexvar_epi8(together, upper),
            _ => upper,
        };
        let upper = _mm256_sll_epi16(upper, low_shift);
        let kept = match twos.low {
            4 => _mm256_or_si256(upper, nibbles(load(&low[16 * i..]))),
            1 => {
                let own = low[4 * i..].first_chunk().copied().unwrap_or_default();
                let own = u32::from_le_bytes(own);
                _mm256_mask_add_epi8(upper, own, upper, _mm256_set1_epi8(1))
            }
            _ => upper,
        };
        let all = _mm256_maskz_expand_epi8(!left_out, kept);
        // SAFETY: they are 32 bytes.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_storeu_si256(own.as_mut_ptr().cast(), all);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load(bytes: &[u8]) -> __m128i {
    let bytes = &bytes[..16];
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_loadu_si128(bytes.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store(bytes: __m128i, to: &mut [u8]) {
    let to = &mut to[..16];
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
    }
}
