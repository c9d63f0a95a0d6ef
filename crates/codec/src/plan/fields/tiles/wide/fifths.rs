//! Nibbles with fifth bits apart, of which it is told whether they differ from the fourth.

use std::arch::x86_64::*;

use super::super::Parts;
use super::{Groups, LEN, fetch, load_halves, whole};
use crate::coder::vectors::{Wide, load_bytes, matrix, sum_of_three, times};
use crate::plan::fields::lace::{Lace, laces};

/// Vectors of the nibbles of a group, whose scales are a vector.
const NIBBLES: usize = 8;
/// Vectors of scales and fifth bits.
const HEADS: usize = 3;
/// Those of two halves of a group.
const HALF: usize = NIBBLES / 2;
const LACES: [Lace; 11] = laces(22, 6);
/// Fifth bits behind scales.
const HEAD_LACES: [Lace; HEADS] = laces(6, 2);

/// The nibbles of groups and their scales.
pub(super) struct Fifths<'a> {
    nibbles: &'a [[[u8; LEN]; NIBBLES]],
    scales: &'a [[u16; 32]],
}

impl<'a> Groups<'a, NIBBLES, HEADS> for Fifths<'a> {
    const LACES: &'static [Lace] = &LACES;
    const OF_ROW: usize = 2;

    fn new(parts: &Parts<'a>, groups: usize) -> Option<Self> {
        Some(Fifths {
            nibbles: whole(parts.plain.as_chunks().0, groups)?,
            scales: whole(parts.halves[0], groups)?,
        })
    }

    #[inline(always)]
    fn group(
        &self,
        _: Wide,
        number: usize,
        symbols: &[[u8; LEN]],
    ) -> ([__m512i; NIBBLES], [__m512i; HEADS]) {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            fetch(&self.nibbles[number]);
            let nibbles = self.nibbles[number]
                .each_ref()
                .map(|nibbles| load_bytes(nibbles));
            let heads = heads(&nibbles, symbols, load_halves(&self.scales[number]));
            (nibbles, heads)
        }
    }
}

/// Scales and fifth bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
fn heads(nibbles: &[__m512i; NIBBLES], symbols: &[[u8; LEN]], scales: __m512i) -> [__m512i; HEADS] {
    let mut fifths = [_mm512_setzero_si512(); NIBBLES / HALF];
    let from = symbols.as_chunks::<2>().0.iter();
    let from = from.zip(nibbles.as_chunks::<HALF>().0);
    for (to, (symbols, nibbles)) in fifths.iter_mut().zip(from) {
        let [lower, upper] = symbols.each_ref().map(|symbols| load_bytes(symbols));
        // Symbols are below 16: what a hostile frame has above that is cut off as plain code does it.
        let lower = _mm512_and_si512(lower, _mm512_set1_epi8(15));
        let upper = _mm512_andnot_si512(_mm512_set1_epi8(15), _mm512_slli_epi16::<4>(upper));
        *to = sum_of_three(lower, upper, fourths(nibbles));
    }
    HEAD_LACES
        .each_ref()
        .map(|lace| lace.vector(&fifths, &[scales]))
}

/// By vector of nibbles, the bits of a byte that become bytes of their own, each at its place: the fourth bits of both
/// nibbles.
const FOURTHS: [i64; HALF] = {
    let (mut all, mut vector) = ([0; HALF], 0);
    while vector < HALF {
        all[vector] = 0x8008 << (16 * vector);
        vector += 1;
    }
    all
};
const REVERSED: i64 = matrix([0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1]);
/// Of each block, in order: the bits of the lower nibbles of its first and second 8 bytes, then of the upper ones.
const ORDER: [u8; LEN] = {
    let (mut order, mut at) = ([0; LEN], 0);
    while at < LEN {
        let (block, upper, half) = (at / 4, at / 2 % 2, at % 2);
        order[at] = (8 * (2 * (block % 4) + half) + 2 * (block / 4) + upper) as u8;
        at += 1;
    }
    order
};

/// The fourth bits of the nibbles of 16 blocks, as those have fifth bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
fn fourths(nibbles: &[__m512i; HALF]) -> __m512i {
    // Eight bytes are the matrix: of each the bit becomes one of a byte, those of the first the highest.
    let each: [__m512i; HALF] = std::array::from_fn(|vector| {
        let bits = _mm512_set1_epi64(FOURTHS[vector]);
        _mm512_gf2p8affine_epi64_epi8::<0>(bits, nibbles[vector])
    });
    let [a, b, c, d] = each;
    let all = _mm512_xor_si512(sum_of_three(a, b, c), d);
    _mm512_permutexvar_epi8(load_bytes(&ORDER), times(all, REVERSED))
}
