//! Neighbours with like symbols share a table.

use std::sync::OnceLock;

use super::counts::Counts;

/// What a table takes for each symbol that it has, and beyond those, in bits.
const SYMBOL_BITS: f64 = 10.0;
const TABLE_BITS: f64 = 8.0;

/// A run of numbers that go by one table.
struct Run {
    /// The first number of it that occurs.
    first: u8,
    counts: [u32; 256],
    bits: f64,
}

impl Run {
    fn new(first: u8, counts: [u32; 256]) -> Run {
        let bits = bits(&counts);
        Run {
            first,
            counts,
            bits,
        }
    }

    fn with(&self, next: &Run) -> Run {
        let counts = std::array::from_fn(|i| self.counts[i] + next.counts[i]);
        Run::new(self.first, counts)
    }
}

/// About how many bits symbols of such counts take, with their table.
pub(super) fn bits(counts: &[u32; 256]) -> f64 {
    let (mut sum, mut of_each, mut symbols) = (0.0, 0.0, 0.0);
    for &count in counts.iter().filter(|count| **count > 0) {
        sum += f64::from(count);
        of_each += n_log_n(count);
        symbols += 1.0;
    }
    if sum == 0.0 {
        return 0.0;
    }
    sum * f64::log2(sum) - of_each + SYMBOL_BITS * symbols + TABLE_BITS
}

fn n_log_n(n: u32) -> f64 {
    static SMALL: OnceLock<[f64; 4096]> = OnceLock::new();
    let find = |n: u32| f64::from(n) * f64::from((n as f32).log2());
    let small = SMALL.get_or_init(|| std::array::from_fn(|n| find(n.max(1) as u32)));
    small.get(n as usize).copied().unwrap_or_else(|| find(n))
}

/// The bounds of at most so many contexts, and what occurs in each.
pub(super) fn merge(counts: &Counts, most: usize) -> (Vec<u8>, Vec<[u32; 256]>) {
    let each = counts
        .iter()
        .map(|(first, counts)| Run::new(*first, *counts));
    let mut runs: Vec<Run> = each.collect();
    // What each and its next would be together.
    let mut pairs: Vec<Run> = runs.windows(2).map(|pair| pair[0].with(&pair[1])).collect();
    while let Some((loss, at)) = cheapest(&runs, &pairs) {
        if loss > 0.0 && runs.len() <= most {
            break;
        }
        runs.remove(at + 1);
        runs[at] = pairs.remove(at);
        if at < pairs.len() {
            pairs[at] = runs[at].with(&runs[at + 1]);
        }
        if at > 0 {
            pairs[at - 1] = runs[at - 1].with(&runs[at]);
        }
    }
    let bounds = runs.iter().skip(1).map(|run| run.first).collect();
    let counts = match runs.len() {
        0 => vec![[0; 256]],
        _ => runs.into_iter().map(|run| run.counts).collect(),
    };
    (bounds, counts)
}

/// The two neighbours that lose least by one table, and how many bits that is.
fn cheapest(runs: &[Run], pairs: &[Run]) -> Option<(f64, usize)> {
    let losses = pairs
        .iter()
        .enumerate()
        .map(|(at, pair)| (pair.bits - runs[at].bits - runs[at + 1].bits, at));
    losses.min_by(|a, b| a.0.total_cmp(&b.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_share_and_unlike_do_not() {
        let counts =
            [(3, [900, 100]), (4, [1800, 200]), (9, [10, 990])].map(|(number, symbols)| {
                let mut counts = [0; 256];
                counts[..2].copy_from_slice(&symbols);
                (number, counts)
            });
        let counts = counts.to_vec();
        let (bounds, merged) = merge(&counts, 16);
        assert_eq!(bounds, [9]);
        assert_eq!(merged[0][..2], [2700, 300]);
        assert_eq!(merge(&counts, 1).1.len(), 1);
        assert_eq!(merge(&vec![], 16), (vec![], vec![[0; 256]]));
    }
}
