//! Vectors of 512 bits, from memory and into it.

mod out;

use std::arch::x86_64::*;

use super::rows::ROW;
pub(crate) use out::{Out, Owed, fence};

/// Bytes of a vector.
const LEN: usize = 64;

/// Proof that the machine has what kernels for bytes in such vectors ask for.
#[derive(Clone, Copy)]
pub(crate) struct Wide(());

impl Wide {
    #[inline]
    pub(crate) fn here() -> Option<Wide> {
        crate::cpu::expands_bytes().then_some(Wide(()))
    }
}

/// Vectors of a row of symbols.
pub(crate) const VECTORS: usize = ROW / LEN;

/// Where rows of symbols go: those of so many tiles side by side.
pub(crate) trait Rows<const N: usize> {
    /// Takes the row of this number of each.
    fn rows(&mut self, machine: Wide, row: usize, symbols: &[[[u8; LEN]; VECTORS]; N]);
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn load_bytes(bytes: &[u8; LEN]) -> __m512i {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(bytes.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn store_bytes(vector: __m512i, to: &mut [u8; LEN]) {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), vector);
    }
}

/// Half as many bytes.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn load_half(bytes: &[u8; LEN / 2]) -> __m256i {
    // SAFETY: they are 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_loadu_si256(bytes.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn load_words(words: &[u64; LEN / 8]) -> __m512i {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(words.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn store_words(vector: __m512i, to: &mut [u64; LEN / 8]) {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), vector);
    }
}

/// A table with an entry for each byte.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn load_table(table: &[u8; 256]) -> [__m512i; 4] {
    let parts = table.as_chunks::<LEN>().0;
    [
        load_bytes(&parts[0]),
        load_bytes(&parts[1]),
        load_bytes(&parts[2]),
        load_bytes(&parts[3]),
    ]
}

/// A matrix that bytes are multiplied by, modulo 2: by bit of the result, from the lowest on, the bits of a byte that
/// it is the sum of.
pub(crate) const fn matrix(sums: [u8; 8]) -> i64 {
    let (mut rows, mut bit) = ([0; 8], 0);
    while bit < 8 {
        rows[7 - bit] = sums[bit];
        bit += 1;
    }
    i64::from_le_bytes(rows)
}

/// Each byte's product with a matrix.
#[inline]
#[target_feature(enable = "avx512f,gfni")]
pub(crate) fn times(bytes: __m512i, matrix: i64) -> __m512i {
    _mm512_gf2p8affine_epi64_epi8::<0>(bytes, _mm512_set1_epi64(matrix))
}

/// The sum of three modulo 2, bit by bit.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn sum_of_three(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    const SUM: i32 = 0x96;
    _mm512_ternarylogic_epi64::<SUM>(a, b, c)
}
