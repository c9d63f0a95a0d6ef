//! Puts classes together whose difference is not worth what telling them apart costs.

use super::coarse::{BINS, Bins};
use crate::cpu::at_best;

/// What a set of groups costs beside its symbols, in bits: by the groups' weights.
pub(super) type Price<'a> = &'a dyn Fn(&[f32]) -> f32;

/// Each item's group, as numbers from 0 on without a gap: the cheapest of those that come of putting
/// together the two groups that lose least, again and again. At most `most` groups.
pub(super) fn merge(items: &[Bins], weights: &[f32], most: usize, price: Price<'_>) -> Vec<u8> {
    let mut state = State::new(items, weights);
    let mut best = (f32::MAX, state.group_of.clone());
    loop {
        let groups = state.groups();
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
    /// By group; those that are gone have none.
    groups: Vec<Option<Group>>,
    group_of: Vec<u8>,
    /// By pair of groups, what putting them together loses.
    losses: Vec<Vec<f32>>,
    /// What the symbols cost.
    cost: f32,
}

#[derive(Clone)]
struct Group {
    bins: Bins,
    weight: f32,
    bits: f32,
}

impl State {
    fn new(items: &[Bins], weights: &[f32]) -> State {
        let groups: Vec<Option<Group>> = items
            .iter()
            .zip(weights)
            .map(|(bins, weight)| {
                Some(Group {
                    bins: *bins,
                    weight: *weight,
                    bits: entropy(bins),
                })
            })
            .collect();
        let cost = groups.iter().flatten().map(|group| group.bits).sum();
        let mut state = State {
            group_of: (0..items.len() as u8).collect(),
            losses: vec![vec![0.0; items.len()]; items.len()],
            groups,
            cost,
        };
        for group in 0..items.len() {
            state.find_losses(group, group);
        }
        state
    }

    fn groups(&self) -> usize {
        self.groups.iter().flatten().count()
    }

    fn weights(&self) -> Vec<f32> {
        self.groups
            .iter()
            .flatten()
            .map(|group| group.weight)
            .collect()
    }

    /// What a group loses with each of the first so many.
    fn find_losses(&mut self, group: usize, end: usize) {
        let Some(own) = &self.groups[group] else {
            return;
        };
        for other in 0..end {
            let Some(their) = &self.groups[other] else {
                continue;
            };
            let bits = joint_entropy(&own.bins, &their.bins);
            let pair = (group.max(other), group.min(other));
            self.losses[pair.0][pair.1] = bits - own.bits - their.bits;
        }
    }

    /// Puts the two groups together that lose least.
    fn join(&mut self) {
        let mut best = (f32::MAX, 0, 0);
        for a in 0..self.groups.len() {
            for b in 0..a {
                let both = self.groups[a].is_some() && self.groups[b].is_some();
                if both && self.losses[a][b] < best.0 {
                    best = (self.losses[a][b], a, b);
                }
            }
        }
        let (loss, gone, kept) = best;
        let Some(from) = self.groups[gone].take() else {
            return;
        };
        let Some(to) = &mut self.groups[kept] else {
            return;
        };
        for (to, from) in to.bins.iter_mut().zip(&from.bins) {
            *to += from;
        }
        to.weight += from.weight;
        to.bits += from.bits + loss;
        self.cost += loss;
        for group in &mut self.group_of {
            if usize::from(*group) == gone {
                *group = kept as u8;
            }
        }
        self.find_losses(kept, self.groups.len());
    }
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

/// The bits that a histogram's symbols take.
pub(super) fn entropy(bins: &Bins) -> f32 {
    joint_entropy(bins, &[0.0; BINS])
}

at_best! {
    fn joint_entropy(a: &Bins, b: &Bins) -> f32 = joint_entropy_any
}

#[inline(always)]
fn joint_entropy_any(a: &Bins, b: &Bins) -> f32 {
    const WIDE: usize = 8;
    let (mut sums, mut bits) = ([0f32; WIDE], [0f32; WIDE]);
    let pairs = a.as_chunks::<WIDE>().0.iter().zip(b.as_chunks::<WIDE>().0);
    for (a, b) in pairs {
        for j in 0..WIDE {
            let count = a[j] + b[j];
            sums[j] += count;
            bits[j] += count * log2(count);
        }
    }
    let sum: f32 = sums.iter().sum();
    sum * log2(sum) - bits.iter().sum::<f32>()
}

/// The log2 of a positive number, within 1e-4, and anything finite for 0.
#[inline(always)]
fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    exponent as f32 + POLYNOMIAL.iter().fold(0.0, |sum, factor| sum * m + factor)
}

/// Fitted to the log2 of 1 to 2.
const POLYNOMIAL: [f32; 6] = [
    0.043_929_57,
    -0.409_484_3,
    1.610_208,
    -3.520_271,
    5.069_799,
    -2.794_167,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(at: usize) -> Bins {
        std::array::from_fn(|i| 1000.0 / (1 + i.abs_diff(at)).pow(2) as f32)
    }

    #[test]
    fn the_logarithm_is_near() {
        for x in [1.0f32, 1.5, 2.0, 3.7, 1000.0, 5e6] {
            assert!((log2(x) - x.log2()).abs() < 1e-4);
        }
        assert!((entropy(&[2.0; BINS]) - 6.0 * 2.0 * BINS as f32).abs() < 0.1);
        assert_eq!(entropy(&[0.0; BINS]), 0.0);
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
