//! The AVX-512 kernel: the turns of sixteen groups at once.

use std::arch::x86_64::*;

use crate::coder::vectors::Wide;

/// Groups of a vector.
const LEN: usize = 16;

/// As its plain twin, for as many groups as make whole vectors; how many those are.
pub(super) fn of_groups(_: Wide, scales: &[u16], minimums: &[u16], turns: &mut [u8]) -> usize {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        groups(scales, minimums, turns)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn groups(scales: &[u16], minimums: &[u16], turns: &mut [u8]) -> usize {
    let halves = scales
        .as_chunks::<LEN>()
        .0
        .iter()
        .zip(minimums.as_chunks::<LEN>().0);
    let turns = turns.as_chunks_mut::<LEN>().0;
    let mut done = 0;
    for ((scales, minimums), to) in halves.zip(turns) {
        let scales = singles(load(scales), 0);
        // What is divided has the other sign.
        let above = singles(load(minimums), 0x8000);
        let turn = turns_of(above, scales);
        let both = _mm512_or_si512(turn, _mm512_slli_epi32::<4>(turn));
        store(_mm512_cvtepi32_epi8(both), to);
        done += LEN;
    }
    done
}

/// As its plain twin, for as many blocks as make whole vectors; how many those are.
pub(super) fn of_pairs(_: Wide, halves: [&[u16]; 2], subs: [&[u8]; 2], turns: &mut [u8]) -> usize {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        pairs(halves, subs, turns)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn pairs(halves: [&[u16]; 2], subs: [&[u8]; 2], turns: &mut [u8]) -> usize {
    let [scales, minimums] = halves.map(|halves| halves.as_chunks::<2>().0.iter());
    let [sub_scales, sub_minimums] = subs.map(|subs| subs.as_chunks::<LEN>().0.iter());
    let each = scales.zip(minimums).zip(sub_scales.zip(sub_minimums));
    let mut done = 0;
    for (to, (halves, subs)) in turns.as_chunks_mut::<8>().0.iter_mut().zip(each) {
        let scales = products(halves.0, subs.0);
        let above = products(halves.1, subs.1);
        let turns = turns_of(above, scales);
        // The upper nibbles are those of every other group.
        let turns = _mm512_cvtepi32_epi16(turns);
        let turns = _mm256_or_si256(turns, _mm256_srli_epi32::<12>(turns));
        let turns = _mm256_cvtepi32_epi8(turns);
        *to = _mm_cvtsi128_si64(turns).to_le_bytes();
        done += 2;
    }
    done
}

/// The halves of two blocks, each times its 8 numbers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn products([first, second]: &[u16; 2], subs: &[u8; LEN]) -> __m512 {
    let both = _mm256_set_m128i(
        _mm_set1_epi16(*second as i16),
        _mm_set1_epi16(*first as i16),
    );
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    let subs = unsafe { _mm_loadu_si128(subs.as_ptr().cast()) };
    _mm512_mul_ps(
        singles(both, 0),
        _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(subs)),
    )
}

/// The turns of sixteen groups, each in a nibble.
#[inline]
#[target_feature(enable = "avx512f")]
fn turns_of(above: __m512, scales: __m512) -> __m512i {
    let zero = _mm512_div_ps(above, scales);
    // What is no number becomes the second operand, 0.
    let zero = _mm512_min_ps(
        _mm512_max_ps(zero, _mm512_setzero_ps()),
        _mm512_set1_ps(15.0),
    );
    let turn = _mm512_sub_epi32(_mm512_set1_epi32(3), _mm512_cvttps_epi32(zero));
    _mm512_and_si512(turn, _mm512_set1_epi32(15))
}

/// Halves as singles, an exponent of 31 being nothing special, with other bits where `flip` has ones.
#[inline]
#[target_feature(enable = "avx512f")]
pub(in crate::plan::fields) fn singles(halves: __m256i, flip: i32) -> __m512 {
    let halves = _mm512_xor_si512(_mm512_cvtepu16_epi32(halves), _mm512_set1_epi32(flip));
    let sign = _mm512_and_si512(halves, _mm512_set1_epi32(0x8000));
    let magnitude = _mm512_slli_epi32::<13>(_mm512_xor_si512(halves, sign));
    // The difference of both formats' biases.
    let scale = _mm512_set1_ps(f32::from_bits((127 + 127 - 15) << 23));
    let magnitude = _mm512_castps_si512(_mm512_mul_ps(_mm512_castsi512_ps(magnitude), scale));
    _mm512_castsi512_ps(_mm512_or_si512(magnitude, _mm512_slli_epi32::<16>(sign)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(halves: &[u16; LEN]) -> __m256i {
    // SAFETY: they are 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_loadu_si256(halves.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn store(turns: __m128i, to: &mut [u8; LEN]) {
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_storeu_si128(to.as_mut_ptr().cast(), turns);
    }
}
