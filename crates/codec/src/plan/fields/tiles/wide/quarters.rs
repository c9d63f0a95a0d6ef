//! Signed bytes whose two top bits, without the sign, are symbols that stay planes.

use std::arch::x86_64::*;

use super::super::Parts;
use super::{Groups, LEN, Tile, fetch, load_halves, whole};
use crate::coder::levels::quarters::Bits;
use crate::coder::rows::{ROWS, WORDS};
use crate::coder::vectors::{
    Rows, VECTORS, Wide, load_bytes, load_half, load_words, matrix, store_bytes, store_words,
    sum_of_three, times,
};
use crate::plan::fields::lace::{Lace, laces};

/// Vectors of the quants of a group, whose scales are a vector.
const QUANTS: usize = 16;
/// Those of a row of symbols.
const OF_ROW: usize = QUANTS / 2;
/// Bytes of a block.
const UNIT: usize = 34;
const LACES: [Lace; 17] = laces(UNIT, 2);

/// The lower bits of two rows of quants and their scales.
pub(super) struct Quarters<'a> {
    low: &'a [[[u8; LEN]; 12]],
    scales: &'a [[u16; 32]],
}

impl<'a> Groups<'a, QUANTS, 1> for Quarters<'a> {
    const LACES: &'static [Lace] = &LACES;
    const OF_ROW: usize = 1;
    const OF_TILE: usize = ROWS / 2;

    fn new(parts: &Parts<'a>, groups: usize) -> Option<Self> {
        Some(Quarters {
            low: whole(parts.low.as_chunks().0, groups)?,
            scales: whole(parts.halves[0], groups)?,
        })
    }

    /// Of each row the upper bits of its symbols, and then the lower ones.
    #[inline(always)]
    fn group(
        &self,
        _: Wide,
        number: usize,
        bits: &[[u8; LEN]],
    ) -> ([__m512i; QUANTS], [__m512i; 1]) {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            fetch(&self.low[number]);
            let quants = quants(bits, &self.low[number]);
            (quants, [load_halves(&self.scales[number])])
        }
    }
}

impl<'a> Tile<'a, Quarters<'a>, QUANTS, 1> {
    /// Puts the blocks of a tile of which there are all levels, from the last on.
    pub(super) fn put_planes(&mut self, machine: Wide, planes: &[[u64; WORDS]; 3]) {
        for number in 0..ROWS / 2 {
            // SAFETY: a `Wide` exists only where there are the features.
            #[allow(unsafe_code)]
            let bits = unsafe { bits(planes, 2 * number) };
            self.rows(machine, number, &[bits]);
        }
    }
}

/// The upper bits of a row's symbols and the lower ones, and then those of the next.
#[inline]
#[target_feature(enable = "avx512f")]
fn bits([last, middle, first]: &[[u64; WORDS]; 3], row: usize) -> [[u8; LEN]; VECTORS] {
    let mut bits = [[0; LEN]; VECTORS];
    for (row, to) in (row..row + 2).zip(bits.as_chunks_mut::<2>().0) {
        let [last, middle, first] =
            [last, middle, first].map(|plane| load_words(&plane.as_chunks().0[row]));
        // Of 1 the first is a one alone; of 2 the first two are, and of 3 all.
        store_bytes(middle, &mut to[0]);
        store_bytes(sum_of_three(first, middle, last), &mut to[1]);
    }
    bits
}

/// Of a folded byte, whose lowest bit is the sign, six bits: those of the magnitude, each XOR the sign.
const UNFOLDED: i64 = matrix([3, 5, 9, 0x11, 0x21, 1, 1, 1]);
/// The same of the byte that others have in their two top bits.
const UNFOLDED_OF: [i64; 3] = [
    matrix([0xc0, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40]),
    matrix([0, 0x40, 0x80, 0, 0, 0, 0, 0]),
    matrix([0, 0, 0, 0x40, 0x80, 0, 0, 0]),
];
/// A bit of each byte, as the upper or the lower of a symbol.
const UPPER_BITS: [i64; OF_ROW] = bits_to(6);
const LOWER_BITS: [i64; OF_ROW] = bits_to(5);

const fn bits_to(place: usize) -> [i64; OF_ROW] {
    let (mut all, mut t) = ([0; OF_ROW], 0);
    while t < OF_ROW {
        let mut sums = [0; 8];
        sums[place] = 1 << t;
        all[t] = matrix(sums);
        t += 1;
    }
    all
}

/// As the plain twin of its shape, and unfolded: all of that are sums modulo 2.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn quants(bits: &[[u8; LEN]], low: &[[u8; LEN]; 12]) -> [__m512i; QUANTS] {
    let mut quants = [_mm512_setzero_si512(); QUANTS];
    let rows = quants.as_chunks_mut::<OF_ROW>().0.iter_mut();
    let from = bits.as_chunks::<2>().0.iter().zip(low.as_chunks::<6>().0);
    for (to, (bits, low)) in rows.zip(from) {
        let [upper, lower] = [load_bytes(&bits[0]), load_bytes(&bits[1])];
        let four = to.as_chunks_mut::<4>().0.iter_mut().enumerate();
        for ((half, to), low) in four.zip(low.as_chunks::<3>().0) {
            let low = low.each_ref().map(|low| load_bytes(low));
            let top = |place: usize| {
                let t = 4 * half + place;
                [times(upper, UPPER_BITS[t]), times(lower, LOWER_BITS[t])]
            };
            for place in 0..3 {
                let [upper, lower] = top(place);
                to[place] = sum_of_three(times(low[place], UNFOLDED), upper, lower);
            }
            let [upper, lower] = top(3);
            let [a, b, c] = [0, 1, 2].map(|place| times(low[place], UNFOLDED_OF[place]));
            to[3] = sum_of_three(sum_of_three(a, b, c), upper, lower);
        }
    }
    quants
}

/// Of a quant what is stored of its folded byte.
const FOLDED: i64 = matrix([0x80, 0x81, 0x82, 0x84, 0x88, 0x90, 0, 0]);
/// The same, two bits for each of three others.
const FOLDED_TO: [i64; 3] = [
    matrix([0, 0, 0, 0, 0, 0, 0x80, 0x81]),
    matrix([0, 0, 0, 0, 0, 0, 0x82, 0x84]),
    matrix([0, 0, 0, 0, 0, 0, 0x88, 0x90]),
];
/// The upper and the lower bit of its symbol, as a bit of its place.
const TO_UPPER: [i64; OF_ROW] = bits_from(0xc0);
const TO_LOWER: [i64; OF_ROW] = bits_from(0xa0);

const fn bits_from(sum: u8) -> [i64; OF_ROW] {
    let (mut all, mut t) = ([0; OF_ROW], 0);
    while t < OF_ROW {
        let mut sums = [0; 8];
        sums[t] = sum;
        all[t] = matrix(sums);
        t += 1;
    }
    all
}

/// Takes the quants of a tile of blocks; nothing if they are not a whole one.
pub(in crate::plan::fields::tiles) fn take_quarters(
    _: Wide,
    blocks: &[u8],
    low: &mut [u8],
    bits: &mut Bits,
) -> bool {
    let groups = blocks.as_chunks::<{ 2 * UNIT }>().0.as_chunks::<OF_ROW>().0;
    let low = low.as_chunks_mut().0.as_chunks_mut::<6>().0;
    if groups.len() != ROWS || low.len() != ROWS {
        return false;
    }
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        take_rows(groups, low, bits);
    }
    true
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,gfni")]
fn take_rows(
    rows: &[[[u8; 2 * UNIT]; OF_ROW]],
    low: &mut [[[u8; LEN]; 6]],
    [upper, lower]: &mut Bits,
) {
    let bits = upper.as_chunks_mut().0.iter_mut();
    let bits = bits.zip(lower.as_chunks_mut().0);
    for ((blocks, low), (upper, lower)) in rows.iter().zip(low).zip(bits) {
        let quants = blocks.each_ref().map(|blocks| two(blocks));
        let sum = |matrices: &[i64; OF_ROW]| {
            let each: [__m512i; OF_ROW] = std::array::from_fn(|t| times(quants[t], matrices[t]));
            let [a, b, c, d, e, f, g, h] = each;
            let most = sum_of_three(sum_of_three(a, b, c), sum_of_three(d, e, f), g);
            _mm512_xor_si512(most, h)
        };
        store_words(sum(&TO_UPPER), upper);
        store_words(sum(&TO_LOWER), lower);
        let four = quants.as_chunks::<4>().0.iter();
        for (quants, low) in four.zip(low.as_chunks_mut::<3>().0) {
            for (place, to) in low.iter_mut().enumerate() {
                let own = times(quants[place], FOLDED);
                let more = times(quants[3], FOLDED_TO[place]);
                store_bytes(_mm512_or_si512(own, more), to);
            }
        }
    }
}

/// The quants of two blocks.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn two(blocks: &[u8; 2 * UNIT]) -> __m512i {
    let [first, second] = blocks.as_chunks::<UNIT>().0 else {
        return _mm512_setzero_si512();
    };
    let (Some(first), Some(second)) = (first.last_chunk(), second.last_chunk()) else {
        return _mm512_setzero_si512();
    };
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(load_half(first)), load_half(second))
}
