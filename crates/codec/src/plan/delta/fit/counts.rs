//! How often symbols occur in contexts, and what that costs.

use super::super::buckets::{self, Buckets};
use super::super::difference::Form;
use super::merge;

/// How often each symbol occurs at each number that contexts go by, of those that occur, in order.
pub(super) type Counts = Vec<(u8, [u32; 256])>;

const FIRST_SHARED: usize = buckets::FIRST_SHARED as usize;

/// Counts symbols by sums, in two places in turn, so that equal neighbours do not wait for each other.
pub(super) fn count(sums: &[u8], symbols: &[u8], counts: &mut [[[u32; 256]; 2]]) {
    for (i, (sum, symbol)) in sums.iter().zip(symbols).enumerate() {
        counts[usize::from(*sum)][i % 2][usize::from(*symbol)] += 1;
    }
}

/// Counts of neighbours together, at least so many in each.
pub(super) fn groups(counts: &Counts, least: u32) -> Vec<[u32; 256]> {
    let mut groups: Vec<[u32; 256]> = Vec::new();
    let mut number = u32::MAX;
    for (_, own) in counts {
        match groups.last_mut() {
            Some(last) if number < least => {
                last.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                number += own.iter().sum::<u32>();
            }
            _ => {
                groups.push(*own);
                number = own.iter().sum();
            }
        }
    }
    groups
}

/// Symbols of both signs to the one that buckets have which do not go by sign.
pub(super) fn fold(counts: &mut Counts) {
    for (_, counts) in counts {
        let both = *counts;
        counts[FIRST_SHARED..].fill(0);
        for (symbol, count) in both.iter().enumerate().skip(FIRST_SHARED) {
            counts[FIRST_SHARED + (symbol - FIRST_SHARED) / 2] += count;
        }
    }
}

/// About how many bits the counted symbols take, with their raw bits.
pub(super) fn bits(counts: &Counts, by_sign: bool) -> f64 {
    let buckets = Buckets::new(by_sign);
    let symbols: f64 = counts.iter().map(|(_, counts)| merge::bits(counts)).sum();
    symbols + raw_bits(counts, &buckets)
}

/// The bits that are kept apart, of all that were counted.
pub(super) fn low_bits(counts: &Counts, form: Form) -> f64 {
    let counted: f64 = counts
        .iter()
        .flat_map(|(_, counts)| counts)
        .map(|count| f64::from(*count))
        .sum();
    counted * f64::from(form.low)
}

/// Raw bits of all symbols.
pub(super) fn raw_bits(counts: &Counts, buckets: &Buckets) -> f64 {
    let bits = counts.iter().flat_map(|(_, counts)| {
        let all = (0..=255).zip(counts);
        all.map(|(symbol, count)| f64::from(*count) * f64::from(buckets.entry(symbol).1))
    });
    bits.sum()
}
