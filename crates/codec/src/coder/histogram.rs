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
    let counts = histogram(bytes);
    let seen: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|&count| ln_gamma(f64::from(count) + 0.5) - ln_gamma(0.5))
        .sum();
    let all = ln_gamma(bytes.len() as f64 + 128.0) - ln_gamma(128.0);
    (all - seen) / std::f64::consts::LN_2
}

/// The logarithm of the gamma function by Stirling's series, from a larger argument down.
fn ln_gamma(x: f64) -> f64 {
    if x < 4.0 {
        return ln_gamma(x + 1.0) - x.ln();
    }
    let half_ln_tau = 0.918_938_533_204_672_8;
    (x - 0.5) * x.ln() - x + half_ln_tau + 1.0 / (12.0 * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_whole_numbers_is_the_factorial() {
        assert!((ln_gamma(5.0) - 24f64.ln()).abs() < 1e-3);
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-3);
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
