//! How a chunk's differences are best coded: found by counting them.

mod merge;
mod terms;

use std::sync::OnceLock;

use super::buckets::Buckets;
use super::contexts::{Contexts, Key, Place, Terms};
use super::difference::{self, Form};
use super::pair::{BLOCK, Block, Pair};
use super::{Delta, shared};
use crate::coder::rans::Tables;
use crate::header::Facts;
use crate::layout::Layout;
use crate::{Base, Level};

/// How often each symbol occurs at each number that contexts go by.
type Counts = Vec<[u32; 256]>;

/// Blocks that are looked at to choose the form of the differences.
const SAMPLES: usize = 8;

/// The delta of a chunk from its base; none if that promises nothing. It covers the chunk's facts.
pub(crate) fn fit(raw: &[u8], base: &Base<'_>, facts: &Facts, level: Level) -> Option<Delta> {
    let pair = Pair {
        from: base.dtype,
        to: facts.hint.dtype,
        raw,
        base: base.raw,
    };
    let fit = Fit {
        pair,
        place: shared::place(facts),
        level,
    };
    let (form, by_sign) = fit.form()?;
    let plain = fit.with_terms(form, by_sign, None);
    if level < Level::Max {
        return Some(plain.delta);
    }
    let ways = terms::ways(&pair, fit.place, form).into_iter();
    let all = ways.map(|terms| fit.with_terms(form, by_sign, Some(terms)));
    let smallest = all.chain([plain]).min_by_key(|fitted| fitted.len);
    smallest.map(|fitted| fitted.delta)
}

struct Fit<'a> {
    pair: Pair<'a>,
    place: Place,
    level: Level,
}

struct Fitted {
    delta: Delta,
    /// About how many bytes the chunk takes, but for what all ways have in common.
    len: usize,
}

impl Fit<'_> {
    /// The form of the differences, and whether buckets go by their sign.
    fn form(&self) -> Option<(Form, bool)> {
        let elements = self.pair.elements();
        let step = (elements / SAMPLES).next_multiple_of(BLOCK).max(BLOCK);
        let unit = Layout::of(self.pair.to).unit();
        let contexts = self.contexts(None);
        let ways = forms(8 * unit as u32, self.pair.from != self.pair.to);
        let (mut best, mut least) = (None, f64::MAX);
        for (form, by_sign) in ways {
            let buckets = Buckets::new(by_sign);
            let (counts, sampled) = self.count(form, &buckets, &contexts, step);
            let bits = self.bits(&counts, &buckets) + f64::from(form.low) * sampled as f64;
            let share = bits / (8 * unit * sampled.max(1)) as f64;
            if share < least {
                (best, least) = (Some((form, by_sign)), share);
            }
        }
        best.filter(|_| least < 0.97)
    }

    /// About how many bits the counted symbols take, with their raw bits.
    fn bits(&self, counts: &Counts, buckets: &Buckets) -> f64 {
        let symbols: f64 = counts.iter().map(merge::bits).sum();
        symbols + raw_bits(counts, buckets)
    }

    fn contexts(&self, terms: Option<Terms>) -> Contexts {
        Contexts {
            key: Key::of(self.pair.to),
            terms,
            bounds: Vec::new(),
        }
    }

    /// Counts the symbols of every block that is a multiple of `step` from the chunk's beginning; and
    /// how many elements those are.
    fn count(
        &self,
        form: Form,
        buckets: &Buckets,
        contexts: &Contexts,
        step: usize,
    ) -> (Counts, usize) {
        let mut counts = vec![[0; 256]; 256];
        let mut counted = 0;
        let mut block = Block::new();
        let mut sums = [0; BLOCK];
        for at in (0..self.pair.elements()).step_by(step) {
            let len = self.pair.load(at, &mut block);
            let expected = &block.expected[..len];
            contexts.sums(self.place, at, expected, &mut sums[..len]);
            let words = &mut block.words[..len];
            difference::apart(form, expected, words, &mut block.lows);
            for (word, sum) in words.iter().zip(&sums) {
                let (symbol, _, _) = buckets.symbol(*word);
                counts[usize::from(*sum)][usize::from(symbol)] += 1;
            }
            counted += len;
        }
        (counts, counted)
    }

    /// The delta whose contexts go by some terms.
    fn with_terms(&self, form: Form, by_sign: bool, terms: Option<Terms>) -> Fitted {
        let buckets = Buckets::new(by_sign);
        let mut contexts = self.contexts(terms);
        let (counts, _) = self.count(form, &buckets, &contexts, BLOCK);
        let (bounds, counts) = merge::merge(&counts, self.most_contexts());
        contexts.bounds = bounds;
        let tables = Tables::new(self.table_bits(&counts), &counts);
        let shared = shared::write(form, by_sign, &contexts, &tables);
        let len = shared.len() + tables.encoded_len(&counts);
        let delta = Delta {
            from: self.pair.from,
            to: self.pair.to,
            place: self.place,
            form,
            buckets,
            contexts,
            tables,
            shared,
            decoder: OnceLock::new(),
            encoder: OnceLock::new(),
        };
        Fitted { delta, len }
    }

    fn most_contexts(&self) -> usize {
        match self.level {
            Level::Fast => 8,
            Level::Default => 16,
            Level::Max => 32,
        }
    }

    /// As fine as the coder can with so many symbols: most differences are 0 in a good delta.
    fn table_bits(&self, counts: &Counts) -> u32 {
        let few = counts
            .iter()
            .all(|counts| counts[64..].iter().all(|count| *count == 0));
        match self.level {
            Level::Fast => 11,
            _ if few => 13,
            _ => 12,
        }
    }
}

/// Raw bits of all symbols.
fn raw_bits(counts: &Counts, buckets: &Buckets) -> f64 {
    let bits = counts.iter().flat_map(|counts| {
        let all = (0..=255).zip(counts);
        all.map(|(symbol, count)| f64::from(*count) * f64::from(buckets.entry(symbol).1))
    });
    bits.sum()
}

/// Which forms are worth a look.
fn forms(bits: u32, converted: bool) -> Vec<(Form, bool)> {
    let lows: &[u32] = if bits == 32 { &[0, 8, 16] } else { &[0] };
    let mut forms = Vec::new();
    for &low in lows {
        for rounds in [false, true] {
            // Rounding makes the middle one of three, where differences are about 0; what was cut off
            // is between two.
            let sensible = if low == 0 {
                !rounds
            } else {
                rounds || converted
            };
            if sensible {
                let form = Form { bits, low, rounds };
                forms.extend([(form, false), (form, true)]);
            }
        }
    }
    forms
}
