//! Tables of symbols that consist of several independent parts.

use super::{MAX_CONTEXTS, Tables};

/// Bits of such tables.
const BITS: u32 = 12;

impl Tables {
    /// The tables of pairs of symbols below 16, the first one in the low half of a byte, as if these were
    /// independent; of 12 bits.
    pub(crate) fn pairs(&self) -> Tables {
        self.products(2 * self.bits, |own, pair| own[pair & 15] * own[pair >> 4])
    }

    /// Those of pairs, and behind them, where there are singles too, the tables themselves, of symbols below 16. Nothing
    /// where they have others, or other bits.
    pub(crate) fn pairs_and(&self, singles: bool) -> Option<Tables> {
        let fit = self.bits == BITS && self.shares.iter().all(|own| own[16..] == [0; 240]);
        let mut all = fit.then(|| self.pairs())?;
        if singles {
            all.shares.extend_from_slice(&self.shares);
        }
        (all.shares.len() <= MAX_CONTEXTS).then_some(all)
    }

    /// The tables of four symbols below 4, the first one in the lowest bits of a byte, as if these were
    /// independent; of 12 bits. Nothing where the tables themselves have more than that.
    pub(crate) fn fours(&self) -> Option<Tables> {
        let four = |own: &[u64; 256], four: usize| {
            own[four & 3] * own[four >> 2 & 3] * own[four >> 4 & 3] * own[four >> 6]
        };
        (self.bits <= BITS).then(|| self.products(4 * self.bits, four))
    }

    /// Tables by the weights of 256 products, whose sum is 2^`sum_bits`, at most 2^48.
    fn products(&self, sum_bits: u32, weight: impl Fn(&[u64; 256], usize) -> u64) -> Tables {
        const SUM: u64 = 1 << BITS;
        // What a symbol that occurs counts for at least, so that it gets a share: with 256 of those
        // beside all the others, it is still one part of the sum.
        let least = (1u64 << sum_bits).div_ceil(SUM - 256);
        let shares = self.shares.iter().map(|own| {
            let own = own.map(u64::from);
            let weights: [u64; 256] = std::array::from_fn(|symbol| match weight(&own, symbol) {
                0 => 0,
                weight => weight.max(least),
            });
            let total = weights.iter().sum::<u64>().max(1);
            let (mut passed, mut taken) = (0, 0);
            weights.map(|weight| {
                passed += weight;
                let end = passed * SUM / total;
                let share = end - taken;
                taken = end;
                share as u16
            })
        });
        Tables {
            bits: BITS,
            shares: shares.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coder::rans;

    /// Symbols below a number, some of them far more often than others.
    fn tables(bits: u32, number: u32, seed: u32) -> Tables {
        let counts = std::array::from_fn(|i| match i as u32 {
            i if i < number => 1 << (i.wrapping_mul(seed * 2 + 1) % 28),
            _ => 0,
        });
        Tables::new(bits, &[counts])
    }

    fn all_have_shares(tables: &Tables) {
        let shares = &tables.shares[0];
        assert!(shares.iter().all(|share| *share > 0));
        let sum: u32 = shares.iter().map(|share| u32::from(*share)).sum();
        assert_eq!(sum, 4096);
    }

    #[test]
    fn products_of_any_symbols_have_a_share() {
        for seed in 0..100 {
            for bits in rans::BITS {
                all_have_shares(&tables(bits, 16, seed).pairs());
            }
            assert!(tables(13, 4, seed).fours().is_none());
            for bits in 10..=12 {
                all_have_shares(&tables(bits, 4, seed).fours().unwrap());
            }
        }
    }
}
