//! How often quants occur in contexts, and about what that costs.

use std::sync::LazyLock;

/// How often each quant occurs in each context, which is above the quant's bits.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    bits: u32,
    /// Two of each, so that equal neighbours do not wait for each other; what is said of them is of their sums.
    counts: [Vec<u32>; 2],
}

impl Counts {
    pub(super) fn new(bits: u32, contexts: usize) -> Counts {
        let counts = vec![0; contexts << bits];
        Counts {
            bits,
            counts: [counts.clone(), counts],
        }
    }

    /// Counts quants with their contexts, or with none.
    pub(super) fn add(&mut self, quants: &[u8], contexts: &[u8]) {
        let bits = self.bits;
        let [even, odd] = &mut self.counts;
        let mut add = |i: usize, place: usize| {
            let to = if i.is_multiple_of(2) {
                &mut *even
            } else {
                &mut *odd
            };
            to[place] += 1;
        };
        if contexts.is_empty() {
            for (i, quant) in quants.iter().enumerate() {
                add(i, (*quant).into());
            }
            return;
        }
        for (i, (quant, context)) in quants.iter().zip(contexts).enumerate() {
            add(i, usize::from(*context) << bits | usize::from(*quant));
        }
    }

    /// All in one.
    fn sums(&self) -> Vec<u32> {
        let [even, odd] = &self.counts;
        even.iter().zip(odd).map(|(even, odd)| even + odd).collect()
    }

    /// The counts by context and quant.
    pub(super) fn by_context(&self) -> Vec<[u32; 256]> {
        let by_context = |own: &[u32]| {
            let mut counts = [0; 256];
            counts[..own.len()].copy_from_slice(own);
            counts
        };
        self.sums().chunks(1 << self.bits).map(by_context).collect()
    }

    pub(super) fn summed(self) -> Summed {
        Summed {
            bits: self.bits,
            counts: self.sums(),
        }
    }
}

/// Counts to which no more come.
#[derive(Debug, Clone)]
pub(super) struct Summed {
    bits: u32,
    counts: Vec<u32>,
}

impl Summed {
    /// The counts where of each two neighbouring classes, whose contexts are runs of so many, one is made.
    pub(super) fn halved(&self, run: usize) -> Summed {
        let run = run << self.bits;
        let mut counts = Vec::with_capacity(self.counts.len() / 2 + run);
        for pair in self.counts.chunks(2 * run) {
            let (first, second) = pair.split_at(run.min(pair.len()));
            let start = counts.len();
            counts.extend_from_slice(first);
            for (to, from) in counts[start..].iter_mut().zip(second) {
                *to += from;
            }
        }
        Summed { counts, ..*self }
    }

    /// About how many bits `times` as many quants take, with the tables' share. What a sample has is flattered by
    /// its own tables, by half a nat for each quant that occurs in a context.
    pub(super) fn cost(&self, times: f64) -> f64 {
        const WRITTEN: f64 = 5.0;
        let flattered = (times - 1.0) * std::f64::consts::LOG2_E / 2.0;
        let contexts = self.counts.chunks(1 << self.bits);
        let costs = contexts.map(|own| {
            let (bits, number) = bits(own);
            times * bits + number * (WRITTEN + flattered)
        });
        costs.sum()
    }
}

/// Counts whose products with their log2 are at hand.
const SMALL: usize = 1 << 12;

static PRODUCTS: LazyLock<[f32; SMALL]> = LazyLock::new(|| {
    std::array::from_fn(|count| match count {
        0 => 0.0,
        count => count as f32 * (count as f32).log2(),
    })
});

/// About how many bits symbols of such counts take by the best table, and how many occur.
fn bits(counts: &[u32]) -> (f64, f64) {
    let products = &*PRODUCTS;
    let (mut total, mut sum, mut number) = (0, 0.0, 0);
    for &count in counts {
        let small = products.get(count as usize);
        sum += f64::from(
            small
                .copied()
                .unwrap_or_else(|| count as f32 * (count as f32).log2()),
        );
        total += count;
        number += u32::from(count > 0);
    }
    let total = f64::from(total).max(1.0);
    (total * total.log2() - sum, number.into())
}
