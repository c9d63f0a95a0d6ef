//! Machines with AVX2 and BMI2, whose `pdep` and `pext` may be fast or not.

use std::arch::x86_64::{
    __m256i, _mm_set_epi64x, _mm256_broadcastsi128_si256, _mm256_loadu_si256, _mm256_shuffle_epi8,
    _mm256_storeu_si256, _pdep_u64, _pext_u64,
};

use super::{Machine, Row, deposit, extract};
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
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_up(table: &[u64; 2], row: Row) -> Row {
    let table = in_both_lanes(*table);
    store(_mm256_shuffle_epi8(table, load(&row)))
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
