//! The AVX-512 kernels of [`super::raw_bits`]: 64 symbols at a time. Where few of them have raw
//! bits, those are put together, worked on as one vector and spread again.

mod read;
mod write;

use std::arch::x86_64::*;

pub(super) use read::numbers;
pub(super) use write::symbols;

use crate::cpu::expands_bytes;

/// Symbols of a vector of bytes, and numbers of one of 32 bits.
const GROUP: usize = 64;
const FEW: usize = 16;

/// Whether the machine has what the kernels use.
fn is_here() -> bool {
    expands_bytes() && is_x86_feature_detected!("avx512cd")
}

/// Calls something with the number of a quarter and its bytes.
macro_rules! each_quarter {
    ($bytes:expr, $part:ident, $quarter:ident => $run:expr) => {{
        {
            let ($part, $quarter) = (0usize, _mm512_castsi512_si128($bytes));
            $run
        }
        {
            let ($part, $quarter) = (1usize, _mm512_extracti32x4_epi32::<1>($bytes));
            $run
        }
        {
            let ($part, $quarter) = (2usize, _mm512_extracti32x4_epi32::<2>($bytes));
            $run
        }
        {
            let ($part, $quarter) = (3usize, _mm512_extracti32x4_epi32::<3>($bytes));
            $run
        }
    }};
}
use each_quarter;

/// As many ones each.
#[inline]
#[target_feature(enable = "avx512f")]
fn ones(lens: __m512i) -> __m512i {
    let one = _mm512_set1_epi32(1);
    _mm512_sub_epi32(_mm512_sllv_epi32(one, lens), one)
}
