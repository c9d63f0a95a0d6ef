//! How a chunk's differences are best coded: found by counting them.

mod counts;
mod low_rank;
mod merge;
mod terms;

use std::sync::OnceLock;

use counts::{Counts, bits, count, fold, groups, low_bits, raw_bits};

use super::buckets::Buckets;
use super::contexts::{Contexts, Key, Terms};
use super::difference::{self, Form, number_width};
use super::low_rank::LowRank;
use super::pair::{BLOCK, Block, Pair};
use super::raw_bits::symbols_only;
use super::{Delta, shared};
use crate::coder::rans::Tables;
use crate::header::Facts;
use crate::layout::Layout;
use crate::{Base, Level};

/// The ranks that are tried: those that adapters have.
const RANKS: [usize; 3] = [8, 16, 32];

/// Blocks that are looked at to choose how many low bits are kept apart.
const SAMPLES: usize = 5;

/// Blocks that ways are compared by, where there is time.
const TRIED: usize = 32;

/// Contexts that are taken for good enough to compare ways.
const ABOUT_CONTEXTS: u32 = 64;

/// The share of an element's bits from which on a base is taken for one that is only like the elements.
const WEAK: f64 = 0.7;

/// About what a frame takes beyond its symbols and bits: its line in the index, the coder's lanes.
const FRAME_LEN: usize = 100;

/// The delta of a chunk from its base; none if that promises nothing. It covers the chunk's facts.
pub(crate) fn fit(raw: &[u8], base: &Base<'_>, facts: &Facts, level: Level) -> Option<Delta> {
    let pair = Pair {
        from: base.dtype,
        to: facts.hint.dtype,
        raw,
        base: base.raw,
        first: 0,
        place: shared::place(facts),
        low_rank: None,
    };
    let fit = Fit {
        pair,
        frames: facts.frames(),
        level,
    };
    if pair.is_equal() {
        return Some(fit.equal());
    }
    let (plain, keys) = fit.plain()?;
    if level < Level::Max {
        return Some(plain);
    }
    // Where little is left, factors would take more than they save.
    let with = match plain.expected_len < raw.len() / 64 {
        true => None,
        false => fit.with_low_rank(&plain),
    };
    // Terms hardly save an eighth.
    let enough = plain.expected_len - plain.expected_len / 8;
    if with.as_ref().is_some_and(|with| with.expected_len < enough) {
        return with;
    }
    let all = [Some(fit.with_terms(plain, &keys)), with];
    all.into_iter()
        .flatten()
        .min_by_key(|delta| delta.expected_len)
}

struct Fit<'a> {
    pair: Pair<'a>,
    frames: usize,
    level: Level,
}

impl Fit<'_> {
    /// The delta of elements that are their base's.
    fn equal(&self) -> Delta {
        let form = Form {
            bits: 8 * self.unit() as u32,
            low: 0,
            rounds: false,
            top: None,
        };
        let contexts = Contexts {
            key: Key::of(self.pair.to),
            terms: None,
            bounds: Vec::new(),
        };
        let mut counts = [0; 256];
        counts[0] = self.pair.elements() as u32;
        self.fitted(form, false, contexts, &vec![(0, counts)])
    }

    /// The delta with what the pair lets expect, and the keys that occur.
    fn plain(&self) -> Option<(Delta, Vec<u8>)> {
        let form = self.form();
        let (contexts, mut counts) = self.counted(form, None, BLOCK);
        let by_sign = self.folded(&mut counts, form)?;
        let keys = counts.iter().map(|(key, _)| *key).collect();
        Some((self.fitted(form, by_sign, contexts, &counts), keys))
    }

    /// The smaller one of a plain delta and one by terms.
    fn with_terms(&self, plain: Delta, keys: &[u8]) -> Delta {
        let (form, by_sign) = (plain.form, plain.buckets.by_sign);
        let ways = terms::ways(&self.pair, form, keys).into_iter();
        let len = |terms: &Terms| self.about(form, by_sign, Some(terms.clone()));
        let sizes = ways.map(|terms| (len(&terms), terms));
        let Some((_, terms)) = sizes.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            return plain;
        };
        let (contexts, mut counts) = self.counted(form, Some(terms), BLOCK);
        if !by_sign {
            fold(&mut counts);
        }
        let with = self.fitted(form, by_sign, contexts, &counts);
        if with.expected_len < plain.expected_len {
            with
        } else {
            plain
        }
    }

    /// About how many bytes the elements take by some terms, by a sample.
    fn about(&self, form: Form, by_sign: bool, terms: Option<Terms>) -> f64 {
        let lines = terms
            .as_ref()
            .map_or(0, |terms| terms.rows.len() + terms.columns.len());
        let step = self.step(TRIED);
        let (_, mut counts) = self.counted(form, terms, step);
        if !by_sign {
            fold(&mut counts);
        }
        let apart = raw_bits(&counts, &Buckets::new(by_sign)) + low_bits(&counts, form);
        let number: u32 = counts.iter().flat_map(|(_, counts)| counts).sum();
        let groups = groups(&counts, number / ABOUT_CONTEXTS);
        let bits = apart + groups.iter().map(merge::bits).sum::<f64>();
        // A term takes about half a byte.
        bits / 8.0 * self.pair.elements() as f64 / f64::from(number.max(1)) + lines as f64 / 2.0
    }

    /// The same with no terms, but with what is added to the base.
    fn about_with_factors(&self, form: Form, by_sign: bool) -> f64 {
        let mut factors = Vec::new();
        if let Some(low_rank) = self.pair.low_rank {
            low_rank.write(&mut factors);
        }
        self.about(form, by_sign, None) + factors.len() as f64
    }

    /// The distance of about so many blocks.
    fn step(&self, blocks: usize) -> usize {
        (self.pair.elements() / blocks)
            .next_multiple_of(BLOCK)
            .max(BLOCK)
    }

    /// A smaller delta by something that is added to the base, of a higher rank as long as that helps.
    fn with_low_rank(&self, plain: &Delta) -> Option<Delta> {
        if plain.form.top.is_some() {
            return None;
        }
        let mut fitting = low_rank::Fitting::new(&self.pair)?;
        let (form, by_sign) = (plain.form, plain.buckets.by_sign);
        let mut least = self.about(form, by_sign, None);
        let mut found = None;
        for rank in RANKS {
            let Some(mut low_rank) = fitting.next(rank) else {
                break;
            };
            let mut len = self.with(&low_rank).about_with_factors(form, by_sign);
            if len < least / 2.0
                && let Some(nearer) = fitting.nearer()
            {
                let now = self.with(&nearer).about_with_factors(form, by_sign);
                if now < len {
                    (low_rank, len) = (nearer, now);
                }
            }
            if len >= least {
                break;
            }
            found = Some(low_rank);
            let before = std::mem::replace(&mut least, len);
            if len > before - before / 32.0 {
                break;
            }
        }
        let found = found?;
        let with = self.with(&found);
        let (plain, keys) = with.plain()?;
        Some(with.with_terms(plain, &keys))
    }

    /// The same fit with something added to the base.
    fn with<'a>(&'a self, low_rank: &'a LowRank) -> Fit<'a> {
        Fit {
            pair: Pair {
                low_rank: Some(low_rank),
                ..self.pair
            },
            ..*self
        }
    }

    fn unit(&self) -> usize {
        Layout::of(self.pair.to).unit()
    }

    /// The form that takes the fewest bits, by a sample where there is a choice.
    fn form(&self) -> Form {
        let bits = 8 * self.unit() as u32;
        let forms = forms(bits, self.pair.from != self.pair.to);
        if let [only] = forms.as_slice()
            && self.level < Level::Max
        {
            return *only;
        }
        let all = forms.iter().map(|form| (self.sampled_bits(*form), *form));
        let Some(least) = all.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            return forms[0];
        };
        // A base that is only like the elements.
        let weak = least.0 > WEAK * f64::from(bits) && self.pair.is_direct() && bits > 8;
        let told = weak.then(|| self.told());
        match told.map(|told| (self.sampled_bits(told), told)) {
            Some((bits, told)) if bits < least.0 => told,
            _ => least.1,
        }
    }

    /// The form for elements whose base is only like them.
    fn told(&self) -> Form {
        let bits = 8 * self.unit() as u32;
        let low = if bits == 32 { 16 } else { 0 };
        let largest = difference::largest(bits, self.pair.raw);
        Form {
            bits,
            low,
            rounds: false,
            // A whole exponent, so that buckets end where exponents do.
            top: Some(largest >> low | 0x7f),
        }
    }

    /// About how many bits an element takes, by a sample.
    fn sampled_bits(&self, form: Form) -> f64 {
        let (_, mut counts) = self.counted(form, None, self.step(SAMPLES));
        let number: u32 = counts.iter().flat_map(|(_, counts)| counts).sum();
        let by_sign = bits(&counts, true);
        fold(&mut counts);
        let least = by_sign.min(bits(&counts, false)) + low_bits(&counts, form);
        least / f64::from(number.max(1))
    }

    /// Whether buckets go by the sign of differences. If not, counts that do are folded. None if there
    /// is little to win either way.
    fn folded(&self, counts: &mut Counts, form: Form) -> Option<bool> {
        let by_sign = bits(counts, true);
        let mut folded = counts.clone();
        fold(&mut folded);
        let plain = bits(&folded, false);
        let least = plain.min(by_sign) + low_bits(counts, form);
        if least > 0.97 * (8 * self.pair.raw.len()) as f64 {
            return None;
        }
        // Fewer symbols are faster, and their tables finer.
        if plain < by_sign * 1.002 {
            *counts = folded;
            return Some(false);
        }
        Some(true)
    }

    /// Contexts by some terms, and the symbols by sign of every block that is a multiple of `step` from
    /// the chunk's beginning.
    fn counted(&self, form: Form, terms: Option<Terms>, step: usize) -> (Contexts, Counts) {
        let contexts = Contexts {
            key: Key::of(self.pair.to),
            terms,
            bounds: Vec::new(),
        };
        let mut counts = vec![[[0; 256]; 2]; 256];
        let mut block = Block::new();
        let (mut sums, mut symbols) = ([0; BLOCK], [0; BLOCK]);
        let width = number_width(self.unit());
        for at in (0..self.pair.elements()).step_by(step) {
            let (expected, numbers) = block.apart(&self.pair, form, at);
            let len = expected.len() / self.unit();
            contexts.sums(self.pair.place, at, expected, &mut sums[..len]);
            symbols_only(true, width, numbers, &mut symbols[..len]);
            count(&sums[..len], &symbols, &mut counts);
        }
        let mut all = Counts::new();
        for (sum, [one, other]) in (0..=255).zip(&counts) {
            if one.iter().chain(other).any(|count| *count > 0) {
                all.push((sum, std::array::from_fn(|i| one[i] + other[i])));
            }
        }
        (contexts, all)
    }

    /// The delta of what was counted.
    fn fitted(&self, form: Form, by_sign: bool, mut contexts: Contexts, counts: &Counts) -> Delta {
        let buckets = Buckets::new(by_sign);
        let apart = (raw_bits(counts, &buckets) + low_bits(counts, form)) / 8.0;
        let (bounds, counts) = merge::merge(counts, self.most_contexts());
        contexts.bounds = bounds;
        let head = shared::head(form, by_sign, &contexts, self.pair.low_rank);
        let all = self.table_bits(&counts).map(|bits| {
            let tables = Tables::new(bits, &counts);
            let mut shared = head.clone();
            tables.write(&mut shared);
            (shared.len() + tables.encoded_len(&counts), tables, shared)
        });
        let (len, tables, shared) = all
            .min_by_key(|(len, ..)| *len)
            .unwrap_or_else(|| unreachable!("there are bits for every number of symbols"));
        Delta {
            from: self.pair.from,
            to: self.pair.to,
            place: self.pair.place,
            low_rank: self.pair.low_rank.cloned(),
            form,
            buckets,
            contexts,
            tables,
            shared,
            expected_len: len + apart as usize + self.frames * FRAME_LEN,
            decoder: OnceLock::new(),
            encoder: OnceLock::new(),
        }
    }

    fn most_contexts(&self) -> usize {
        match self.level {
            Level::Fast => 8,
            Level::Default => 16,
            Level::Max => 32,
        }
    }

    /// How fine tables may be. Coarse ones take less room and are faster.
    fn table_bits(&self, counts: &[[u32; 256]]) -> std::ops::RangeInclusive<u32> {
        let few = counts
            .iter()
            .all(|counts| counts[64..].iter().all(|count| *count == 0));
        match self.level {
            Level::Fast => 11..=11,
            Level::Max if few => 11..=13,
            _ => 11..=12,
        }
    }
}

/// Which forms are worth a look.
fn forms(bits: u32, converted: bool) -> Vec<Form> {
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
                forms.push(Form {
                    bits,
                    low,
                    rounds,
                    top: None,
                });
            }
        }
    }
    forms
}
