//! The AVX-512 kernels: each round of 32 lanes as two vectors of sixteen. Where entries are not gathered in one
//! step, one payload alone is decoded faster by the kernel for AVX2: more of it waits for the entries.

pub(super) mod encode;

use std::arch::x86_64::*;

use super::decode::Decoder;
use super::rounds::{decode_rounds, window};
use super::{LANES, ROUND_WORDS};

/// Lanes of a vector.
const WIDE: usize = 16;

decode_rounds!(
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt",
    decode = decode_round,
    false
);
decode_rounds!(
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt",
    decode_gathering = decode_round,
    true
);

/// Decodes a round; how many bytes of words it took.
///
/// # Safety
/// There must be the entries of a table, 2^BITS, or those of each context that occurs.
#[allow(unsafe_code)]
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn decode_round<const BITS: u32, const CONTEXTS: bool, const GATHER: bool>(
    lanes: &mut [__m512i; 2],
    window: &[u8; ROUND_WORDS],
    contexts: &[u8; LANES],
    entries: &[u32],
    to: &mut [u8; LANES],
) -> usize {
    let mask = _mm512_set1_epi32((1 << BITS) - 1);
    let count = _mm_cvtsi32_si128(const { BITS as i32 });
    let twice = _mm_cvtsi32_si128(const { 2 * BITS as i32 });
    let find = |lanes, half: usize| {
        let mut index = _mm512_and_si512(lanes, mask);
        if CONTEXTS {
            let own = load_16(&contexts.as_chunks::<WIDE>().0[half]);
            index = _mm512_or_si512(index, _mm512_sll_epi32(own, count));
        }
        index
    };
    let indices = [find(lanes[0], 0), find(lanes[1], 1)];
    // SAFETY: an index is a slot below 2^BITS and a context whose entries are there, which the caller
    // has checked; without contexts it is the slot alone, and one table is there.
    let found = unsafe {
        [
            fetch::<GATHER>(entries, indices[0]),
            fetch::<GATHER>(entries, indices[1]),
        ]
    };
    let symbols = found.map(|found| _mm512_cvtepi32_epi8(_mm512_srl_epi32(found, twice)));
    let to = to.as_chunks_mut::<WIDE>().0;
    store_16(symbols[0], &mut to[0]);
    store_16(symbols[1], &mut to[1]);
    let mut taken = 0;
    let mut next = |lanes, found| {
        let share = _mm512_and_si512(found, mask);
        let within = _mm512_and_si512(_mm512_srl_epi32(found, count), mask);
        let rest = _mm512_srl_epi32(lanes, count);
        let next = _mm512_add_epi32(_mm512_mullo_epi32(share, rest), within);
        let low = _mm512_cmplt_epu32_mask(next, _mm512_set1_epi32(1 << 16));
        // SAFETY: `taken` is at most 32, so that 32 bytes from it on end within the window's 64.
        let words = unsafe { _mm256_loadu_si256(window.as_ptr().add(taken).cast()) };
        let words = _mm512_maskz_expand_epi32(low, _mm512_cvtepu16_epi32(words));
        taken += 2 * low.count_ones() as usize;
        _mm512_mask_or_epi32(next, low, _mm512_slli_epi32::<16>(next), words)
    };
    *lanes = [next(lanes[0], found[0]), next(lanes[1], found[1])];
    taken
}

/// Sixteen entries.
///
/// # Safety
/// Each index must be below the number of entries.
#[allow(unsafe_code)]
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn fetch<const GATHER: bool>(entries: &[u32], index: __m512i) -> __m512i {
    if GATHER {
        // SAFETY: the caller's.
        return unsafe { _mm512_i32gather_epi32::<4>(index, entries.as_ptr().cast()) };
    }
    // SAFETY: the caller's.
    let quarters = unsafe {
        [
            fetch_4(entries, _mm512_castsi512_si128(index)),
            fetch_4(entries, _mm512_extracti32x4_epi32::<1>(index)),
            fetch_4(entries, _mm512_extracti32x4_epi32::<2>(index)),
            fetch_4(entries, _mm512_extracti32x4_epi32::<3>(index)),
        ]
    };
    let low = _mm256_set_m128i(quarters[1], quarters[0]);
    let high = _mm256_set_m128i(quarters[3], quarters[2]);
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
}

/// Four entries.
///
/// # Safety
/// Each index must be below the number of entries.
#[allow(unsafe_code)]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn fetch_4(entries: &[u32], index: __m128i) -> __m128i {
    let a = _mm_cvtsi128_si64(index) as u64;
    let b = _mm_extract_epi64::<1>(index) as u64;
    // SAFETY: the caller's.
    unsafe {
        _mm_setr_epi32(
            *entries.get_unchecked(a as u32 as usize) as i32,
            *entries.get_unchecked((a >> 32) as usize) as i32,
            *entries.get_unchecked(b as u32 as usize) as i32,
            *entries.get_unchecked((b >> 32) as usize) as i32,
        )
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn no_lanes() -> [__m512i; 2] {
    [_mm512_setzero_si512(); 2]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_lanes(lanes: &[u32; LANES]) -> [__m512i; 2] {
    let halves = lanes.as_chunks::<WIDE>().0;
    // SAFETY: sixteen lanes have 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        [
            _mm512_loadu_si512(halves[0].as_ptr().cast()),
            _mm512_loadu_si512(halves[1].as_ptr().cast()),
        ]
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_lanes(vectors: &[__m512i; 2], lanes: &mut [u32; LANES]) {
    for (vector, lanes) in vectors.iter().zip(lanes.as_chunks_mut::<WIDE>().0) {
        // SAFETY: sixteen lanes have 64 bytes.
        #[allow(unsafe_code)]
        unsafe {
            _mm512_storeu_si512(lanes.as_mut_ptr().cast(), *vector);
        }
    }
}

/// Sixteen bytes, each in a lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_16(bytes: &[u8; WIDE]) -> __m512i {
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    _mm512_cvtepu8_epi32(bytes)
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_16(bytes: __m128i, to: &mut [u8; WIDE]) {
    // SAFETY: `to` has 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
    }
}
