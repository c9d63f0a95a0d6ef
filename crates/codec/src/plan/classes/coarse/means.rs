//! Classes of histograms by k-means, where the distance is the bits that a code takes.

use super::costs::Costs;
use super::{BINS, Bins, MAX_CLASSES, least};
use crate::cpu::at_best;
use crate::plan::classes::log::log2;

/// How often histograms are put into classes.
const ROUNDS: usize = 4;
/// What a class has of each bin at least: nothing is impossible in one.
const FEW: f32 = 0.1;

type ByClass = [f32; MAX_CLASSES];

/// What each bin costs in each of the classes that are made of histograms.
pub(super) fn costs(sample: &[Bins]) -> Costs {
    let used = Used::of(sample);
    let items = used.only(sample);
    let mut classes = by_size(sample);
    let mut costs = vec![[0.0; MAX_CLASSES]; used.bins.len()];
    let mut absent = costs_of(&items, &classes, &mut costs);
    for _ in 1..ROUNDS {
        put(&costs, &items, &mut classes);
        absent = costs_of(&items, &classes, &mut costs);
    }
    let mut all = [absent; BINS];
    for (bin, costs) in used.bins.iter().zip(&costs) {
        all[*bin] = *costs;
    }
    Costs::new(&all)
}

/// The bins that occur: most symbols are none of a chunk's.
struct Used {
    bins: Vec<usize>,
}

impl Used {
    fn of(sample: &[Bins]) -> Used {
        let mut sums = [0.0; BINS];
        for bins in sample {
            for i in 0..BINS {
                sums[i] += bins[i];
            }
        }
        let bins = (0..BINS).filter(|bin| sums[*bin] > 0.0);
        Used {
            bins: bins.collect(),
        }
    }

    /// The counts of these bins, histogram by histogram.
    fn only(&self, sample: &[Bins]) -> Vec<f32> {
        let mut items = vec![0.0; sample.len() * self.bins.len()];
        let to = items.chunks_exact_mut(self.bins.len().max(1));
        for (to, from) in to.zip(sample) {
            for (to, bin) in to.iter_mut().zip(&self.bins) {
                *to = from[*bin];
            }
        }
        items
    }
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

at_best! {
    /// Finds what bins cost in classes that have so much of them.
    fn costs_of(items: &[f32], classes: &[u8], costs: &mut [ByClass]) -> ByClass = costs_of_any
}

/// Gives what a bin costs that does not occur.
#[inline(always)]
fn costs_of_any(items: &[f32], classes: &[u8], costs: &mut [ByClass]) -> ByClass {
    let mut by_class = [[FEW; BINS]; MAX_CLASSES];
    for (item, class) in items.chunks_exact(costs.len().max(1)).zip(classes) {
        let counts = &mut by_class[usize::from(*class) % MAX_CLASSES];
        for (to, count) in counts.iter_mut().zip(item) {
            *to += count;
        }
    }
    let mut sums = [0.0; MAX_CLASSES];
    for (sum, counts) in sums.iter_mut().zip(&mut by_class) {
        *sum = log2(counts.iter().sum());
        for count in counts {
            *count = *sum - log2(*count);
        }
    }
    for (bin, costs) in costs.iter_mut().enumerate() {
        for class in 0..MAX_CLASSES {
            costs[class] = by_class[class][bin];
        }
    }
    sums.map(|sum| sum - log2(FEW))
}

at_best! {
    /// Puts each histogram into the class where it is cheapest.
    fn put(costs: &[ByClass], items: &[f32], classes: &mut [u8]) = put_any
}

#[inline(always)]
fn put_any(costs: &[ByClass], items: &[f32], classes: &mut [u8]) {
    for (item, class) in items.chunks_exact(costs.len().max(1)).zip(classes) {
        let mut sums = [0.0; MAX_CLASSES];
        for (costs, count) in costs.iter().zip(item) {
            for class in 0..MAX_CLASSES {
                sums[class] += costs[class] * count;
            }
        }
        *class = least(&sums);
    }
}
