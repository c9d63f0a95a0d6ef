//! How often each byte occurs.

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
    let seen: f64 = histogram(bytes).into_iter().map(ln_halves).sum();
    let all = ln_gamma(bytes.len() as f64 + 128.0) - ln_gamma(128.0);
    (all - seen) / std::f64::consts::LN_2
}

/// The logarithm of 1/2 * 3/2 * 5/2 and so on, of so many factors.
fn ln_halves(factors: u32) -> f64 {
    const FEW: [f64; 4] = [1.0, 0.5, 0.75, 1.875];
    const LN_GAMMA_HALF: f64 = 0.572_364_942_924_700_1;
    match factors {
        // Most counts are this, and each logarithm takes its time.
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
    fn counts_and_entropy() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(histogram(&bytes), [1; 256]);
        assert_eq!(entropy(&histogram(&bytes)), 8.0);
        assert_eq!(entropy(&histogram(b"aabb")), 1.0);
        assert_eq!(entropy(&[0; 256]), 0.0);
    }
}
