//! The AVX-512 kernel: 64 numbers are unpacked at once.

use std::arch::x86_64::*;

use crate::coder::vectors::{Wide, load_bytes, store_bytes};

/// Numbers of a vector.
const LEN: usize = 64;

/// Unpacks the first of some numbers, as many as the machine does better; what is left of both.
pub(super) fn unpack_first<'a>(
    bits: usize,
    packed: &'a [u8],
    out: &'a mut [u8],
) -> (&'a [u8], &'a mut [u8]) {
    if Wide::here().is_none() {
        return (packed, out);
    }
    // A vector is loaded whole, with bytes of what follows.
    let vectors = packed.len().saturating_sub(LEN) / (LEN / 8 * bits);
    let vectors = vectors.min(out.len() / LEN);
    let (own, rest) = out.split_at_mut(vectors * LEN);
    // SAFETY: the features were just found.
    #[allow(unsafe_code)]
    unsafe {
        unpack(bits, packed, own.as_chunks_mut().0);
    }
    (&packed[vectors * (LEN / 8 * bits)..], rest)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn unpack(bits: usize, packed: &[u8], out: &mut [[u8; LEN]]) {
    let mut order = [0; LEN];
    let mut shifts = [0; LEN];
    for i in 0..LEN {
        // Eight numbers have `bits` bytes, which begin a word of 64 bits.
        order[i] = (i / 8 * bits + i % 8) as u8;
        shifts[i] = (i % 8 * bits) as u8;
    }
    let [order, shifts] = [load_bytes(&order), load_bytes(&shifts)];
    let mask = _mm512_set1_epi8(((1u8 << bits) - 1) as i8);
    for (i, out) in out.iter_mut().enumerate() {
        let Some(packed) = packed[i * (LEN / 8 * bits)..].first_chunk() else {
            return;
        };
        let words = _mm512_permutexvar_epi8(order, load_bytes(packed));
        let numbers = _mm512_multishift_epi64_epi8(shifts, words);
        store_bytes(_mm512_and_si512(numbers, mask), out);
    }
}
