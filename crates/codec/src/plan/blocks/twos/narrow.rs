//! Groups taken apart and put together, each as one vector of a machine that cannot spread bytes by a mask.

use std::arch::x86_64::*;

use super::wide::{halves, load, nibbles, store};
use super::{Taken, Twos, first_two};
use crate::coder::vectors::load_half;
use crate::plan::blocks::marks::GROUP;

static LANES: [u8; GROUP] = {
    let mut lanes = [0; GROUP];
    let mut i = 0;
    while i < GROUP {
        lanes[i] = i as u8;
        i += 1;
    }
    lanes
};

/// As [`super::split_any`].
#[target_feature(enable = "avx2")]
pub(super) fn split(twos: &Twos, groups: &[[u8; GROUP]], extras: &[u8], to: &mut Taken) {
    let each = twos.symbols();
    let nibble = _mm256_set1_epi8(15);
    let low_shift = _mm_cvtsi32_si128(twos.low as i32);
    for (i, own) in groups.iter().enumerate() {
        let kept = without(load_half(own), to.left_out[i]);
        let upper = _mm256_and_si256(_mm256_srl_epi16(kept, low_shift), nibble);
        let symbols = match each {
            15 => halves(apart(upper)),
            _ => halves(upper),
        };
        store(symbols, &mut to.symbols[i * each..]);
        let extra = match twos.lent() {
            0 => 0,
            _ => extras.get(i).copied().unwrap_or(0),
        };
        match twos.low {
            4 => {
                let to = &mut to.low[16 * i..16 * i + 16];
                store(halves(_mm256_and_si256(kept, nibble)), to);
                to[15] |= extra << 4;
            }
            1 => {
                let low = _mm256_movemask_epi8(_mm256_slli_epi16::<7>(kept)) as u32;
                let low = low | u32::from(extra) << 31;
                to.low[4 * i..4 * i + 4].copy_from_slice(&low.to_le_bytes());
            }
            _ => {}
        }
    }
}

/// As [`super::join_any`].
#[target_feature(enable = "avx2")]
pub(super) fn join(
    twos: &Twos,
    symbols: &[u8],
    low: &[u8],
    left_out: &[u32],
    groups: &mut [[u8; GROUP]],
) {
    let each = twos.symbols();
    let low_shift = _mm_cvtsi32_si128(twos.low as i32);
    for (i, (own, left_out)) in groups.iter_mut().zip(left_out).enumerate() {
        let upper = nibbles(load(&symbols[i * each..]));
        let upper = match each {
            15 => together(upper),
            _ => upper,
        };
        let upper = _mm256_sll_epi16(upper, low_shift);
        let kept = match twos.low {
            4 => _mm256_or_si256(upper, nibbles(load(&low[16 * i..]))),
            1 => _mm256_or_si256(upper, bits(&low[4 * i..])),
            _ => upper,
        };
        let all = with_places(kept, *left_out);
        // SAFETY: they are 32 bytes.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_storeu_si256(own.as_mut_ptr().cast(), all);
        }
    }
}

/// Which lanes are before one.
#[inline]
#[target_feature(enable = "avx2")]
fn before(lane: u8) -> __m256i {
    _mm256_cmpgt_epi8(_mm256_set1_epi8(lane as i8), load_half(&LANES))
}

/// Quants without those of two lanes at most.
#[inline]
#[target_feature(enable = "avx2")]
fn without(quants: __m256i, left_out: u32) -> __m256i {
    let [first, second] = first_two(left_out);
    let upper = _mm256_permute2x128_si256::<0x81>(quants, quants);
    let by_one = _mm256_alignr_epi8::<1>(upper, quants);
    let by_two = _mm256_alignr_epi8::<2>(upper, quants);
    // The second is one lane nearer once the first is gone.
    let behind = _mm256_blendv_epi8(by_two, by_one, before(second.saturating_sub(1)));
    _mm256_blendv_epi8(behind, quants, before(first))
}

/// Quants with places for two lanes at most, in which is what comes.
#[inline]
#[target_feature(enable = "avx2")]
fn with_places(kept: __m256i, left_out: u32) -> __m256i {
    let [first, second] = first_two(left_out);
    let lower = _mm256_permute2x128_si256::<0x08>(kept, kept);
    let by_one = _mm256_alignr_epi8::<15>(kept, lower);
    let by_two = _mm256_alignr_epi8::<14>(kept, lower);
    // The second's own place is of no meaning, as is the first's.
    let behind = _mm256_blendv_epi8(by_two, by_one, before(second));
    _mm256_blendv_epi8(behind, kept, before(first))
}

/// Of 30 kept quants those behind the first half one place further.
#[inline]
#[target_feature(enable = "avx2")]
fn apart(kept: __m256i) -> __m256i {
    let lower = _mm256_castsi256_si128(kept);
    let upper = _mm256_extracti128_si256::<1>(kept);
    _mm256_set_m128i(_mm_alignr_epi8::<15>(upper, lower), lower)
}

/// And back.
#[inline]
#[target_feature(enable = "avx2")]
fn together(quants: __m256i) -> __m256i {
    let lower = _mm_slli_si128::<1>(_mm256_castsi256_si128(quants));
    let upper = _mm256_extracti128_si256::<1>(quants);
    let lower = _mm_alignr_epi8::<1>(upper, lower);
    _mm256_set_m128i(_mm_srli_si128::<1>(upper), lower)
}

/// Each of 32 bits in a byte.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(bytes: &[u8]) -> __m256i {
    let own = bytes.first_chunk().copied().unwrap_or_default();
    let all = _mm256_set1_epi32(i32::from_le_bytes(own));
    let each = _mm256_setr_epi64x(
        0,
        0x0101_0101_0101_0101,
        0x0202_0202_0202_0202,
        0x0303_0303_0303_0303,
    );
    let own = _mm256_shuffle_epi8(all, each);
    let bit = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    let is_set = _mm256_cmpeq_epi8(_mm256_and_si256(own, bit), bit);
    _mm256_and_si256(is_set, _mm256_set1_epi8(1))
}
