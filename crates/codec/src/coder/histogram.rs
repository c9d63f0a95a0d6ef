//! How often each byte occurs.

mod unseen;

use std::sync::LazyLock;

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

/// Bytes of a run that is counted, and from where one begins to where the next one does: no divisor of
/// rows' usual lengths, so that all columns have their turn.
const RUN: usize = STEP / WEIGHT as usize;
const STEP: usize = 248;
/// What a counted byte stands for.
const WEIGHT: u32 = 4;
/// Shorter planes are counted whole.
const WORTH_SAMPLING: usize = 32 << 10;

/// About the counts of a plane's bytes, by a sample, which need not have all that occur.
pub(crate) fn about(bytes: &[u8]) -> [u32; 256] {
    if bytes.len() < WORTH_SAMPLING {
        return histogram(bytes);
    }
    let mut tables = [[0u32; 256]; 2];
    for run in bytes.chunks_exact(STEP) {
        for pair in run[..RUN].as_chunks::<2>().0 {
            tables[0][usize::from(pair[0])] += 1;
            tables[1][usize::from(pair[1])] += 1;
        }
    }
    let [mut sum, more] = tables;
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum = WEIGHT * (*sum + more);
    }
    sum
}

/// How many bytes of a plane [`about`] counts.
pub(crate) fn seen(plane_len: usize) -> usize {
    match plane_len {
        ..WORTH_SAMPLING => plane_len,
        _ => plane_len / WEIGHT as usize,
    }
}

/// Sets the count of each byte that occurs and has none to 1.
pub(crate) fn add_unseen(bytes: &[u8], counts: &mut [u32; 256]) {
    if bytes.len() >= WORTH_SAMPLING {
        unseen::count(bytes, counts);
    }
}

/// The entropy of counts, in bits a byte.
pub(crate) fn entropy(counts: &[u32; 256]) -> f64 {
    let total: u32 = counts.iter().sum();
    let total = f64::from(total);
    let surprise = |&count: &u32| f64::from(count) * (total / f64::from(count)).log2();
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(surprise)
        .sum();
    if total == 0.0 { 0.0 } else { bits / total }
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
        let (mut about, all) = (about(&bytes), histogram(&bytes));
        add_unseen(&bytes, &mut about);
        for (about, all) in about.into_iter().zip(all) {
            assert_eq!(about == 0, all == 0);
            assert!(about.abs_diff(all) < all / 8 + 4, "{about} {all}");
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
