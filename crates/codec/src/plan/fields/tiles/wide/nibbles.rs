//! Nibbles, which are turned back.

use std::arch::x86_64::*;

use super::super::Parts;
use super::{CHOOSE, Groups, LEN, MASKED, fetch, load_halves};
use crate::coder::vectors::{Wide, load_bytes};
use crate::plan::fields::lace::{Lace, laces};

/// The top bits of the nibbles of two bytes are a symbol. Of blocks that have so many halves.
pub(super) struct Nibbles<'a, const HALVES: usize> {
    low: &'a [[u8; LEN]],
    turns: &'a [u8],
    halves: [&'a [u16]; 2],
}

const SCALES: [Lace; 9] = laces(18, 2);
const WITH_MINIMUMS: [Lace; 5] = laces(20, 4);

impl<'a> Groups<'a, 8, 1> for Nibbles<'a, 1> {
    const LACES: &'static [Lace] = &SCALES;
    const OF_ROW: usize = 2;

    fn new(parts: &Parts<'a>, groups: usize) -> Option<Self> {
        Nibbles::of(parts, 32 * groups)
    }

    #[inline(always)]
    fn group(&self, _: Wide, number: usize, symbols: &[[u8; LEN]]) -> ([__m512i; 8], [__m512i; 1]) {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            (self.quants(number, symbols), [self.scales(number)])
        }
    }
}

impl<'a> Groups<'a, 4, 1> for Nibbles<'a, 2> {
    const LACES: &'static [Lace] = &WITH_MINIMUMS;
    const OF_ROW: usize = 4;

    fn new(parts: &Parts<'a>, groups: usize) -> Option<Self> {
        let own = Nibbles::of(parts, 16 * groups)?;
        (own.halves[1].len() == 16 * groups).then_some(own)
    }

    #[inline(always)]
    fn group(&self, _: Wide, number: usize, symbols: &[[u8; LEN]]) -> ([__m512i; 4], [__m512i; 1]) {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            (self.quants(number, symbols), [self.both(number)])
        }
    }
}

impl<'a, const HALVES: usize> Nibbles<'a, HALVES> {
    /// Nothing if they are not those of so many blocks.
    fn of(parts: &Parts<'a>, blocks: usize) -> Option<Self> {
        let is_whole = parts.low.len() == 12 * blocks
            && parts.turns.len() == blocks
            && parts.halves[0].len() == blocks;
        is_whole.then_some(Nibbles {
            low: parts.low.as_chunks().0,
            turns: parts.turns,
            halves: parts.halves,
        })
    }

    /// The quants of a group.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn quants<const QUANTS: usize>(
        &self,
        number: usize,
        symbols: &[[u8; LEN]],
    ) -> [__m512i; QUANTS] {
        let mut quants = [_mm512_setzero_si512(); QUANTS];
        let tiles = QUANTS / 4;
        let low = self.low[number * tiles * 3..].as_chunks::<3>().0;
        let turns = self.turns[number * tiles * 16..].as_chunks::<16>().0;
        let from = symbols.as_chunks::<2>().0.iter().zip(low).zip(turns);
        for (to, ((symbols, low), turns)) in quants.as_chunks_mut::<4>().0.iter_mut().zip(from) {
            fetch(low);
            *to = four(symbols, low, turns);
        }
        quants
    }

    /// The heads of a group of blocks that have one half.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn scales(&self, number: usize) -> __m512i {
        load_halves(&self.halves[0].as_chunks().0[number])
    }

    /// The heads of a group of blocks that have two.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn both(&self, number: usize) -> __m512i {
        let [scales, minimums] = self
            .halves
            .map(|halves| _mm512_cvtepu16_epi32(load_sixteen(&halves.as_chunks().0[number])));
        _mm512_or_si512(scales, _mm512_slli_epi32::<16>(minimums))
    }
}

/// The quants of 16 blocks, turned back.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn four(symbols: &[[u8; LEN]; 2], low: &[[u8; LEN]; 3], turns: &[u8; 16]) -> [__m512i; 4] {
    const OWN: [[u8; LEN]; 4] = [spread(0), spread(4), spread(8), spread(12)];
    let [first, second] = [load_bytes(&symbols[0]), load_bytes(&symbols[1])];
    let [a, b, c] = [
        load_bytes(&low[0]),
        load_bytes(&low[1]),
        load_bytes(&low[2]),
    ];
    let [mask_a, mask_b] = [0x11, 0x33].map(|mask| _mm512_set1_epi8(mask));
    let d = _mm512_srli_epi16::<1>(c);
    let d = _mm512_ternarylogic_epi64::<CHOOSE>(mask_b, _mm512_srli_epi16::<2>(b), d);
    let d = _mm512_ternarylogic_epi64::<CHOOSE>(mask_a, _mm512_srli_epi16::<3>(a), d);
    let by = back(turns);
    let turned = |low, top, own| turned(low, top, _mm512_shuffle_epi8(by, load_bytes(own)));
    [
        turned(a, first, &OWN[0]),
        turned(b, _mm512_slli_epi16::<1>(first), &OWN[1]),
        turned(c, second, &OWN[2]),
        turned(d, _mm512_slli_epi16::<1>(second), &OWN[3]),
    ]
}

/// Nibbles of lower and of top bits, to which something is added modulo 16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn turned(low: __m512i, top: __m512i, by: __m512i) -> __m512i {
    let mask = _mm512_set1_epi8(0x77);
    let sum = _mm512_add_epi8(_mm512_and_si512(low, mask), _mm512_and_si512(by, mask));
    let tops = _mm512_set1_epi8(0x88u8 as i8);
    _mm512_ternarylogic_epi64::<MASKED>(tops, _mm512_xor_si512(top, by), sum)
}

/// The turns that undo others, four times.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn back(turns: &[u8; 16]) -> __m512i {
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    let by = _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(turns.as_ptr().cast()) });
    let (lower, zero) = (_mm512_set1_epi8(15), _mm512_setzero_si512());
    let low = _mm512_sub_epi8(zero, _mm512_and_si512(by, lower));
    let high = _mm512_sub_epi8(zero, _mm512_andnot_si512(lower, by));
    _mm512_ternarylogic_epi64::<CHOOSE>(lower, low, high)
}

/// Of each of four bytes from one on, its place 16 times.
const fn spread(first: u8) -> [u8; LEN] {
    let (mut places, mut at) = ([0; LEN], 0);
    while at < LEN {
        places[at] = first + (at / 16) as u8;
        at += 1;
    }
    places
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_sixteen(halves: &[u16; 16]) -> __m256i {
    // SAFETY: they are 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_loadu_si256(halves.as_ptr().cast())
    }
}
