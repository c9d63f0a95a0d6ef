//! Code lengths within a limit that the best code would exceed, by package-merge.

use super::MAX_BITS;

/// The most items of a level.
const ITEMS: usize = 512;

/// The depths of symbols, rarest first, in the best code of at most so many bits.
///
/// Each of as many levels merges the symbols, by count, with the pairs of the level below.
/// A symbol's length is how often it is among the cheapest 2n-2 items of the top level, when each
/// pair taken takes its two items from the level below.
pub(super) fn packages(symbols: &[u64], depths: &mut [u32], most: u32) {
    let mut counts = [u32::MAX; 257];
    for (count, symbol) in counts.iter_mut().zip(symbols) {
        *count = (symbol >> 8) as u32;
    }
    let n = symbols.len();
    // For each level, from the lowest: how many of the first items are symbols.
    let mut singles = [[0u16; ITEMS]; MAX_BITS as usize];
    let singles = &mut singles[..most as usize];
    let mut below = [u32::MAX; ITEMS];
    for level in &mut *singles {
        below = merged(&counts, &below, level, 2 * n - 2);
    }
    depths.fill(0);
    let mut take = 2 * n - 2;
    for level in singles.iter().rev() {
        // None are taken where none are left.
        let symbols = take
            .checked_sub(1)
            .map_or(0, |last| usize::from(level[last]));
        depths[..symbols].iter_mut().for_each(|depth| *depth += 1);
        take = 2 * (take - symbols);
    }
}

/// The cheapest items among symbols and pairs of the items below; nothing is as dear as what is not
/// there.
fn merged(
    counts: &[u32; 257],
    below: &[u32; ITEMS],
    singles: &mut [u16; ITEMS],
    take: usize,
) -> [u32; ITEMS] {
    let mut items = [u32::MAX; ITEMS];
    let (mut single, mut pair) = (0usize, 0usize);
    for (item, singles) in items.iter_mut().zip(singles).take(take) {
        // The masks change nothing: there are no more.
        let [a, b] = [below[2 * pair % ITEMS], below[(2 * pair + 1) % ITEMS]];
        let of_pair = a.saturating_add(b);
        let of_single = counts[single.min(256)];
        let is_single = of_single <= of_pair;
        *item = if is_single { of_single } else { of_pair };
        single += usize::from(is_single);
        pair += usize::from(!is_single);
        *singles = single as u16;
    }
    items
}
