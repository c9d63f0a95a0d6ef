//! Puts classes together whose difference is not worth what telling them apart costs.

use super::coarse::{BINS, Bins};
use super::log::log2;
use crate::cpu::at_widest;

/// What a set of groups costs beside its symbols, in bits: by the groups' weights.
pub(super) type Price<'a> = &'a dyn Fn(&[f32]) -> f32;

/// Each item's group, as numbers from 0 on without a gap: the cheapest of those that come of putting
/// together the two groups that lose least, again and again. At most `most` groups.
pub(super) fn merge(items: &[Bins], weights: &[f32], most: usize, price: Price<'_>) -> Vec<u8> {
    let mut state = State::new(items, weights);
    let mut best = (f32::MAX, state.group_of.clone());
    loop {
        let groups = state.present().count();
        if groups <= most {
            let cost = state.cost + price(&state.weights());
            if cost <= best.0 {
                best = (cost, state.group_of.clone());
            }
        }
        if groups < 2 {
            return without_gaps(best.1);
        }
        state.join();
    }
}

struct State {
    /// By group, also those that are gone.
    groups: Vec<Group>,
    group_of: Vec<u8>,
    /// Parts of the groups' bins that have anything.
    used: usize,
    /// By group and each before it, what putting them together loses; the most where one is gone.
    losses: Vec<Vec<f32>>,
    /// What the symbols cost.
    cost: f32,
}

struct Group {
    /// The bins that occur in any group come first.
    bins: Bins,
    weight: f32,
    bits: f32,
    is_gone: bool,
}

impl State {
    fn new(items: &[Bins], weights: &[f32]) -> State {
        let (items, used) = only_used(items);
        let groups: Vec<Group> = items
            .iter()
            .zip(weights)
            .map(|(bins, weight)| Group {
                bins: *bins,
                weight: *weight,
                bits: joint_entropy(bins, &[0.0; BINS], used),
                is_gone: false,
            })
            .collect();
        let mut state = State {
            group_of: (0..items.len() as u8).collect(),
            used,
            losses: (0..items.len()).map(|len| vec![f32::MAX; len]).collect(),
            cost: groups.iter().map(|group| group.bits).sum(),
            groups,
        };
        for group in 0..items.len() {
            state.find_losses(group, group);
        }
        state
    }

    fn present(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| !group.is_gone)
    }

    fn weights(&self) -> Vec<f32> {
        self.present().map(|group| group.weight).collect()
    }

    /// What a group loses with each of the first so many.
    fn find_losses(&mut self, group: usize, end: usize) {
        let own = &self.groups[group];
        let mut found = vec![f32::MAX; end];
        losses(own, &self.groups[..end], self.used, &mut found);
        for (other, loss) in found.into_iter().enumerate() {
            if other != group {
                self.losses[group.max(other)][group.min(other)] = loss;
            }
        }
    }

    /// Puts the two groups together that lose least.
    fn join(&mut self) {
        let least = |losses: &[f32]| losses.iter().fold(f32::MAX, |least, loss| least.min(*loss));
        let by_group: Vec<f32> = self.losses.iter().map(|losses| least(losses)).collect();
        let loss = least(&by_group);
        let at = |losses: &[f32]| losses.iter().position(|own| *own == loss);
        let Some(gone) = at(&by_group) else {
            return;
        };
        let Some(kept) = at(&self.losses[gone]) else {
            return;
        };
        self.cost += loss;
        self.add(gone, kept, loss);
        for group in &mut self.group_of {
            if usize::from(*group) == gone {
                *group = kept as u8;
            }
        }
        self.find_losses(kept, self.groups.len());
    }

    /// Adds a group to one before it.
    fn add(&mut self, gone: usize, kept: usize, loss: f32) {
        let (before, from) = self.groups.split_at_mut(gone);
        let (to, from) = (&mut before[kept], &mut from[0]);
        for (to, from) in to.bins.iter_mut().zip(&from.bins) {
            *to += from;
        }
        to.weight += from.weight;
        to.bits += from.bits + loss;
        from.is_gone = true;
        self.losses[gone].fill(f32::MAX);
        for losses in &mut self.losses[gone + 1..] {
            losses[gone] = f32::MAX;
        }
    }
}

/// Bins that are taken together.
const WIDE: usize = 16;

/// The items without the bins that none of them has, and how many parts of their bins are left.
fn only_used(items: &[Bins]) -> (Vec<Bins>, usize) {
    let used = |bin: &usize| items.iter().any(|bins| bins[*bin] > 0.0);
    let used: Vec<usize> = (0..BINS).filter(used).collect();
    let only = |bins: &Bins| {
        let mut only = [0.0; BINS];
        for (to, bin) in only.iter_mut().zip(&used) {
            *to = bins[*bin];
        }
        only
    };
    (items.iter().map(only).collect(), used.len().div_ceil(WIDE))
}

fn without_gaps(mut groups: Vec<u8>) -> Vec<u8> {
    let mut seen = groups.clone();
    seen.sort_unstable();
    seen.dedup();
    for group in &mut groups {
        *group = seen.binary_search(group).unwrap_or(0) as u8;
    }
    groups
}

at_widest! {
    /// What a group loses with each of some others; the most where one is gone.
    fn losses(own: &Group, others: &[Group], used: usize, losses: &mut [f32]) = losses_any
}

#[inline(always)]
fn losses_any(own: &Group, others: &[Group], used: usize, losses: &mut [f32]) {
    for (other, loss) in others.iter().zip(losses) {
        if !own.is_gone && !other.is_gone {
            *loss = joint_entropy(&own.bins, &other.bins, used) - own.bits - other.bits;
        }
    }
}

/// The bits that the symbols of two histograms take together, of which so many parts have any.
#[inline(always)]
fn joint_entropy(a: &Bins, b: &Bins, used: usize) -> f32 {
    let (mut sums, mut bits) = ([0f32; WIDE], [0f32; WIDE]);
    let pairs = a.as_chunks::<WIDE>().0.iter().zip(b.as_chunks::<WIDE>().0);
    for (a, b) in pairs.take(used) {
        for j in 0..WIDE {
            let count = a[j] + b[j];
            sums[j] += count;
            bits[j] += count * log2(count);
        }
    }
    let sum: f32 = sums.iter().sum();
    sum * log2(sum) - bits.iter().sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(at: usize) -> Bins {
        std::array::from_fn(|i| 1000.0 / (1 + i.abs_diff(at)).pow(2) as f32)
    }

    #[test]
    fn the_entropy_is_near() {
        let entropy = |bins| joint_entropy(&bins, &[0.0; BINS], BINS / WIDE);
        assert!((entropy([2.0; BINS]) - 6.0 * 2.0 * BINS as f32).abs() < 0.1);
        assert_eq!(entropy([0.0; BINS]), 0.0);
    }

    #[test]
    fn what_is_alike_is_put_together() {
        let items = [peak(10), peak(40), peak(10), peak(40), peak(25)];
        let groups = merge(&items, &[1.0; 5], 5, &|weights| 50.0 * weights.len() as f32);
        assert_eq!(groups, [0, 1, 0, 1, 2]);
        let groups = merge(&items, &[1.0; 5], 2, &|weights| 50.0 * weights.len() as f32);
        assert_eq!((groups[0], groups[1]), (groups[2], groups[3]));
        assert!(groups.iter().all(|group| *group < 2));
        let groups = merge(&items, &[1.0; 5], 5, &|weights| 1e7 * weights.len() as f32);
        assert_eq!(groups, [0; 5]);
    }
}
