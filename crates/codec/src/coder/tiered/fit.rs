//! Which values get codes, and in which tiers.

use super::spec::{PATTERNS, Spec};
use super::writer::SPAN;
use super::{PLANES, ROW_BYTES};

/// Which bits of a byte are raw in floats of a byte or the upper bytes of halves, where they are.
const RAW: [u8; 4] = [0, 0x80, 0x83, 0x87];
/// The share by which a payload may be longer for its speed.
const FOR_SPEED: f64 = 0.01;

/// The code for a plane of such counts, if it does about as well as another of `len` bytes.
pub(crate) fn instead(counts: &[u32; 256], len: usize) -> Option<Spec> {
    let fits = RAW.into_iter().filter_map(|raw| {
        let mut coded = [0; 256];
        for (value, count) in counts.iter().enumerate() {
            coded[value & usize::from(!raw)] += count;
        }
        fit(&coded, raw)
    });
    let (spec, bits) = fits.min_by_key(|(_, bits)| *bits)?;
    // What the payload has beside the bits: above all, rows are whole.
    let around = spec.len() + spec.whole_planes() * ROW_BYTES / 2 + PLANES / 2;
    let most = len as f64 * (1.0 + FOR_SPEED);
    (((bits / 8) as usize + around) as f64 <= most).then_some(spec)
}

/// The code for values that occur about as often as `counts` says, which need not have all of them,
/// and the bits that it takes for those. Bits of a byte that are in `raw` must be 0 in all.
pub(crate) fn fit(counts: &[u32; 256], raw: u8) -> Option<(Spec, u64)> {
    let ranked = ranked(counts, raw);
    if ranked.is_empty() {
        return None;
    }
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let bits = |pattern: usize| {
        let pattern = &PATTERNS[pattern];
        let (mut coded, mut bits) = (0, 0);
        for (code, (count, _)) in pattern.codes().take(pattern.leaves()).zip(&ranked) {
            coded += u64::from(*count);
            bits += u64::from(*count) * code.len as u64;
        }
        // An escape takes all tiers and a byte.
        bits + (total - coded) * 16
    };
    let (bits, number) = (0..PATTERNS.len())
        .map(|number| (bits(number), number))
        .min()?;
    let leaves = PATTERNS[number].leaves();
    let mut values: Vec<u8> = ranked
        .iter()
        .map(|(_, value)| *value)
        .take(leaves)
        .collect();
    // Codes that no value needs mean the most frequent one once more.
    values.resize(leaves, values[0]);
    let spec = Spec {
        number: number as u8,
        raw,
        values,
    };
    let raw_bits = u64::from(raw.count_ones()) * total;
    Some((spec, bits + raw_bits))
}

/// Counts and values from the most frequent, of those in the window that has the most.
fn ranked(counts: &[u32; 256], raw: u8) -> Vec<(u32, u8)> {
    let step = 1usize << (!raw).trailing_zeros();
    let window = |start: usize| {
        (0..SPAN)
            .map(move |i| start + i * step)
            .take_while(|at| *at < 256)
    };
    let weight = |start: usize| -> u64 { window(start).map(|at| u64::from(counts[at])).sum() };
    let first = counts
        .iter()
        .position(|&count| count > 0)
        .unwrap_or_default();
    let last = counts
        .iter()
        .rposition(|&count| count > 0)
        .unwrap_or_default();
    let starts = (first..=last).step_by(step);
    let start = starts
        .max_by_key(|start| weight(*start))
        .unwrap_or_default();
    let mut ranked: Vec<(u32, u8)> = window(start)
        .map(|at| (counts[at], at as u8))
        .filter(|(count, _)| *count > 0)
        .collect();
    ranked.sort_unstable_by_key(|(count, value)| (std::cmp::Reverse(*count), *value));
    ranked
}
