//! How often each byte occurs.

mod unseen;

use std::sync::LazyLock;

use crate::cpu::at_widest;

/// The counts of a plane's bytes.
pub(crate) fn histogram(bytes: &[u8]) -> [u32; 256] {
    // Four tables, so that a run of one byte does not wait for its own counter.
    let mut tables = [[0u32; 256]; 4];
    let (quads, rest) = bytes.as_chunks::<8>();
    for quad in quads {
        for (i, &byte) in quad.iter().enumerate() {
            tables[i & 3][usize::from(byte)] += 1;
        }
    }
    for &byte in rest {
        tables[0][usize::from(byte)] += 1;
    }
    let [mut sum, b, c, d] = tables;
    for i in 0..256 {
        sum[i] += b[i] + c[i] + d[i];
    }
    sum
}

/// From where a run that is counted begins to where the next one does: no divisor of rows' usual lengths, so that
/// all columns have their turn.
const STEP: usize = 208;
/// A sample has so many bytes at least.
const SAMPLE: usize = 8 << 10;
/// The entropy from which on a code saves so little that it needs a larger sample to be good.
const LITTLE: f64 = 6.7;

/// About the counts of a plane's bytes, by a sample of so many of them, which need not have all that occur.
pub(crate) fn about(bytes: &[u8]) -> ([u32; 256], usize) {
    let counted = match bytes.len() / SAMPLE {
        0 | 1 => return (histogram(bytes), bytes.len()),
        2 | 3 => return about_by::<{ STEP / 2 }>(bytes, 2),
        4..8 => return about_by::<{ STEP / 4 }>(bytes, 4),
        _ => about_by::<{ STEP / 8 }>(bytes, 8),
    };
    if entropy(&counted.0) < LITTLE {
        return counted;
    }
    closer(bytes)
}

/// As [`about`], by twice as large a sample of many.
pub(crate) fn closer(bytes: &[u8]) -> ([u32; 256], usize) {
    about_by::<{ STEP / 4 }>(bytes, 4)
}

/// By runs, whose length is even, each byte of which stands for so many.
fn about_by<const RUN: usize>(bytes: &[u8], weight: usize) -> ([u32; 256], usize) {
    let runs = bytes.chunks_exact(STEP).filter_map(<[u8]>::first_chunk);
    let counts = of_runs::<RUN>(runs).map(|count| weight as u32 * count);
    (counts, bytes.len() / weight)
}

/// The counts of runs of an even length.
#[inline(always)]
pub(crate) fn of_runs<'a, const RUN: usize>(
    runs: impl Iterator<Item = &'a [u8; RUN]>,
) -> [u32; 256] {
    // Two tables, so that a byte that comes again does not wait for its own counter.
    let mut tables = [[0u32; 256]; 2];
    for run in runs {
        for pair in run.as_chunks::<2>().0 {
            tables[0][usize::from(pair[0])] += 1;
            tables[1][usize::from(pair[1])] += 1;
        }
    }
    let [mut counts, more] = tables;
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
    counts
}

/// How many bytes occur.
pub(crate) fn kinds(counts: &[u32; 256]) -> usize {
    counts.iter().filter(|count| **count > 0).count()
}

/// Sets the count of each byte that occurs and has none to 1.
pub(crate) fn add_unseen(bytes: &[u8], counts: &mut [u32; 256]) {
    if bytes.len() >= 2 * SAMPLE {
        unseen::count(bytes, counts);
    }
}

/// The entropy of counts, in bits a byte.
pub(crate) fn entropy(counts: &[u32; 256]) -> f64 {
    let total: u32 = counts.iter().sum();
    f64::from(weight(counts)) / f64::from(total.max(1))
}

at_widest! {
    /// The bits that bytes of such counts take at least.
    pub(crate) fn weight(counts: &[u32; 256]) -> f32 = weight_any
}

#[inline(always)]
fn weight_any(counts: &[u32; 256]) -> f32 {
    // In several sums, so that a vector has one each.
    let mut sums = [0f32; 16];
    let mut totals = [0u32; 16];
    for part in counts.as_chunks::<16>().0 {
        for i in 0..16 {
            let count = part[i] as f32;
            sums[i] += count * log2(count);
            totals[i] += part[i];
        }
    }
    let total = totals.iter().sum::<u32>() as f32;
    total * log2(total) - sums.iter().sum::<f32>()
}

/// About the logarithm of a whole number; of 0 any number.
#[inline(always)]
pub(crate) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits(bits & 0x7f_ffff | 0x3f80_0000) - 1.0;
    // A polynomial that is right at both ends.
    let p = m * (1.0 - m) * (0.441_84 + m * (m * (0.147_02 - 0.044_24 * m) - 0.266_54)) + m;
    exponent as f32 + p
}

/// The bits that an adaptive order-0 code of the bytes takes, which starts with half an occurrence
/// of each byte: unlike the entropy, what a sample of any size shows can be compared.
pub(crate) fn adaptive_bits(bytes: &[u8]) -> f64 {
    let counts = histogram(bytes).into_iter();
    // Most are 0.
    let seen: f64 = counts.filter(|count| *count > 0).map(ln_halves).sum();
    let all = ln_gamma(bytes.len() as f64 + 128.0) - ln_gamma(128.0);
    (all - seen) / std::f64::consts::LN_2
}

/// Logarithms take their time: those of counts that samples have are kept.
static KEPT: LazyLock<Vec<f64>> = LazyLock::new(|| (0..KEPT_COUNTS).map(ln_halves_of).collect());
const KEPT_COUNTS: u32 = 32 << 10;

/// The logarithm of 1/2 * 3/2 * 5/2 and so on, of so many factors.
fn ln_halves(factors: u32) -> f64 {
    match KEPT.get(factors as usize) {
        Some(kept) => *kept,
        None => ln_halves_of(factors),
    }
}

fn ln_halves_of(factors: u32) -> f64 {
    const FEW: [f64; 4] = [1.0, 0.5, 0.75, 1.875];
    const LN_GAMMA_HALF: f64 = 0.572_364_942_924_700_1;
    match factors {
        0 => 0.0,
        few @ 1..4 => FEW[few as usize].ln(),
        many => ln_gamma(f64::from(many) + 0.5) - LN_GAMMA_HALF,
    }
}

/// The logarithm of the gamma function from 4 on, by Stirling's series.
fn ln_gamma(x: f64) -> f64 {
    let half_ln_tau = 0.918_938_533_204_672_8;
    (x - 0.5) * x.ln() - x + half_ln_tau + 1.0 / (12.0 * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_whole_numbers_is_the_factorial() {
        assert!((ln_gamma(5.0) - 24f64.ln()).abs() < 1e-3);
        let mut product = 0.0;
        for factors in 0..20u32 {
            assert!((ln_halves(factors) - product).abs() < 1e-3, "{factors}");
            product += (f64::from(factors) + 0.5).ln();
        }
    }

    #[test]
    fn a_sample_misses_no_byte() {
        let mut bytes = vec![7; 100_000];
        let noise = &mut bytes[..90_000];
        blake3::Hasher::new().finalize_xof().fill(noise);
        noise.iter_mut().for_each(|byte| *byte &= 0x1e);
        for (at, byte) in [(70, 255), (71, 254), (240, 128), (99_999, 0)] {
            bytes[at] = byte;
        }
        let (mut about, all) = (about(&bytes).0, histogram(&bytes));
        add_unseen(&bytes, &mut about);
        for (about, all) in about.into_iter().zip(all) {
            assert_eq!(about == 0, all == 0);
            assert!(about.abs_diff(all) < all / 8 + 4, "{about} {all}");
        }
    }

    #[test]
    fn logarithms_are_near() {
        for x in 1..100_000 {
            let x = x as f32;
            assert!(
                (log2(x) - x.log2()).abs() < 1e-4,
                "{x} {}",
                log2(x) - x.log2()
            );
        }
    }

    #[test]
    fn counts_and_entropy() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(histogram(&bytes), [1; 256]);
        assert_eq!(entropy(&histogram(&bytes)), 8.0);
        assert_eq!(entropy(&histogram(b"aabb")), 1.0);
        assert_eq!(entropy(&[0; 256]), 0.0);
    }
}
