//! The AVX-512 kernel: the numbers of a class's blocks, 32 blocks at once.

use std::arch::x86_64::*;

use super::SPARE;
use crate::coder::vectors::Wide;

/// As its plain twin, for as many scales as make whole vectors; how many those are, and what there is then.
pub(super) fn append(
    _: Wide,
    scales: &[u16],
    bounds: [u16; 2],
    blocks: &mut [u16],
    at: usize,
) -> [usize; 2] {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        append_wide(scales, bounds, blocks, at)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn append_wide(scales: &[u16], bounds: [u16; 2], blocks: &mut [u16], mut at: usize) -> [usize; 2] {
    const FIRST: [u16; SPARE] = {
        let (mut first, mut at) = ([0; SPARE], 0);
        while at < SPARE {
            first[at] = at as u16;
            at += 1;
        }
        first
    };
    let magnitude = _mm512_set1_epi16(0x7fff);
    let [least, beyond] = bounds.map(|bound| _mm512_set1_epi16(bound as i16));
    let mut numbers = load(&FIRST);
    let scales = scales.as_chunks::<SPARE>().0;
    for own in scales {
        let own = _mm512_and_si512(load(own), magnitude);
        let reach = _mm512_cmpge_epu16_mask(own, least);
        let mask = _mm512_mask_cmplt_epu16_mask(reach, own, beyond);
        if let Some(to) = blocks[at..].first_chunk_mut() {
            store(_mm512_maskz_compress_epi16(mask, numbers), to);
        }
        at += mask.count_ones() as usize;
        numbers = _mm512_add_epi16(numbers, _mm512_set1_epi16(SPARE as i16));
    }
    [scales.len() * SPARE, at]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(words: &[u16; SPARE]) -> __m512i {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(words.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(words: __m512i, to: &mut [u16; SPARE]) {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), words);
    }
}
