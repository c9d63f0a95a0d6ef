//! Machines with AVX2 and BMI2, whose `pdep` and `pext` may be fast or not.

use std::arch::x86_64::*;

use super::strings::{Window, gather_by, spread_by};
use super::{Machine, Row, Table};
use crate::coder::rows::Plane;
use crate::cpu::{deposits_fast, has_v3};

/// AVX2, and BMI2 that is fast.
#[derive(Clone, Copy)]
pub(in crate::coder) struct V3(V3Loop);

/// AVX2, where bits are spread by a loop.
#[derive(Clone, Copy)]
pub(in crate::coder) struct V3Loop(());

impl V3 {
    #[inline]
    pub(in crate::coder) fn here() -> Option<V3> {
        V3Loop::here().filter(|_| deposits_fast()).map(V3)
    }
}

impl V3Loop {
    #[inline]
    pub(in crate::coder) fn here() -> Option<V3Loop> {
        has_v3().then_some(V3Loop(()))
    }
}

impl Machine for V3 {
    #[inline(always)]
    fn spread(self, window: &Window, at: usize, mask: &Plane, plane: &mut Plane) -> usize {
        // SAFETY: a `V3` exists only where there is BMI2.
        #[allow(unsafe_code)]
        let deposit = |bits, mask| unsafe { _pdep_u64(bits, mask) };
        spread_by(deposit, window, at, mask, plane)
    }

    #[inline(always)]
    fn gather(self, plane: &Plane, mask: &Plane, string: &mut [u64], at: usize) -> usize {
        // SAFETY: a `V3` exists only where there is BMI2.
        #[allow(unsafe_code)]
        let extract = |bits, mask| unsafe { _pext_u64(bits, mask) };
        gather_by(extract, plane, mask, string, at)
    }

    #[inline(always)]
    fn look_up(self, table: &[u64; 2], row: Row) -> Row {
        self.0.look_up(table, row)
    }

    #[inline(always)]
    fn look_up_any(self, table: &Table, row: Row) -> Row {
        self.0.look_up_any(table, row)
    }
}

impl Machine for V3Loop {
    #[inline(always)]
    fn look_up(self, table: &[u64; 2], row: Row) -> Row {
        // SAFETY: a `V3Loop` exists only where there is AVX2.
        #[allow(unsafe_code)]
        unsafe {
            look_up(table, row)
        }
    }

    #[inline(always)]
    fn look_up_any(self, table: &Table, row: Row) -> Row {
        // SAFETY: a `V3Loop` exists only where there is AVX2.
        #[allow(unsafe_code)]
        unsafe {
            look_up_any(table, row)
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_up(table: &[u64; 2], row: Row) -> Row {
    let table = in_both_lanes(*table);
    store(_mm256_shuffle_epi8(table, load(&row)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_up_any(table: &Table, row: Row) -> Row {
    let bytes = load(&row);
    let half = _mm256_set1_epi8(15);
    let mut found = load(&table.low);
    let mut kept = bytes;
    if table.keep == u8::MAX {
        // No bits stand apart: both halves' parts are all the same.
        found = _mm256_xor_si256(found, load(&table.high));
    } else {
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half);
        let of_high = _mm256_shuffle_epi8(load(&table.high), high);
        found = _mm256_shuffle_epi8(found, _mm256_and_si256(bytes, half));
        found = _mm256_xor_si256(found, of_high);
        // No bit gets to the next byte: those that are not kept are at least as many as it is moved down.
        kept = _mm256_and_si256(kept, _mm256_set1_epi8(table.keep as i8));
        kept = _mm256_srl_epi16(kept, _mm_cvtsi32_si128(table.shift as i32));
    }
    // What a byte outside of a row looks up is to be 0: from 16 on, its highest bit gets set.
    let past = _mm256_set1_epi8(0x70);
    for row in &table.rows {
        let at = _mm256_xor_si256(kept, load(&row.high));
        let own = _mm256_shuffle_epi8(load(&row.twice), _mm256_adds_epu8(at, past));
        found = _mm256_xor_si256(found, own);
    }
    store(found)
}

#[inline]
#[target_feature(enable = "avx2")]
fn in_both_lanes([low, high]: [u64; 2]) -> __m256i {
    _mm256_broadcastsi128_si256(_mm_set_epi64x(high as i64, low as i64))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(row: &Row) -> __m256i {
    // SAFETY: 32 bytes are read from the 32 of a row.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_loadu_si256(row.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(bytes: __m256i) -> Row {
    let mut row = [0; 4];
    // SAFETY: 32 bytes are written to the 32 of a row.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_storeu_si256(row.as_mut_ptr().cast(), bytes);
    }
    row
}
