//! Code lengths within a limit that the best code would exceed, by package-merge: the best for few symbols. For many
//! it takes long.

use super::MAX_BITS;

/// The most symbols.
pub(super) const MOST: usize = 48;
/// The most items of a level.
const ITEMS: usize = 2 * MOST;
/// Room for as many symbols, or pairs, as there may be, and for something at either end.
const SINGLES: usize = MOST + 2;

/// The depths of symbols, rarest first, in the best code of at most so many bits.
///
/// Each of as many levels merges the symbols, by count, with the pairs of the level below.
/// A symbol's length is how often it is among the cheapest 2n-2 items of the top level, when each
/// pair taken takes its two items from the level below.
pub(super) fn packages(symbols: &[u64], depths: &mut [u32], most: u32) {
    let n = symbols.len();
    // Between what is less than all and what is more.
    let mut counts = [u32::MAX; SINGLES];
    counts[0] = 0;
    for (count, symbol) in counts[1..].iter_mut().zip(symbols) {
        *count = (symbol >> 8) as u32;
    }
    // For each level, from the lowest: how many of the first items are symbols.
    let mut singles = [[0u16; ITEMS]; MAX_BITS as usize];
    let singles = &mut singles[..most as usize];
    let mut below = ([0; ITEMS], 0);
    for level in &mut *singles {
        below = merged(&counts, n, &below, level);
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

/// Merges symbols with the pairs of the items below, and says how many items that makes. From both ends at once, since
/// each step waits for the one before.
fn merged(
    counts: &[u32; SINGLES],
    n: usize,
    (below, len): &([u32; ITEMS], usize),
    singles: &mut [u16; ITEMS],
) -> ([u32; ITEMS], usize) {
    let number = len / 2;
    let mut pairs = [u32::MAX; SINGLES];
    pairs[0] = 0;
    for (to, pair) in pairs[1..]
        .iter_mut()
        .zip(below.as_chunks::<2>().0)
        .take(number)
    {
        *to = pair[0].saturating_add(pair[1]);
    }
    let all = (n + number).min(ITEMS);
    let mut items = [0; ITEMS];
    // How many singles and pairs come before the next from the front, and up to the next from the back.
    let (mut single, mut pair) = (0usize, 0usize);
    let (mut last_single, mut last_pair) = (n, number);
    for front in 0..all.div_ceil(2) {
        let back = all - 1 - front;
        singles[back] = last_single as u16;
        // The bounds change nothing: there are no more.
        let [of_single, of_pair] = [counts[last_single.min(n)], pairs[last_pair.min(number)]];
        let is_pair = of_pair >= of_single;
        items[back] = if is_pair { of_pair } else { of_single };
        last_single = last_single.saturating_sub(usize::from(!is_pair));
        last_pair = last_pair.saturating_sub(usize::from(is_pair));

        let [of_single, of_pair] = [
            counts[(single + 1).min(n + 1)],
            pairs[(pair + 1).min(number + 1)],
        ];
        let is_single = of_single <= of_pair;
        items[front] = if is_single { of_single } else { of_pair };
        single += usize::from(is_single);
        pair += usize::from(!is_single);
        singles[front] = single as u16;
    }
    (items, all)
}
