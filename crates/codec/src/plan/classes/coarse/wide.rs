//! The AVX-512 kernels: the costs of 64 symbols in a class are looked up at once, in a table that stays
//! in a register.

use std::arch::x86_64::*;

use super::{BINS, MAX_CLASSES, SHIFT, least};
use crate::coder::vectors::{Wide, load_bytes, load_words, store_words};

/// Symbols of a vector.
const LEN: usize = 64;

type Tables = [[u8; BINS]; MAX_CLASSES];

/// As its plain twin.
pub(super) fn add_row_costs(
    _: Wide,
    costs: &Tables,
    symbols: &[u8],
    sums: &mut [u32; MAX_CLASSES],
) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        add_row(costs, symbols, sums);
    }
}

/// What columns cost, class by class: each has a run of words, 4 in each of 64 bits.
pub(super) struct Sums<'a> {
    machine: Wide,
    costs: &'a Tables,
    columns: usize,
    /// By block of 64 columns, then class.
    sums: Vec<[[u64; LEN / 4]; MAX_CLASSES]>,
}

impl Sums<'_> {
    pub(super) fn new(machine: Wide, costs: &Tables, columns: usize) -> Sums<'_> {
        Sums {
            machine,
            costs,
            columns,
            sums: vec![[[0; LEN / 4]; MAX_CLASSES]; columns.div_ceil(LEN)],
        }
    }

    pub(super) fn add(&mut self, first: usize, symbols: &[u8]) {
        let _: Wide = self.machine;
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            add_columns(self.costs, first, symbols, &mut self.sums);
        }
    }

    pub(super) fn cheapest(&self) -> Vec<u8> {
        let cheapest = |column: usize| {
            let block = &self.sums[column / LEN];
            let word = |class: usize| {
                let column = column % LEN;
                (block[class][column / 4] >> (16 * (column % 4))) as u16
            };
            least(&std::array::from_fn(word))
        };
        (0..self.columns).map(cheapest).collect()
    }
}

/// The table of each class, in a register.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(costs: &Tables) -> [__m512i; MAX_CLASSES] {
    let mut tables = [_mm512_setzero_si512(); MAX_CLASSES];
    for (table, costs) in tables.iter_mut().zip(costs) {
        *table = load_bytes(costs);
    }
    tables
}

/// The bins of symbols. What the shift brings from a neighbour is not looked at by those who look up.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn bins(symbols: &[u8; LEN]) -> __m512i {
    _mm512_srli_epi16::<SHIFT>(load_bytes(symbols))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn add_row(costs: &Tables, symbols: &[u8], sums: &mut [u32; MAX_CLASSES]) {
    let tables = load(costs);
    let zero = _mm512_setzero_si512();
    let mut totals = [zero; MAX_CLASSES];
    let (whole, rest) = symbols.as_chunks::<LEN>();
    for symbols in whole {
        let bins = bins(symbols);
        for class in 0..MAX_CLASSES {
            let costs = _mm512_permutexvar_epi8(bins, tables[class]);
            totals[class] = _mm512_add_epi64(totals[class], _mm512_sad_epu8(costs, zero));
        }
    }
    let mut last = [0; LEN];
    last[..rest.len()].copy_from_slice(rest);
    let present = (1 << rest.len()) - 1;
    for class in 0..MAX_CLASSES {
        let costs = _mm512_maskz_permutexvar_epi8(present, bins(&last), tables[class]);
        let total = _mm512_add_epi64(totals[class], _mm512_sad_epu8(costs, zero));
        sums[class] += _mm512_reduce_add_epi64(total) as u32;
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn add_columns(
    costs: &Tables,
    first: usize,
    symbols: &[u8],
    sums: &mut [[[u64; LEN / 4]; MAX_CLASSES]],
) {
    let tables = load(costs);
    let mut at = first;
    let mut rest = symbols;
    while !rest.is_empty() {
        // A row may begin within a block, and end within one.
        let skip = at % LEN;
        let len = rest.len().min(LEN - skip);
        let (own, after) = rest.split_at(len);
        let sums = &mut sums[at / LEN];
        match own.first_chunk() {
            Some(own) => add_block(&tables, bins(own), u64::MAX, sums),
            None => {
                let mut block = [0; LEN];
                block[skip..skip + len].copy_from_slice(own);
                let present = ((1 << len) - 1) << skip;
                add_block(&tables, bins(&block), present, sums);
            }
        }
        (rest, at) = (after, at + len);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn add_block(
    tables: &[__m512i; MAX_CLASSES],
    bins: __m512i,
    present: u64,
    sums: &mut [[u64; LEN / 4]; MAX_CLASSES],
) {
    for class in 0..MAX_CLASSES {
        let costs = _mm512_maskz_permutexvar_epi8(present, bins, tables[class]);
        let halves = [
            _mm512_castsi512_si256(costs),
            _mm512_extracti64x4_epi64::<1>(costs),
        ];
        let words = sums[class].as_chunks_mut::<8>().0;
        for (words, half) in words.iter_mut().zip(halves) {
            let sum = _mm512_add_epi16(load_words(words), _mm512_cvtepu8_epi16(half));
            store_words(sum, words);
        }
    }
}
