//! Tables: how often each symbol is expected, context by context.

use super::{BITS, MAX_CONTEXTS, alphabet, normal};

/// For each context, the share of each symbol in a sum of 2^bits. A share of 0 means that the
/// context does not have the symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(super) bits: u32,
    pub(super) shares: Vec<[u16; 256]>,
}

impl Tables {
    /// The best tables for counts, one for each context; a context without any gets a table too.
    ///
    /// # Panics
    /// When there is no context or more than 66, when `bits` is not 9 to 14, or when a symbol that
    /// occurs is outside of the [`alphabet`].
    pub(crate) fn new(bits: u32, counts: &[[u32; 256]]) -> Tables {
        assert!(BITS.contains(&bits) && (1..=MAX_CONTEXTS).contains(&counts.len()));
        let shares = counts
            .iter()
            .map(|counts| {
                assert!(counts[alphabet(bits)..].iter().all(|count| *count == 0));
                normal::shares(bits, counts)
            })
            .collect();
        Tables { bits, shares }
    }

    /// How many contexts there are.
    pub(crate) fn contexts(&self) -> usize {
        self.shares.len()
    }

    /// Whether a context has a symbol.
    pub(crate) fn has(&self, context: usize, symbol: u8) -> bool {
        self.shares[context][usize::from(symbol)] > 0
    }

    /// About how many bits symbols of such counts take in a context. One that it does not have costs
    /// more than any that it has, so that sums stay comparable.
    pub(crate) fn cost(&self, context: usize, counts: &[u32; 256]) -> f64 {
        let costs = counts
            .iter()
            .zip(&self.shares[context])
            .filter(|(count, _)| **count > 0)
            .map(|(&count, &share)| {
                let bits = match share {
                    0 => self.bits as f32 + 8.0,
                    share => self.bits as f32 - f32::from(share).log2(),
                };
                f64::from(count) * f64::from(bits)
            });
        costs.sum()
    }

    /// About how many bytes a segment of such counts takes, without the lanes.
    pub(crate) fn encoded_len(&self, counts: &[[u32; 256]]) -> usize {
        let bits = counts.iter().enumerate().map(|(i, own)| self.cost(i, own));
        (bits.sum::<f64>() / 8.0).ceil() as usize
    }
}

/// How often each symbol occurs in each of so many contexts; no contexts at all are all context 0.
///
/// # Panics
/// When a context is not below `number`.
pub(crate) fn count(symbols: &[u8], contexts: &[u8], number: usize) -> Vec<[u32; 256]> {
    // Two counters, so that equal neighbours do not wait for each other.
    let mut counts = vec![[0; 256]; number];
    let mut others = counts.clone();
    if contexts.is_empty() {
        let pairs = symbols.as_chunks::<2>();
        for [first, second] in pairs.0 {
            counts[0][usize::from(*first)] += 1;
            others[0][usize::from(*second)] += 1;
        }
        for last in pairs.1 {
            counts[0][usize::from(*last)] += 1;
        }
    } else {
        assert_eq!(symbols.len(), contexts.len());
        for (i, (symbol, context)) in symbols.iter().zip(contexts).enumerate() {
            let to = if i % 2 == 0 { &mut counts } else { &mut others };
            to[usize::from(*context)][usize::from(*symbol)] += 1;
        }
    }
    for (to, from) in counts.iter_mut().flatten().zip(others.iter().flatten()) {
        *to += from;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_near_the_entropy() {
        let mut counts = [0; 256];
        counts[..4].copy_from_slice(&[500, 250, 125, 125]);
        let tables = Tables::new(12, &[counts]);
        assert_eq!(tables.cost(0, &counts).round(), 1750.0);
        assert_eq!(tables.encoded_len(&[counts]), 219);
        assert!(tables.has(0, 3) && !tables.has(0, 4));
        let other = [1; 256];
        assert!(tables.cost(0, &other) > 252.0 * 12.0);
    }

    #[test]
    fn counting() {
        let counts = count(&[1, 1, 2, 3, 1], &[0, 1, 1, 0, 0], 3);
        assert_eq!((counts[0][1], counts[0][3]), (2, 1));
        assert_eq!((counts[1][1], counts[1][2]), (1, 1));
        assert_eq!(count(&[1, 1, 2], &[], 1)[0][1], 2);
    }
}
