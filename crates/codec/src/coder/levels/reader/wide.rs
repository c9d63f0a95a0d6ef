//! The AVX-512 kernel: where the bits of eight words are in a string is found for all of them at once.

use std::arch::x86_64::*;

use super::{Reader, WINDOW, read_whole};
use crate::Error;
use crate::coder::levels::spec::Shape;
use crate::coder::levels::{LEVELS, Plane};
use crate::coder::rows::{ROWS, TILE, WORDS};
use crate::coder::vectors::{Wide, load_bytes, load_words, store_words};

/// Words of a row of a plane.
const OCTET: usize = WORDS / ROWS;

/// As its plain twin.
pub(super) fn read_planes(_: Wide, reader: &mut Reader<'_>, there: &Plane) -> Result<(), Error> {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        read_planes_wide(reader, there)
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,popcnt"
)]
fn read_planes_wide(reader: &mut Reader<'_>, there: &Plane) -> Result<(), Error> {
    read_whole(reader);
    reader.whole.iter().for_each(|next| fetch(next));
    let (shape, planes) = (&reader.shape, &mut *reader.planes);
    for (string, level) in reader.strings.iter_mut().zip(shape.whole..) {
        string.read(|window, at| spread(window, at, shape, level, there, planes))?;
        fetch(string.from.get(string.at / 8..).unwrap_or_default());
    }
    Ok(())
}

/// Has what the next tile takes of a plane brought near.
#[inline]
#[target_feature(enable = "avx512f")]
fn fetch(next: &[u8]) {
    for line in (0..TILE / 8).step_by(64) {
        _mm_prefetch::<_MM_HINT_T0>(next.as_ptr().wrapping_add(line).cast());
    }
}

/// Spreads the bits of a level from bit `at` of a window on, and says where the next is.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,popcnt"
)]
fn spread(
    window: &[u8; WINDOW],
    mut at: usize,
    shape: &Shape,
    level: usize,
    there: &Plane,
    planes: &mut [Plane; LEVELS],
) -> usize {
    const COPIES: [u8; 64] = places([1, 0]);
    const NEXT: [u8; 64] = places([0, 1]);
    let (copies, next) = (load_bytes(&COPIES), load_bytes(&NEXT));
    let seven = _mm512_set1_epi64(7);
    let (mut bits, mut masks) = ([0; WORDS], [0; WORDS]);
    for row in 0..ROWS {
        let reached = load_words(&there.as_chunks::<OCTET>().0[row]);
        let reached = reach(shape, planes, level, reached, row);
        let counts = _mm512_popcnt_epi64(reached);
        let up_to = sums(counts);
        let first = _mm512_sub_epi64(up_to, counts);
        let first = _mm512_add_epi64(first, _mm512_set1_epi64((at % 8) as i64));
        // The bytes from those on in which the bits of each word begin: with less than 8 bits and those of seven
        // words before them, all are among 64, and the next eight as well.
        let bytes = _mm512_shuffle_epi8(_mm512_srli_epi64::<3>(first), copies);
        let bytes = _mm512_add_epi8(bytes, next);
        // Less than 8 bits and those of seven rows came before: no remainder is taken, but a bound seen.
        let own = &window[at / 8 % (TILE / 8)..];
        let (Some(low), Some(high)) = (own.first_chunk(), own[OCTET..].first_chunk()) else {
            return at;
        };
        let low = _mm512_permutexvar_epi8(bytes, load_bytes(low));
        let high = _mm512_permutexvar_epi8(bytes, load_bytes(high));
        let found = _mm512_shrdv_epi64(low, high, _mm512_and_si512(first, seven));
        store_words(found, &mut bits.as_chunks_mut().0[row]);
        store_words(reached, &mut masks.as_chunks_mut().0[row]);
        let last = _mm512_extracti64x2_epi64::<3>(up_to);
        at += _mm_extract_epi64::<1>(last) as usize;
    }
    for ((to, bits), mask) in planes[shape.plane(level)].iter_mut().zip(bits).zip(masks) {
        *to = _pdep_u64(bits, mask);
    }
    at
}

/// As its plain twin, of a row.
#[inline]
#[target_feature(enable = "avx512f")]
fn reach(
    shape: &Shape,
    planes: &[Plane; LEVELS],
    level: usize,
    there: __m512i,
    row: usize,
) -> __m512i {
    let (bound, mut mask) = (shape.bound(level), there);
    for bit in 0..level {
        let plane = &planes[shape.plane(level - 1 - bit)];
        let own = load_words(&plane.as_chunks::<OCTET>().0[row]);
        mask = if bound >> bit & 1 == 1 {
            _mm512_and_si512(mask, own)
        } else {
            _mm512_or_si512(mask, own)
        };
    }
    mask
}

/// The sum of each word and those before it.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums(words: __m512i) -> __m512i {
    let none = _mm512_setzero_si512();
    let two = _mm512_add_epi64(words, _mm512_alignr_epi64::<7>(words, none));
    let four = _mm512_add_epi64(two, _mm512_alignr_epi64::<6>(two, none));
    _mm512_add_epi64(four, _mm512_alignr_epi64::<4>(four, none))
}

/// By byte: so many times the first byte of its word, within 16 bytes, and so many times its place in the word.
const fn places([first, own]: [u8; 2]) -> [u8; 64] {
    let (mut places, mut at) = ([0; 64], 0);
    while at < 64 {
        places[at] = first * (at as u8 / 8 * 8 % 16) + own * (at as u8 % 8);
        at += 1;
    }
    places
}
