//! Machines with AVX2 and BMI2, whose `pdep` and `pext` may be fast or not.

use std::arch::x86_64::{
    __m256i, _mm_set_epi64x, _mm256_adds_epu8, _mm256_and_si256, _mm256_broadcastsi128_si256,
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_storeu_si256, _mm256_xor_si256, _pdep_u64,
    _pext_u64,
};

use super::{Machine, Row, Table, deposit, extract};
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
    fn deposit(self, bits: u64, mask: u64) -> u64 {
        // SAFETY: a `V3` exists only where there is BMI2.
        #[allow(unsafe_code)]
        unsafe {
            _pdep_u64(bits, mask)
        }
    }

    #[inline(always)]
    fn extract(self, bits: u64, mask: u64) -> u64 {
        // SAFETY: a `V3` exists only where there is BMI2.
        #[allow(unsafe_code)]
        unsafe {
            _pext_u64(bits, mask)
        }
    }

    #[inline(always)]
    fn look_up(self, table: &[u64; 2], row: Row) -> Row {
        self.0.look_up(table, row)
    }

    #[inline(always)]
    fn look_up_any(self, table: &Table, row: Row) -> Row {
        self.0.look_up_any(table, row)
    }

    #[inline(always)]
    fn equal(self, row: Row, field: u8, value: u8) -> u32 {
        self.0.equal(row, field, value)
    }
}

impl Machine for V3Loop {
    #[inline(always)]
    fn deposit(self, bits: u64, mask: u64) -> u64 {
        deposit(bits, mask)
    }

    #[inline(always)]
    fn extract(self, bits: u64, mask: u64) -> u64 {
        extract(bits, mask)
    }

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

    #[inline(always)]
    fn equal(self, row: Row, field: u8, value: u8) -> u32 {
        // SAFETY: a `V3Loop` exists only where there is AVX2.
        #[allow(unsafe_code)]
        unsafe {
            equal(row, field, value)
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
    // With `other` as 0, since that is what a byte outside of a row is to look up: from 16 on, its highest bit
    // gets set.
    let past = _mm256_set1_epi8(0x70);
    let other = _mm256_set1_epi8(table.other as i8);
    let mut found = _mm256_setzero_si256();
    for row in &table.rows {
        let at = _mm256_xor_si256(bytes, load(&row.high));
        let own = _mm256_shuffle_epi8(load(&row.twice), _mm256_adds_epu8(at, past));
        found = _mm256_or_si256(found, own);
    }
    store(_mm256_xor_si256(found, other))
}

#[inline]
#[target_feature(enable = "avx2")]
fn equal(row: Row, field: u8, value: u8) -> u32 {
    let own = _mm256_and_si256(load(&row), _mm256_set1_epi8(field as i8));
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(own, _mm256_set1_epi8(value as i8))) as u32
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
