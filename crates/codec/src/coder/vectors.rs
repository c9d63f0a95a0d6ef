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
