//! Bits of bytes that say nothing, and are told by nothing: signs, the ends of mantissas.

use crate::coder::histogram::{log2, weight};

/// The bits that may stand apart at a loss of at most so many bits a byte: no more of them than `most`.
pub(super) fn apart(counts: &[u32; 256], loss: f32, most: usize) -> u8 {
    let total: u32 = counts.iter().sum();
    let mut counts = *counts;
    let mut mask = 0u8;
    let mut budget = loss * total as f32;
    let mut bits = weight(&counts);
    let might_cost = bytes_with(&counts).map(|ones| might_cost(ones, total));
    // One after the other, the cheapest first: what two cost together is more than each alone.
    while (mask.count_ones() as usize) < most {
        let ways = (0..8)
            .filter(|bit| might_cost[*bit] <= budget)
            .map(|bit| 1u8 << bit)
            .filter(|bit| mask & bit == 0)
            .filter_map(|bit| {
                let rest = without(&counts, bit);
                let after = weight(&rest);
                // Each byte spends a bit and saves what the rest is cheaper.
                let cost = total as f32 - (bits - after);
                (cost <= budget).then_some((cost, bit, rest, after))
            });
        let Some((cost, bit, rest, after)) = ways.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            return mask;
        };
        mask |= bit;
        counts = rest;
        bits = after;
        // What is gained is not there to be lost.
        budget -= cost.max(0.0);
    }
    mask
}

/// By bit, how many bytes have it.
fn bytes_with(counts: &[u32; 256]) -> [u32; 8] {
    let mut folded = *counts;
    let mut with = [0; 8];
    for bit in (0..8).rev() {
        let (zeros, ones) = folded[..2 << bit].split_at_mut(1 << bit);
        with[bit] = ones.iter().sum();
        zeros
            .iter_mut()
            .zip(ones)
            .for_each(|(zero, one)| *zero += *one);
    }
    with
}

/// What a bit that so many of all bytes have costs if nothing else tells it, and a little less: it costs no less where
/// something does.
fn might_cost(ones: u32, total: u32) -> f32 {
    let [zeros, ones, total] = [total - ones, ones, total].map(|count| count as f32);
    let bits = |count: f32| count * log2(count);
    total - (bits(total) - bits(zeros) - bits(ones)) - total / 1024.0
}

/// The counts of bytes in which some bits are zeros.
pub(super) fn without(counts: &[u32; 256], mask: u8) -> [u32; 256] {
    let mut counts = *counts;
    for bit in (0..8).map(|bit| 1usize << bit) {
        if usize::from(mask) & bit != 0 {
            for half in counts.chunks_exact_mut(2 * bit) {
                let (zeros, ones) = half.split_at_mut(bit);
                for (zero, one) in zeros.iter_mut().zip(ones) {
                    *zero += std::mem::take(one);
                }
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_stand_apart() {
        let mut counts = [0; 256];
        for i in 0..128 {
            counts[i] = 10_000 >> (i / 8);
            counts[i + 128] = counts[i];
        }
        assert_eq!(apart(&counts, 0.001, 8), 0x87);
        assert_eq!(without(&counts, 0x80)[3], 20_000);
        assert_eq!(without(&counts, 0xff)[0], counts.iter().sum::<u32>());
        let mut one = [0; 256];
        one[7] = 5;
        assert_eq!(apart(&one, 0.5, 8), 0);
    }
}
