//! Coarse histograms of rows and columns, and classes of them: those are put together that are cheap
//! to code together.

mod costs;
mod means;
#[cfg(target_arch = "x86_64")]
mod wide;

use super::MAX_CLASSES;
use crate::plan::rows::Rows;
use costs::MOST_ROWS;

/// Four neighbouring symbols share a bin.
const SHIFT: u32 = 2;
/// Bins of a histogram.
pub(super) const BINS: usize = 256 >> SHIFT;
/// Rows or columns of which the classes are made; the others are only put into them.
const SAMPLE: std::ops::RangeInclusive<usize> = 128..=512;
/// Of so many elements there is one row more in it, and one column.
const PER_SAMPLE: usize = 1 << 12;
/// Elements of a row or column that are looked at when classes are made, at least where it is short.
const DEPTH: usize = 512;
/// Elements of a row by which it is put into a class.
const MOST: usize = 1 << 16;

pub(super) type Bins = [f32; BINS];

#[inline(always)]
fn bin(symbol: u8) -> usize {
    usize::from(symbol >> SHIFT)
}

/// A histogram's bins of its symbols.
pub(super) fn bins(counts: &[u32; 256]) -> Bins {
    let fours = counts.as_chunks::<{ 1 << SHIFT }>().0;
    std::array::from_fn(|i| fours[i].iter().sum::<u32>() as f32)
}

/// Of how many rows, and of how many columns, classes are made.
fn sample_len(symbols: &[u8]) -> usize {
    (symbols.len() / PER_SAMPLE).clamp(*SAMPLE.start(), *SAMPLE.end())
}

/// Each row's class.
pub(super) fn row_classes(symbols: &[u8], rows: Rows) -> Vec<u8> {
    let step = rows.count(symbols.len()).div_ceil(sample_len(symbols));
    let mut sample = Vec::with_capacity(sample_len(symbols));
    each_row(symbols, rows, step, |_, own| {
        sample.push(histogram(&own[..own.len().min(DEPTH)]));
    });
    let costs = means::costs(&sample);
    let mut classes = Vec::with_capacity(rows.count(symbols.len()));
    each_row(symbols, rows, 1, |_, own| {
        classes.push(costs.of_row(&own[..own.len().min(MOST)]));
    });
    classes
}

/// Each column's class.
pub(super) fn column_classes(symbols: &[u8], rows: Rows) -> Vec<u8> {
    let number = rows.count(symbols.len());
    let across = rows.len().div_ceil(sample_len(symbols));
    let mut sample = vec![[0u16; BINS]; rows.len().div_ceil(across)];
    each_row(symbols, rows, number.div_ceil(DEPTH), |first, own| {
        let skip = first.next_multiple_of(across) - first;
        let bins = &mut sample[(first + skip) / across..];
        for (symbol, bins) in own.iter().skip(skip).step_by(across).zip(bins) {
            bins[bin(*symbol)] += 1;
        }
    });
    let mut floats = vec![[0.0; BINS]; sample.len()];
    for (to, from) in floats
        .as_flattened_mut()
        .iter_mut()
        .zip(sample.as_flattened())
    {
        *to = f32::from(*from);
    }
    let costs = means::costs(&floats);
    let mut sums = costs.sums(rows.len());
    each_row(symbols, rows, number.div_ceil(MOST_ROWS), |first, own| {
        sums.add(first, own);
    });
    sums.cheapest()
}

/// Calls back for every so many rows, with the first element's column.
fn each_row(symbols: &[u8], rows: Rows, step: usize, mut each: impl FnMut(usize, &[u8])) {
    let mut rest = symbols;
    for run in rows.runs(0, symbols.len()) {
        let (own, after) = rest.split_at(run.len);
        rest = after;
        if run.row % step.max(1) == 0 {
            each(run.column, own);
        }
    }
}

fn histogram(symbols: &[u8]) -> Bins {
    let mut bins = [[0u32; BINS]; 2];
    for pair in symbols.as_chunks::<2>().0 {
        bins[0][bin(pair[0])] += 1;
        bins[1][bin(pair[1])] += 1;
    }
    std::array::from_fn(|i| (bins[0][i] + bins[1][i]) as f32)
}

/// The class that costs least.
fn least<T: PartialOrd + Copy>(sums: &[T; MAX_CLASSES]) -> u8 {
    let mut best = 0;
    for class in 1..MAX_CLASSES {
        if sums[class] < sums[best] {
            best = class;
        }
    }
    best as u8
}
