//! How often quants occur in contexts, and about what that costs.

use std::sync::LazyLock;

use crate::cpu::at_best;
use crate::plan::blocks::marks::GROUP;

/// How often each quant occurs in each context, which is above the quant's bits.
#[derive(Debug, Clone)]
pub(in super::super) struct Counts {
    bits: u32,
    /// Two of each, so that equal neighbours do not wait for each other; what is said of them is of their sums.
    counts: [Vec<u32>; 2],
    /// Two neighbours as one, the second in the upper bits: of groups of quants of 4 bits.
    pairs: Vec<[u32; 256]>,
    /// How many of them are in other contexts after all.
    taken: Vec<u32>,
}

impl Counts {
    pub(in super::super) fn new(bits: u32, contexts: usize) -> Counts {
        let counts = vec![0; contexts << bits];
        Counts {
            bits,
            taken: counts.clone(),
            counts: [counts.clone(), counts],
            pairs: Vec::new(),
        }
    }

    /// For quants of which there are many.
    pub(in super::super) fn of_many(bits: u32, contexts: usize) -> Counts {
        Counts {
            pairs: vec![[0; 256]; if bits == 4 { contexts } else { 0 }],
            ..Counts::new(bits, contexts)
        }
    }

    /// Counts quants with their contexts, or with none.
    pub(in super::super) fn add(&mut self, quants: &[u8], contexts: &[u8]) {
        add(self.bits, quants, contexts, &mut self.counts);
    }

    /// Counts quants of whole groups, each of which has a context.
    pub(in super::super) fn add_groups(&mut self, quants: &[u8], contexts: &[u8]) {
        let group = quants.len() / contexts.len().max(1);
        let [even, odd] = &mut self.counts;
        match self.bits {
            4 if !self.pairs.is_empty() => add_pairs(quants, contexts, group, &mut self.pairs),
            4 => add_groups::<16>(quants, contexts, group, even, odd),
            5 => add_groups::<32>(quants, contexts, group, even, odd),
            6 => add_groups::<64>(quants, contexts, group, even, odd),
            _ => add_groups::<256>(quants, contexts, group, even, odd),
        }
    }

    /// Takes the quants at some places, by group, for those of another context. Contexts are those of groups, or of
    /// quants; with none all were in the first.
    pub(in super::super) fn mark(
        &mut self,
        quants: &[u8],
        contexts: &[u8],
        places: &[u8],
        context: usize,
    ) {
        let apart = contexts.len() / places.len().max(1);
        let counts = &mut self.counts[0];
        for (i, (own, place)) in quants.as_chunks::<GROUP>().0.iter().zip(places).enumerate() {
            let place = usize::from(*place);
            let Some(quant) = own.get(place) else {
                continue;
            };
            let at = if apart > 1 { apart * i + place } else { i };
            let before = contexts.get(at).copied().unwrap_or(0);
            let quant = usize::from(*quant);
            self.taken[usize::from(before) << self.bits | quant] += 1;
            counts[context << self.bits | quant] += 1;
        }
    }

    /// All in one.
    fn sums(&self) -> Vec<u32> {
        let [even, odd] = &self.counts;
        let both = even.iter().zip(odd);
        let mut sums: Vec<u32> = both.map(|(even, odd)| even + odd).collect();
        for (sums, pairs) in sums.as_chunks_mut::<16>().0.iter_mut().zip(&self.pairs) {
            for (pair, count) in pairs.iter().enumerate() {
                for quant in [pair & 15, pair >> 4] {
                    sums[quant] += count;
                }
            }
        }
        for (sum, taken) in sums.iter_mut().zip(&self.taken) {
            *sum -= taken;
        }
        sums
    }

    pub(in super::super) fn summed(&self) -> Summed {
        Summed {
            bits: self.bits,
            counts: self.sums(),
        }
    }

    /// As if there were one context.
    pub(in super::super) fn in_one(&self) -> Summed {
        let mut counts = vec![0; 1 << self.bits];
        for own in self.sums().chunks(counts.len()) {
            counts.iter_mut().zip(own).for_each(|(to, own)| *to += own);
        }
        Summed {
            bits: self.bits,
            counts,
        }
    }
}

/// Quants that are counted at a time.
const RUN: usize = 64;

at_best! {
    fn add(bits: u32, quants: &[u8], contexts: &[u8], counts: &mut [Vec<u32>; 2]) = add_all
}

#[inline(always)]
fn add_all(bits: u32, quants: &[u8], contexts: &[u8], [even, odd]: &mut [Vec<u32>; 2]) {
    let (runs, rest) = quants.as_chunks::<RUN>();
    let (context_runs, context_rest) = contexts.as_chunks::<RUN>();
    // Places of a run first, which are found many at once.
    let mut places = [0u16; RUN];
    for (i, quants) in runs.iter().enumerate() {
        let contexts = context_runs.get(i).unwrap_or(&[0; RUN]);
        for ((place, quant), context) in places.iter_mut().zip(quants).zip(contexts) {
            *place = u16::from(*context) << bits | u16::from(*quant);
        }
        for [a, b] in places.as_chunks::<2>().0 {
            even[usize::from(*a)] += 1;
            odd[usize::from(*b)] += 1;
        }
    }
    for (i, quant) in rest.iter().enumerate() {
        let context = context_rest.get(i).copied().unwrap_or(0);
        even[usize::from(context) << bits | usize::from(*quant)] += 1;
    }
}

fn add_pairs(quants: &[u8], contexts: &[u8], group: usize, pairs: &mut [[u32; 256]]) {
    for (own, context) in quants.chunks_exact(group).zip(contexts) {
        let pairs = &mut pairs[usize::from(*context)];
        for word in own.as_chunks::<8>().0 {
            let word = u64::from_le_bytes(*word);
            let word = word | word >> 4;
            for i in 0..4 {
                pairs[(word >> (16 * i)) as usize & 255] += 1;
            }
        }
    }
}

fn add_groups<const N: usize>(
    quants: &[u8],
    contexts: &[u8],
    group: usize,
    even: &mut [u32],
    odd: &mut [u32],
) {
    let (even, odd) = (even.as_chunks_mut::<N>().0, odd.as_chunks_mut::<N>().0);
    for (own, context) in quants.chunks_exact(group).zip(contexts) {
        let context = usize::from(*context);
        let (even, odd) = (&mut even[context], &mut odd[context]);
        let (twos, last) = own.as_chunks::<2>();
        for [a, b] in twos {
            even[usize::from(*a) % N] += 1;
            odd[usize::from(*b) % N] += 1;
        }
        for last in last {
            even[usize::from(*last) % N] += 1;
        }
    }
}

/// Counts to which no more come.
#[derive(Debug, Clone)]
pub(in super::super) struct Summed {
    bits: u32,
    counts: Vec<u32>,
}

impl Summed {
    /// One more of each quant in each context.
    pub(in super::super) fn all_occur(mut self) -> Summed {
        self.counts.iter_mut().for_each(|count| *count += 1);
        self
    }

    /// The counts by context and quant.
    pub(in super::super) fn by_context(&self) -> Vec<[u32; 256]> {
        let by_context = |own: &[u32]| {
            let mut counts = [0; 256];
            counts[..own.len()].copy_from_slice(own);
            counts
        };
        self.counts.chunks(1 << self.bits).map(by_context).collect()
    }

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
    pub(in super::super) fn cost(&self, times: f64) -> f64 {
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
pub(super) fn bits(counts: &[u32]) -> (f64, f64) {
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
