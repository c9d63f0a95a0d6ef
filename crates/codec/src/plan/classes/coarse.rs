//! Coarse histograms of rows and columns, and classes of them: those are put together that are cheap
//! to code together (k-means, where the distance is the bits that a code takes).

use super::MAX_CLASSES;
use super::rows::Rows;
use crate::cpu::at_best;

/// Four neighbouring symbols share a bin.
const SHIFT: u32 = 2;
/// Bins of a histogram.
pub(super) const BINS: usize = 256 >> SHIFT;
/// Rows or columns of which the classes are made; the others are only put into them.
const SAMPLE: usize = 512;
/// Elements of a row or column that are looked at when classes are made, at least where it is short.
const DEPTH: usize = 512;
/// Elements of a row by which it is put into a class.
const MOST: usize = 1 << 16;
/// Rows by which a column is put into a class.
const MOST_ROWS: usize = 1024;
const ROUNDS: usize = 6;
/// What a cost of one bit is.
const BIT: f32 = 64.0;

pub(super) type Bins = [f32; BINS];
/// By bin, what it costs in each class.
type Costs = [[u32; MAX_CLASSES]; BINS];

fn bin(symbol: u8) -> usize {
    usize::from(symbol >> SHIFT)
}

/// A histogram's bins of its symbols.
pub(super) fn bins(counts: &[u32; 256]) -> Bins {
    let fours = counts.as_chunks::<{ 1 << SHIFT }>().0;
    std::array::from_fn(|i| fours[i].iter().sum::<u32>() as f32)
}

/// Each row's class.
pub(super) fn row_classes(symbols: &[u8], rows: Rows) -> Vec<u8> {
    let number = rows.count(symbols.len());
    let step = number.div_ceil(SAMPLE).max(1);
    let mut sample = Vec::with_capacity(number.min(SAMPLE));
    let mut rest = symbols;
    for run in rows.runs(0, symbols.len()) {
        let (own, after) = rest.split_at(run.len);
        rest = after;
        if run.row % step == 0 {
            sample.push(histogram(&own[..own.len().min(DEPTH)]));
        }
    }
    let costs = costs(&sample);
    let mut rest = symbols;
    rows.runs(0, symbols.len())
        .map(|run| {
            let (own, after) = rest.split_at(run.len);
            rest = after;
            let mut sums = [0; MAX_CLASSES];
            add_costs(&costs, &own[..own.len().min(MOST)], &mut sums);
            least(&sums)
        })
        .collect()
}

/// Each column's class.
pub(super) fn column_classes(symbols: &[u8], rows: Rows) -> Vec<u8> {
    let number = rows.count(symbols.len());
    let columns = rows.len();
    let across = columns.div_ceil(SAMPLE).max(1);
    let mut sample = vec![[0u16; BINS]; columns.div_ceil(across)];
    each_row(symbols, rows, number.div_ceil(DEPTH), |first, own| {
        let skip = first.next_multiple_of(across) - first;
        let bins = &mut sample[(first + skip) / across..];
        for (symbol, bins) in own.iter().skip(skip).step_by(across).zip(bins) {
            bins[bin(*symbol)] += 1;
        }
    });
    let sample: Vec<Bins> = sample.iter().map(|bins| bins.map(f32::from)).collect();
    let costs = costs(&sample);
    let mut sums = vec![[0; MAX_CLASSES]; columns];
    each_row(symbols, rows, number.div_ceil(MOST_ROWS), |first, own| {
        add_column_costs(&costs, own, &mut sums[first..]);
    });
    sums.iter().map(least).collect()
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
fn least(sums: &[u32; MAX_CLASSES]) -> u8 {
    let mut best = 0;
    for class in 1..MAX_CLASSES {
        if sums[class] < sums[best] {
            best = class;
        }
    }
    best as u8
}

at_best! {
    fn add_costs(costs: &Costs, symbols: &[u8], sums: &mut [u32; MAX_CLASSES]) = add_costs_any
}

#[inline(always)]
fn add_costs_any(costs: &Costs, symbols: &[u8], sums: &mut [u32; MAX_CLASSES]) {
    let mut own = *sums;
    for symbol in symbols {
        let costs = &costs[bin(*symbol)];
        for class in 0..MAX_CLASSES {
            own[class] += costs[class];
        }
    }
    *sums = own;
}

at_best! {
    fn add_column_costs(costs: &Costs, symbols: &[u8], sums: &mut [[u32; MAX_CLASSES]]) = add_column_costs_any
}

#[inline(always)]
fn add_column_costs_any(costs: &Costs, symbols: &[u8], sums: &mut [[u32; MAX_CLASSES]]) {
    for (symbol, sums) in symbols.iter().zip(sums) {
        let costs = &costs[bin(*symbol)];
        for class in 0..MAX_CLASSES {
            sums[class] += costs[class];
        }
    }
}

/// Makes classes of histograms: what each bin costs in each.
fn costs(sample: &[Bins]) -> Costs {
    let mut classes = by_size(sample);
    let mut costs = costs_of(sample, &classes);
    for _ in 1..ROUNDS {
        classes.clear();
        classes.extend(sample.iter().map(|bins| cheapest(&costs, bins)));
        costs = costs_of(sample, &classes);
    }
    let mut fixed = [[0; MAX_CLASSES]; BINS];
    for (to, from) in fixed.iter_mut().zip(&costs) {
        *to = from.map(|cost| (cost * BIT) as u32);
    }
    fixed
}

/// The first classes: of equal numbers, by the mean of the symbols without their sign.
fn by_size(sample: &[Bins]) -> Vec<u8> {
    let mean = |bins: &Bins| {
        let sum: f32 = bins.iter().sum();
        let size = |(i, count): (usize, &f32)| (i % (BINS / 2)) as f32 * count;
        bins.iter().enumerate().map(size).sum::<f32>() / sum.max(1.0)
    };
    let mut order: Vec<(f32, usize)> = sample.iter().map(mean).zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut classes = vec![0; sample.len()];
    for (rank, (_, i)) in order.iter().enumerate() {
        classes[*i] = (rank * MAX_CLASSES / sample.len()) as u8;
    }
    classes
}

fn costs_of(sample: &[Bins], classes: &[u8]) -> [[f32; MAX_CLASSES]; BINS] {
    // Nothing is impossible in a class.
    let mut counts = [[0.1f32; BINS]; MAX_CLASSES];
    for (bins, class) in sample.iter().zip(classes) {
        let counts = &mut counts[usize::from(*class)];
        for i in 0..BINS {
            counts[i] += bins[i];
        }
    }
    let sums: [f32; MAX_CLASSES] = std::array::from_fn(|i| counts[i].iter().sum::<f32>().log2());
    std::array::from_fn(|bin| std::array::from_fn(|class| sums[class] - counts[class][bin].log2()))
}

at_best! {
    fn cheapest(costs: &[[f32; MAX_CLASSES]; BINS], bins: &Bins) -> u8 = cheapest_any
}

#[inline(always)]
fn cheapest_any(costs: &[[f32; MAX_CLASSES]; BINS], bins: &Bins) -> u8 {
    let mut sums = [0f32; MAX_CLASSES];
    for (costs, count) in costs.iter().zip(bins) {
        for class in 0..MAX_CLASSES {
            sums[class] += costs[class] * count;
        }
    }
    let mut best = 0;
    for class in 1..MAX_CLASSES {
        if sums[class] < sums[best] {
            best = class;
        }
    }
    best as u8
}
