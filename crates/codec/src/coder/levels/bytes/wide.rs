//! The AVX-512 kernels: 64 symbols at once, looked up in tables that stay in registers.

use std::arch::x86_64::*;

use super::super::literals::WIDE;
use super::super::reader::Literals as Read;
use super::super::spec::Shape;
use super::super::{LEVELS, Plane, ROW, ROWS};
use crate::coder::vectors::{Rows, VECTORS, Wide, load_bytes, load_table, load_words, store_bytes};

/// A tile of words as planes, of which those beyond its bits are zeros, and what makes bytes of them.
pub(in crate::coder::levels) struct Words<'a> {
    pub shape: &'a Shape,
    pub bytes: &'a [u8; 256],
    pub planes: &'a [Plane; LEVELS],
    pub literals: &'a mut Read,
}

/// As its plain twin, for so many rows of several planes' tiles side by side, to wherever they go.
pub(in crate::coder::levels) fn from_planes<const N: usize>(
    machine: Wide,
    words: [Words<'_>; N],
    rows: usize,
    out: &mut impl Rows<N>,
) -> Option<()> {
    let bits = words.iter().map(|words| words.shape.bits()).max();
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        match bits {
            Some(..=6) => from_planes_wide::<6, N>(machine, words, rows, out),
            Some(7) => from_planes_wide::<7, N>(machine, words, rows, out),
            _ => from_planes_wide::<8, N>(machine, words, rows, out),
        }
    }
}

/// The symbols of a tile, or as many of its first ones as there are.
pub(super) struct Symbols<'a>(pub &'a mut [u8]);

impl Rows<1> for Symbols<'_> {
    #[inline(always)]
    fn rows(&mut self, _: Wide, row: usize, [symbols]: &[[[u8; WIDE]; VECTORS]; 1]) {
        let (to, symbols) = (&mut self.0[row * ROW..], symbols.as_flattened());
        match to.first_chunk_mut::<ROW>() {
            Some(to) => to.copy_from_slice(symbols),
            None => to.copy_from_slice(&symbols[..to.len()]),
        }
    }
}

/// By tables of 2^BITS words.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt"
)]
fn from_planes_wide<const BITS: u32, const N: usize>(
    machine: Wide,
    mut words: [Words<'_>; N],
    rows: usize,
    out: &mut impl Rows<N>,
) -> Option<()> {
    let mut symbols = [[[0; WIDE]; VECTORS]; N];
    for row in 0..rows {
        for (symbols, words) in symbols.iter_mut().zip(&mut words) {
            read_row::<BITS>(words, row, symbols)?;
        }
        out.rows(machine, row, &symbols);
    }
    Some(())
}

/// The symbols of a row.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt"
)]
fn read_row<const BITS: u32>(
    words: &mut Words<'_>,
    row: usize,
    out: &mut [[u8; WIDE]; VECTORS],
) -> Option<()> {
    let Words { shape, bytes, .. } = words;
    let table = load_table(bytes);
    let code_bits = _mm512_set1_epi8(shape.code_bits as i8);
    let escape = _mm512_set1_epi8(shape.escape.unwrap_or_default() as i8);
    let any = if shape.escape.is_some() { u64::MAX } else { 0 };
    // There are zeros after the last, as many as a tile has symbols.
    let literals = words.literals.bytes.get(words.literals.at..)?;
    let literals = literals.first_chunk::<{ ROW + WIDE }>()?;
    let mut at = 0;
    let planes = words.planes.each_ref();
    let rows = transpose(planes.map(|plane| load_words(&plane.as_chunks::<8>().0[row % ROWS])));
    for (own, to) in rows.iter().zip(out) {
        let code = _mm512_and_si512(*own, code_bits);
        let escapes = _mm512_cmpeq_epi8_mask(code, escape) & any;
        // Those before are fewer than a row: no remainder is taken, but a bound seen.
        let next = literals[at % ROW..].first_chunk::<WIDE>()?;
        let next = _mm512_maskz_expand_epi8(escapes, load_bytes(next));
        store_bytes(_mm512_or_si512(look_up::<BITS>(&table, *own), next), to);
        at += escapes.count_ones() as usize;
    }
    words.literals.at += at;
    Some(())
}

/// The table's entries for bytes, which have so many bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(in crate::coder::levels) fn look_up<const BITS: u32>(
    table: &[__m512i; 4],
    bytes: __m512i,
) -> __m512i {
    match BITS {
        ..=6 => _mm512_permutexvar_epi8(bytes, table[0]),
        7 => _mm512_permutex2var_epi8(table[0], bytes, table[1]),
        _ => {
            let below = _mm512_permutex2var_epi8(table[0], bytes, table[1]);
            let above = _mm512_permutex2var_epi8(table[2], bytes, table[3]);
            _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), below, above)
        }
    }
}

/// Row `p` of the result has bit `p` of all bytes: its bit `t` of byte `b` is that of byte `b` of row `t`. Its own
/// inverse.
#[inline]
#[target_feature(enable = "avx512f")]
pub(in crate::coder::levels) fn transpose(rows: [__m512i; 8]) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let nibbles = _mm512_set1_epi8(0x0f);
    let ([a, e], [b, f]) = (exchange::<4>(a, e, nibbles), exchange::<4>(b, f, nibbles));
    let ([c, g], [d, h]) = (exchange::<4>(c, g, nibbles), exchange::<4>(d, h, nibbles));
    let pairs = _mm512_set1_epi8(0x33);
    let ([a, c], [b, d]) = (exchange::<2>(a, c, pairs), exchange::<2>(b, d, pairs));
    let ([e, g], [f, h]) = (exchange::<2>(e, g, pairs), exchange::<2>(f, h, pairs));
    let even = _mm512_set1_epi8(0x55);
    let ([a, b], [c, d]) = (exchange::<1>(a, b, even), exchange::<1>(c, d, even));
    let ([e, f], [g, h]) = (exchange::<1>(e, f, even), exchange::<1>(g, h, even));
    [a, b, c, d, e, f, g, h]
}

/// The bits of `a` under the mask, followed by those of `b`; and the others of both.
#[inline]
#[target_feature(enable = "avx512f")]
fn exchange<const SHIFT: u32>(a: __m512i, b: __m512i, mask: __m512i) -> [__m512i; 2] {
    // By bits: the first where the mask has ones, else the second.
    const CHOOSE: i32 = 0xca;
    let (up, down) = (_mm512_slli_epi64::<SHIFT>(b), _mm512_srli_epi64::<SHIFT>(a));
    [
        _mm512_ternarylogic_epi64::<CHOOSE>(mask, a, up),
        _mm512_ternarylogic_epi64::<CHOOSE>(mask, down, b),
    ]
}
