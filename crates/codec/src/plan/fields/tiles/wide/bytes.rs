//! Signed bytes.

use std::arch::x86_64::*;

use super::super::Parts;
use super::{CHOOSE, Groups, LEN, MASKED, fetch, load_halves, whole};
use crate::coder::vectors::{Wide, load_bytes};
use crate::plan::fields::lace::{Lace, laces};

/// Vectors of the quants of a group, whose scales are a vector.
const QUANTS: usize = 16;
const LACES: [Lace; 17] = laces(34, 2);

/// The two top bits of two bytes are a symbol, the lowest one is the sign.
pub(super) struct Folded<'a> {
    low: &'a [[[u8; LEN]; 12]],
    scales: &'a [[u16; 32]],
}

impl<'a> Groups<'a, QUANTS, 1> for Folded<'a> {
    const LACES: &'static [Lace] = &LACES;
    const OF_ROW: usize = 1;

    fn new(parts: &Parts<'a>, groups: usize) -> Option<Self> {
        Some(Folded {
            low: whole(parts.low.as_chunks().0, groups)?,
            scales: whole(parts.halves[0], groups)?,
        })
    }

    #[inline(always)]
    fn group(
        &self,
        _: Wide,
        number: usize,
        symbols: &[[u8; LEN]],
    ) -> ([__m512i; QUANTS], [__m512i; 1]) {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            fetch(&self.low[number]);
            let quants = folded(symbols, &self.low[number]);
            (quants, [load_halves(&self.scales[number])])
        }
    }
}

/// As the plain twin of its shape, and unfolded.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn folded(symbols: &[[u8; LEN]], low: &[[u8; LEN]]) -> [__m512i; QUANTS] {
    let mut quants = [_mm512_setzero_si512(); QUANTS];
    let top = _mm512_set1_epi8(0xc0u8 as i8);
    let masks = [0x03, 0x0f, 0x3f].map(|mask| _mm512_set1_epi8(mask));
    let from = symbols
        .as_chunks::<2>()
        .0
        .iter()
        .zip(low.as_chunks::<3>().0);
    for (to, (symbols, low)) in quants.as_chunks_mut::<4>().0.iter_mut().zip(from) {
        let [first, second] = [load_bytes(&symbols[0]), load_bytes(&symbols[1])];
        let [a, b, c] = [
            load_bytes(&low[0]),
            load_bytes(&low[1]),
            load_bytes(&low[2]),
        ];
        let own = |top_bits, low| _mm512_ternarylogic_epi64::<CHOOSE>(top, top_bits, low);
        let d = _mm512_slli_epi16::<2>(second);
        let d = _mm512_ternarylogic_epi64::<CHOOSE>(masks[2], _mm512_srli_epi16::<2>(c), d);
        let d = _mm512_ternarylogic_epi64::<CHOOSE>(masks[1], _mm512_srli_epi16::<4>(b), d);
        let d = _mm512_ternarylogic_epi64::<CHOOSE>(masks[0], _mm512_srli_epi16::<6>(a), d);
        *to = [
            own(first, a),
            own(_mm512_slli_epi16::<2>(first), b),
            own(second, c),
            d,
        ]
        .map(|folded| unfolded(folded));
    }
    quants
}

/// Numbers whose sign was the lowest bit.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn unfolded(folded: __m512i) -> __m512i {
    let signs = _mm512_sub_epi8(
        _mm512_setzero_si512(),
        _mm512_and_si512(folded, _mm512_set1_epi8(1)),
    );
    let below = _mm512_set1_epi8(0x7f);
    _mm512_ternarylogic_epi64::<MASKED>(below, _mm512_srli_epi16::<1>(folded), signs)
}
