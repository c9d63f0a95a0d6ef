//! Cuts by content: a gear hash runs over the bytes, and where its upper bits are zero there may be
//! a cut. The hash at a place depends on the 64 bytes before it alone, so that an insertion moves
//! the cuts near it and no others.

use crate::kinds::SPAN;

/// How many bytes the hash depends on.
const WINDOW: usize = 64;

/// Lanes that are hashed side by side: one hash waits for itself at every byte, four do not.
const LANES: usize = 4;

/// Bytes in a lane at a time.
const LANE_LEN: usize = 1024;

/// How long chunks may be, and how long they usually are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Params {
    /// No chunk but the last of its run is shorter.
    pub min: usize,
    /// Until here cuts are rare, from here they are frequent: lengths gather around it.
    pub usual: usize,
    /// No chunk is longer.
    pub max: usize,
    /// How many bytes are gathered before they are looked at. What is gathered beyond a cut is moved.
    pub scan: usize,
    /// Whether a chunk ends where another kind of bytes begins, too.
    pub kinds: bool,
    rare: u64,
    frequent: u64,
}

impl Params {
    /// For headers and other text, which are small and of which people change a line.
    pub const TEXT: Params = Params::around(256 << 10, false);

    /// For what may be gigabytes of weights: a chunk below the codec's frame of 256 KiB would cost
    /// a table and a row for little, and finding a fine-tune in an unknown file is rare luck.
    pub const BINARY: Params = Params::around(1 << 20, true);

    const fn around(usual: usize, kinds: bool) -> Params {
        let bits = usual.trailing_zeros();
        // Two bits either way of the one that the usual length asks for, as in FastCDC.
        Params {
            min: usual / 4,
            usual,
            max: usual * 4,
            scan: if kinds { SPAN } else { 64 << 10 },
            kinds,
            rare: upper_bits(bits + 2),
            frequent: upper_bits(bits - 2),
        }
    }
}

/// The upper bits, as each bit of the hash depends on as many bytes as there are bits below it.
const fn upper_bits(count: u32) -> u64 {
    !(u64::MAX >> count)
}

/// A random number for each byte (splitmix64): cuts depend on them, so they never change.
static GEAR: [u64; 256] = gear();

const fn gear() -> [u64; 256] {
    let mut table = [0; 256];
    let mut state = 0x5348_4541_4620_4344_u64;
    let mut i = 0;
    while i < table.len() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[i] = z ^ (z >> 31);
        i += 1;
    }
    table
}

/// Finds the first candidate for a cut in `from..=to`, places in `chunk`, which begins where the
/// last cut was. `from` is at least [`Params::min`].
pub(crate) fn find(chunk: &[u8], from: usize, to: usize, params: &Params) -> Option<usize> {
    let middle = to.min(params.usual);
    if from <= middle
        && let Some(cut) = scan(chunk, from, middle, params.rare)
    {
        return Some(cut);
    }
    let from = from.max(params.usual + 1);
    if from > to {
        None
    } else {
        scan(chunk, from, to, params.frequent)
    }
}

fn scan(chunk: &[u8], mut from: usize, to: usize, mask: u64) -> Option<usize> {
    while to + 1 - from >= LANES * LANE_LEN {
        if any_in_lanes(chunk, from, mask) {
            return scan_one(chunk, from, from + LANES * LANE_LEN - 1, mask);
        }
        from += LANES * LANE_LEN;
    }
    if from > to {
        None
    } else {
        scan_one(chunk, from, to, mask)
    }
}

fn scan_one(chunk: &[u8], from: usize, to: usize, mask: u64) -> Option<usize> {
    let mut hash = hash_before(chunk, from - 1);
    for (i, &byte) in chunk[from - 1..to].iter().enumerate() {
        hash = roll(hash, byte);
        if hash & mask == 0 {
            return Some(from + i);
        }
    }
    None
}

/// Whether there is a candidate among the `LANES * LANE_LEN` places from `from`.
fn any_in_lanes(chunk: &[u8], from: usize, mask: u64) -> bool {
    let lanes: [&[u8]; LANES] = std::array::from_fn(|lane| {
        let start = from - 1 + lane * LANE_LEN;
        &chunk[start..start + LANE_LEN]
    });
    let mut hashes: [u64; LANES] =
        std::array::from_fn(|lane| hash_before(chunk, from - 1 + lane * LANE_LEN));
    for i in 0..LANE_LEN {
        let mut hit = false;
        for (hash, lane) in hashes.iter_mut().zip(lanes) {
            *hash = roll(*hash, lane[i]);
            hit |= *hash & mask == 0;
        }
        if hit {
            return true;
        }
    }
    false
}

/// The hash of the bytes before a place.
fn hash_before(chunk: &[u8], place: usize) -> u64 {
    chunk[place.saturating_sub(WINDOW)..place]
        .iter()
        .fold(0, |hash, &byte| roll(hash, byte))
}

fn roll(hash: u64, byte: u8) -> u64 {
    (hash << 1).wrapping_add(GEAR[usize::from(byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    /// The hash rolled over all, as the definition has it.
    fn plain(chunk: &[u8], from: usize, to: usize, params: &Params) -> Option<usize> {
        let mut hash = 0;
        for (i, &byte) in chunk[..to].iter().enumerate() {
            hash = roll(hash, byte);
            let mask = if i < params.usual {
                params.rare
            } else {
                params.frequent
            };
            if i + 1 >= from && hash & mask == 0 {
                return Some(i + 1);
            }
        }
        None
    }

    #[test]
    fn lanes_find_what_one_finds() {
        let params = Params::around(16 << 10, false);
        let bytes = noise(1 << 20);
        let mut start = 0;
        let mut found = 0;
        while start + params.max <= bytes.len() {
            let chunk = &bytes[start..start + params.max];
            let cut = find(chunk, params.min, params.max, &params);
            assert_eq!(cut, plain(chunk, params.min, params.max, &params));
            // Looking piece by piece finds the same.
            let mut from = params.min;
            let mut pieced = None;
            while pieced.is_none() && from <= params.max {
                let to = (from + 4999).min(params.max);
                pieced = find(&chunk[..to], from, to, &params);
                from = to + 1;
            }
            assert_eq!(cut, pieced);
            found += usize::from(cut.is_some());
            start += cut.unwrap_or(params.max);
        }
        assert!(found > 30);
    }

    #[test]
    fn no_candidate_in_one_byte_repeated() {
        for byte in 0..=255 {
            assert_eq!(
                find(
                    &[byte; 80_000],
                    4096,
                    80_000,
                    &Params::around(16 << 10, false)
                ),
                None
            );
        }
    }

    #[test]
    fn the_table_is_what_it_was() {
        let sum = GEAR.iter().fold(0_u64, |sum, n| sum.rotate_left(1) ^ n);
        assert_eq!(sum, 0x029c_cceb_5750_2985);
    }
}
