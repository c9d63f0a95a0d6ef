//! The AVX-512 kernel: where the bits of eight words are in a string is found for all of them at once.

use std::arch::x86_64::*;

use super::{Reader, WINDOW, read_whole};
use crate::Error;
use crate::coder::levels::{LEVELS, Plane};
use crate::coder::rows::{Lines, ROWS, TILE, WORDS};
use crate::coder::vectors::{Wide, load_bytes, load_words, store_words};

/// Words of a row of a plane.
const OCTET: usize = WORDS / ROWS;

/// As its plain twin.
pub(super) fn read_planes(
    _: Wide,
    reader: &mut Reader<'_>,
    there: &Plane,
    rows: usize,
) -> Result<(), Error> {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        read_planes_wide(reader, there, rows)
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,popcnt"
)]
fn read_planes_wide(reader: &mut Reader<'_>, there: &Plane, rows: usize) -> Result<(), Error> {
    read_whole(reader);
    reader.whole.iter().for_each(|next| fetch(next));
    let (shape, planes) = (&reader.known.shape, &mut reader.planes.0);
    for (string, level) in reader.strings.iter_mut().zip(shape.whole..) {
        let own = Level {
            there,
            rows,
            bound: shape.bound(level),
            plane: shape.plane(level),
            planes,
        };
        string.read(|window, at| match level {
            0 => spread::<0>(window, at, own),
            1 => spread::<1>(window, at, own),
            2 => spread::<2>(window, at, own),
            3 => spread::<3>(window, at, own),
            4 => spread::<4>(window, at, own),
            5 => spread::<5>(window, at, own),
            6 => spread::<6>(window, at, own),
            _ => spread::<7>(window, at, own),
        })?;
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

/// A level that is read.
struct Level<'a> {
    /// Which symbols there are.
    there: &'a Plane,
    /// Of so many rows.
    rows: usize,
    /// What a symbol's bits so far are at least, if it gets here.
    bound: u16,
    /// Which plane it is. Those after it have the levels before, from the last on.
    plane: usize,
    planes: &'a mut [Plane; LEVELS],
}

/// Spreads the bits of a level, before which there are `BEFORE`, from bit `at` of a window on, and says where the
/// next is.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi1,bmi2,popcnt"
)]
fn spread<const BEFORE: usize>(window: &[u8; WINDOW], at: usize, level: Level<'_>) -> usize {
    const COPIES: [u8; 64] = places([1, 0]);
    const NEXT: [u8; 64] = places([0, 1]);
    let (copies, next) = (load_bytes(&COPIES), load_bytes(&NEXT));
    let seven = _mm512_set1_epi64(7);
    let Some((planes, before)) = level.planes.split_at_mut_checked(level.plane + 1) else {
        return at;
    };
    let (Some(plane), Some(before)) = (planes.last_mut(), before.first_chunk::<BEFORE>()) else {
        return at;
    };
    let ones: [__m512i; BEFORE] =
        std::array::from_fn(|bit| ones_where(level.bound >> bit & 1 == 0));
    let mut own = Lines([[0; OCTET]; 2]);
    let mut at = _mm512_set1_epi64(at as i64);
    let rows = plane.as_chunks_mut::<OCTET>().0.iter_mut();
    for (row, to) in rows.enumerate().take(level.rows) {
        let mut reached = load_words(&level.there.as_chunks().0[row]);
        for (plane, ones) in before.iter().zip(ones) {
            // Both, or one of them: as the bound has a one or none.
            const MOST: i32 = 0xe8;
            let bits = load_words(&plane.as_chunks().0[row]);
            reached = _mm512_ternarylogic_epi64::<MOST>(reached, bits, ones);
        }
        let counts = _mm512_popcnt_epi64(reached);
        let first = _mm512_add_epi64(sums_before(counts), _mm512_and_si512(at, seven));
        // The bytes from those on in which the bits of each word begin: with less than 8 bits and those of seven
        // words before them, all are among 64, and the next eight as well.
        let bytes = _mm512_shuffle_epi8(_mm512_srli_epi64::<3>(first), copies);
        let bytes = _mm512_add_epi8(bytes, next);
        // Less than 8 bits and those of seven rows came before: no remainder is taken, but a bound seen.
        let start = _mm_cvtsi128_si64(_mm512_castsi512_si128(at)) as usize / 8 % (TILE / 8);
        let (Some(low), Some(high)) = (
            window[start..].first_chunk(),
            window[start + OCTET..].first_chunk(),
        ) else {
            break;
        };
        let low = _mm512_permutexvar_epi8(bytes, load_bytes(low));
        let high = _mm512_permutexvar_epi8(bytes, load_bytes(high));
        let found = _mm512_shrdv_epi64(low, high, _mm512_and_si512(first, seven));
        store_words(found, &mut own.0[0]);
        store_words(reached, &mut own.0[1]);
        let [found, reached] = &own.0;
        for ((to, found), reached) in to.iter_mut().zip(found).zip(reached) {
            *to = _pdep_u64(*found, *reached);
        }
        at = _mm512_add_epi64(at, sum(counts));
    }
    _mm_cvtsi128_si64(_mm512_castsi512_si128(at)) as usize
}

#[inline]
#[target_feature(enable = "avx512f")]
fn ones_where(all: bool) -> __m512i {
    _mm512_set1_epi64(if all { -1 } else { 0 })
}

/// The sum of the words before each, which are bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn sums_before(counts: __m512i) -> __m512i {
    const FIRSTS: [u8; 64] = places([0, 8]);
    const BEFORE: u64 = {
        let (mut before, mut at) = (0, 0);
        while at < 64 {
            before |= ((at % 8 < at / 8) as u64) << at;
            at += 1;
        }
        before
    };
    let bytes = _mm512_maskz_permutexvar_epi8(BEFORE, load_bytes(&FIRSTS), counts);
    _mm512_sad_epu8(bytes, _mm512_setzero_si512())
}

/// The sum of all words, which are bytes, in each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn sum(counts: __m512i) -> __m512i {
    const FIRSTS: [u8; 64] = places([0, 8]);
    let bytes = _mm512_permutexvar_epi8(load_bytes(&FIRSTS), counts);
    _mm512_sad_epu8(bytes, _mm512_setzero_si512())
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
