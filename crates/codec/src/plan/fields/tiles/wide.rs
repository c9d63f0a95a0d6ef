//! The AVX-512 kernel that makes blocks of signed bytes while their symbols are decoded, and takes them into their
//! check.

use std::arch::x86_64::*;

use super::super::lace::Lace;
use super::super::shape::Shape;
use super::Parts;
use crate::Error;
use crate::check::Check;
use crate::coder::levels;
use crate::coder::rows::{ROW, TILE};
use crate::coder::vectors::{
    Rows, VECTORS, Wide, load_bytes, load_words, store_bytes, store_words,
};
use crate::planes::absorb;

/// Bytes of a vector.
const LEN: usize = 64;
/// Bytes of a block, and of its quants.
const UNIT: usize = 34;
const BYTES: usize = 32;
/// Blocks of which the scales are a vector, the vectors of their quants, and those of all.
const BLOCKS: usize = LEN / 2;
const QUANTS: usize = BLOCKS * BYTES / LEN;
const OUT: usize = BLOCKS * UNIT / LEN;
const LACE: Lace<OUT> = Lace::new(UNIT, 2);
/// How many vectors ahead memory is brought near.
const AHEAD: usize = 2 * OUT;

/// Puts the blocks of a whole tile of symbols, if there is a kernel for them.
pub(super) fn put(
    machine: Wide,
    parts: &Parts<'_>,
    reader: &mut levels::Reader<'_>,
    blocks: &mut [u8],
    check: Option<&mut Check>,
) -> Option<Result<(), Error>> {
    if parts.kind.unit != UNIT {
        return None;
    }
    match parts.shape {
        Shape::TopOfBytes => {
            let units = Units::<1>::new(parts, blocks, check)?;
            Some(levels::Reader::rows([reader], machine, units))
        }
        Shape::TopOfFours => {
            let units = Units::<2>::new(parts, blocks, check)?;
            Some(levels::Reader::rows([reader], machine, units))
        }
        _ => None,
    }
}

/// Where the blocks of a tile go, of which a row of symbols has so many groups, and what they have beside symbols.
struct Units<'a, const GROUPS: usize> {
    low: &'a [[u8; LEN]],
    scales: &'a [[u16; BLOCKS]],
    out: &'a mut [[u8; LEN]],
    check: Option<&'a mut Check>,
    /// Whether the check's products are as fast in vectors as one by one.
    sums: bool,
}

impl<'a, const GROUPS: usize> Units<'a, GROUPS> {
    /// Vectors of lower bits that a group has.
    const LOW: usize = if GROUPS == 1 { 12 } else { 14 };

    /// Nothing if they are no whole tile.
    fn new(
        parts: &Parts<'a>,
        blocks: &'a mut [u8],
        check: Option<&'a mut Check>,
    ) -> Option<Units<'a, GROUPS>> {
        let groups = TILE / ROW * GROUPS;
        let lens = [
            (blocks.len(), groups * OUT * LEN),
            (parts.low.len(), groups * Self::LOW * LEN),
            (parts.halves[0].len(), groups * BLOCKS),
        ];
        let is_whole = lens.iter().all(|(len, whole)| len == whole);
        is_whole.then(|| Units {
            low: parts.low.as_chunks().0,
            scales: parts.halves[0].as_chunks().0,
            out: blocks.as_chunks_mut().0,
            check,
            sums: crate::cpu::multiplies_wide(),
        })
    }
}

impl<const GROUPS: usize> Rows<1> for Units<'_, GROUPS> {
    #[inline(always)]
    fn rows(&mut self, _: Wide, row: usize, [symbols]: &[[[u8; LEN]; VECTORS]; 1]) {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            self.put_row(row, symbols);
        }
    }
}

impl<const GROUPS: usize> Units<'_, GROUPS> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
    fn put_row(&mut self, row: usize, symbols: &[[u8; LEN]; VECTORS]) {
        let mut sums = match &mut self.check {
            Some(check) => load_words(check.lanes()),
            None => _mm512_setzero_si512(),
        };
        for (group, symbols) in symbols.chunks_exact(VECTORS / GROUPS).enumerate() {
            let group = GROUPS * row + group;
            let low = &self.low[group * Self::LOW..][..Self::LOW];
            let quants = match GROUPS {
                1 => folded(symbols, low),
                _ => marked(symbols, low),
            };
            let scales = load_scales(&self.scales[group]);
            let to = &mut self.out[group * OUT..][..OUT];
            for (number, to) in to.iter_mut().enumerate() {
                let vector = LACE.vector(number, &quants, scales);
                _mm_prefetch::<_MM_HINT_ET0>(to.as_ptr().wrapping_add(AHEAD * LEN).cast());
                store_bytes(vector, to);
                sums = absorb(sums, vector);
            }
        }
        let (first, count) = (GROUPS * row * OUT, GROUPS * OUT);
        match &mut self.check {
            Some(check) if self.sums => {
                store_words(sums, check.lanes());
                check.took(count);
            }
            Some(check) => check.absorb(self.out[first..][..count].as_flattened()),
            None => {}
        }
    }
}

/// The first where a mask has ones, else the second, by bits.
const CHOOSE: i32 = 0xca;

/// As the plain twin of [`Shape::TopOfBytes`], and unfolded.
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
    // By bits: the second XOR the third, of the second those under the first.
    const MASKED: i32 = 0x6a;
    let signs = _mm512_sub_epi8(
        _mm512_setzero_si512(),
        _mm512_and_si512(folded, _mm512_set1_epi8(1)),
    );
    let below = _mm512_set1_epi8(0x7f);
    _mm512_ternarylogic_epi64::<MASKED>(below, _mm512_srli_epi16::<1>(folded), signs)
}

/// As the plain twin of [`Shape::TopOfFours`], with the bits that are marked.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn marked(symbols: &[[u8; LEN]], low: &[[u8; LEN]]) -> [__m512i; QUANTS] {
    let mut quants = [_mm512_setzero_si512(); QUANTS];
    let from = symbols
        .as_chunks::<2>()
        .0
        .iter()
        .zip(low.as_chunks::<7>().0);
    for (to, (symbols, low)) in quants.as_chunks_mut::<8>().0.iter_mut().zip(from) {
        let [first, second] = [load_bytes(&symbols[0]), load_bytes(&symbols[1])];
        let low = low.each_ref().map(|low| load_bytes(low));
        let last = eighth(&low);
        let [a, b, c, d, e, f, g] = low;
        *to = [
            marks(a, _mm512_slli_epi16::<4>(first)),
            marks(b, _mm512_slli_epi16::<5>(first)),
            marks(c, _mm512_slli_epi16::<6>(first)),
            marks(d, _mm512_slli_epi16::<7>(first)),
            marks(e, _mm512_slli_epi16::<4>(second)),
            marks(f, _mm512_slli_epi16::<5>(second)),
            marks(g, _mm512_slli_epi16::<6>(second)),
            marks(last, _mm512_slli_epi16::<7>(second)),
        ];
    }
    quants
}

/// The highest bit from the next one and from what says whether they differ.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn marks(low: __m512i, differ: __m512i) -> __m512i {
    let highest = _mm512_xor_si512(_mm512_add_epi8(low, low), differ);
    _mm512_ternarylogic_epi64::<CHOOSE>(_mm512_set1_epi8(0x7f), low, highest)
}

/// What the highest bits of seven are the lower ones of.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn eighth([a, b, c, d, e, f, g]: &[__m512i; 7]) -> __m512i {
    let up_to = |bit: u32, own, rest| {
        let mask = _mm512_set1_epi8(((2u32 << bit) - 1) as i8);
        _mm512_ternarylogic_epi64::<CHOOSE>(mask, own, rest)
    };
    let last = _mm512_srli_epi16::<1>(*g);
    let last = up_to(5, _mm512_srli_epi16::<2>(*f), last);
    let last = up_to(4, _mm512_srli_epi16::<3>(*e), last);
    let last = up_to(3, _mm512_srli_epi16::<4>(*d), last);
    let last = up_to(2, _mm512_srli_epi16::<5>(*c), last);
    let last = up_to(1, _mm512_srli_epi16::<6>(*b), last);
    up_to(0, _mm512_srli_epi16::<7>(*a), last)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_scales(scales: &[u16; BLOCKS]) -> __m512i {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(scales.as_ptr().cast())
    }
}
