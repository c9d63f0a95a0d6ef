//! Counts to shares of a sum that is a power of two.

use super::encode::is_exact;

/// Shares by counts: each symbol that occurs gets at least 1, and at least two symbols get any, as a
/// whole sum has no place in the decoder's entries.
pub(super) fn shares(bits: u32, counts: &[u32; 256]) -> [u16; 256] {
    let sum = 1u32 << bits;
    let mut shares = in_proportion(sum, counts);
    let present = shares.iter().filter(|share| **share > 0).count();
    if present < 2 {
        let only = counts.iter().position(|count| *count > 0).unwrap_or(0);
        shares[only] = (sum - 1) as u16;
        shares[only ^ 1] = 1;
    } else {
        settle(sum, counts, &mut shares);
    }
    make_exact(bits, &mut shares);
    shares
}

/// Each symbol's part, rounded, but never 0 for one that occurs.
fn in_proportion(sum: u32, counts: &[u32; 256]) -> [u16; 256] {
    let used = counts
        .iter()
        .rposition(|count| *count > 0)
        .map_or(0, |last| last + 1);
    let counts = &counts[..used];
    let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let is_rare = |count: u32| f64::from(count) * f64::from(sum) < total;
    let rare = counts
        .iter()
        .filter(|count| **count > 0 && is_rare(**count));
    let (number, of_rare) = rare.fold((0.0, 0.0), |(number, of_rare), count| {
        (number + 1.0, of_rare + f64::from(*count))
    });
    let scale = (f64::from(sum) - number) / (total - of_rare).max(1.0);
    let mut shares = [0; 256];
    for (share, &count) in shares.iter_mut().zip(counts) {
        *share = match count {
            0 => 0,
            count if is_rare(count) => 1,
            count => ((f64::from(count) * scale).round() as u16).clamp(1, (sum - 1) as u16),
        };
    }
    shares
}

/// Adds or takes away, one by one and where it costs least, until the shares have the sum.
fn settle(sum: u32, counts: &[u32; 256], shares: &mut [u16; 256]) {
    let present: Vec<usize> = (0..256).filter(|i| shares[*i] > 0).collect();
    let mut have: u32 = shares.iter().map(|share| u32::from(*share)).sum();
    while have < sum {
        // What one more saves is about count / share.
        let gain = |i: &usize| f64::from(counts[*i]) / (f64::from(shares[*i]) + 0.5);
        let best = present.iter().max_by(|a, b| gain(a).total_cmp(&gain(b)));
        shares[best.copied().unwrap_or(0)] += 1;
        have += 1;
    }
    while have > sum {
        let loss = |i: &usize| f64::from(counts[*i]) / (f64::from(shares[*i]) - 0.5);
        let best = present
            .iter()
            .filter(|i| shares[**i] > 1)
            .min_by(|a, b| loss(a).total_cmp(&loss(b)));
        shares[best.copied().unwrap_or(0)] -= 1;
        have -= 1;
    }
}

/// Moves a large share's last few parts to another symbol until the encoder can divide by it exactly
/// with a reciprocal of 32 bits. Only a share above .7 can need that, so there is one at most.
fn make_exact(bits: u32, shares: &mut [u16; 256]) {
    let is_large = |i: &usize| u32::from(shares[*i]) > 1 << (bits - 1);
    let Some(large) = (0..256).find(|i| is_large(i) && !is_exact(bits, shares[*i])) else {
        return;
    };
    let others = (0..256).filter(|i| *i != large && shares[*i] > 0);
    let Some(other) = others.max_by_key(|i| shares[*i]) else {
        return;
    };
    while !is_exact(bits, shares[large]) {
        shares[large] -= 1;
        shares[other] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bits: u32, counts: &[u32; 256]) {
        let shares = shares(bits, counts);
        let sum: u32 = shares.iter().map(|share| u32::from(*share)).sum();
        assert_eq!(sum, 1 << bits);
        assert!(shares.iter().filter(|share| **share > 0).count() >= 2);
        for (share, count) in shares.iter().zip(counts) {
            assert!(*count == 0 || *share > 0);
            assert!(is_exact(bits, *share));
        }
    }

    #[test]
    fn any_counts_become_shares() {
        for bits in super::super::BITS {
            check(bits, &[0; 256]);
            check(bits, &[1; 256]);
            check(bits, &[u32::MAX; 256]);
            for seed in 0..200u32 {
                let counts = std::array::from_fn(|i| {
                    let x = (i as u32 + 1)
                        .wrapping_mul(seed * 2 + 1)
                        .wrapping_mul(0x9e37_79b9);
                    let keep = x % 7 <= seed % 7;
                    if keep { x >> (x % 32) } else { 0 }
                });
                check(bits, &counts);
                let mut one = [0; 256];
                one[seed as usize] = seed + 1;
                check(bits, &one);
                one[1] += 100_000;
                check(bits, &one);
            }
        }
    }
}
