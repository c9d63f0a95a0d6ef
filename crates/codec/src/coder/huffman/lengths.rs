//! Code lengths: the best within the limit, and how they are written.

use super::MAX_BITS;
use crate::Error;

/// In a written table: absent bytes, whose number less one is in the next two nibbles.
const RUN: u8 = 15;
/// A shorter run of absent bytes is written as so many zeros.
const LEAST_RUN: usize = 4;

/// The lengths of the best code of at most [`MAX_BITS`] bits, by package-merge.
///
/// Each of the [`MAX_BITS`] levels merges the symbols, by count, with the pairs of the level below.
/// A symbol's length is how often it is among the cheapest 2n-2 items of the top level, when each
/// pair taken takes its two items from the level below.
pub(super) fn limited(counts: &[u32; 256]) -> [u8; 256] {
    let mut symbols: Vec<(u32, u8)> = (0..=255u8)
        .map(|byte| (counts[usize::from(byte)], byte))
        .filter(|s| s.0 > 0)
        .collect();
    symbols.sort_unstable();
    let levels = merged_levels(&symbols);
    let mut lengths = [0; 256];
    let mut take = 2 * symbols.len() - 2;
    for level in levels.iter().rev() {
        let singles = level[..take].iter().filter(|is_symbol| **is_symbol).count();
        for (_, byte) in &symbols[..singles] {
            lengths[usize::from(*byte)] += 1;
        }
        take = 2 * (take - singles);
    }
    lengths
}

/// For each level, from the lowest, whether each item in order of weight is a symbol or a pair.
fn merged_levels(symbols: &[(u32, u8)]) -> Vec<Vec<bool>> {
    let mut below: Vec<u32> = Vec::new();
    let mut levels = Vec::with_capacity(MAX_BITS as usize);
    for _ in 0..MAX_BITS {
        let mut pairs = below
            .chunks_exact(2)
            .map(|pair| pair[0] + pair[1])
            .peekable();
        let mut singles = symbols.iter().map(|symbol| symbol.0).peekable();
        let mut items = Vec::with_capacity(2 * symbols.len());
        let mut flags = Vec::with_capacity(2 * symbols.len());
        loop {
            let is_symbol = match (singles.peek(), pairs.peek()) {
                (Some(single), Some(pair)) => single <= pair,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            items.extend(if is_symbol {
                singles.next()
            } else {
                pairs.next()
            });
            flags.push(is_symbol);
        }
        below = items;
        levels.push(flags);
    }
    levels
}

/// Writes lengths as nibbles, from byte 0 until the code is complete, the first in a byte's low half.
pub(super) fn write(lengths: &[u8; 256]) -> Vec<u8> {
    let last = lengths
        .iter()
        .rposition(|len| *len > 0)
        .map_or(0, |last| last + 1);
    let mut nibbles = Vec::with_capacity(last + 1);
    let mut at = 0;
    while at < last {
        let absent = lengths[at..last]
            .iter()
            .take_while(|len| **len == 0)
            .count();
        if absent >= LEAST_RUN {
            nibbles.extend([RUN, (absent - 1) as u8 & 15, (absent - 1) as u8 >> 4]);
            at += absent;
        } else {
            nibbles.push(lengths[at]);
            at += 1;
        }
    }
    nibbles
        .chunks(2)
        .map(|pair| pair[0] | pair.get(1).map_or(0, |high| high << 4))
        .collect()
}

/// Reads lengths that make a complete code, and says how many bytes they took.
pub(super) fn read(bytes: &[u8]) -> Result<([u8; 256], usize), Error> {
    const ERROR: Error = Error::Malformed("code lengths");
    let mut nibbles = bytes.iter().flat_map(|byte| [byte & 15, byte >> 4]);
    let mut lengths = [0; 256];
    let (mut at, mut taken, mut space) = (0, 0, 1usize << MAX_BITS);
    while space > 0 {
        taken += 1;
        match nibbles.next().ok_or(ERROR)? {
            RUN => {
                taken += 2;
                let low = nibbles.next().ok_or(ERROR)?;
                let high = nibbles.next().ok_or(ERROR)?;
                at += usize::from(low | high << 4) + 1;
            }
            len if u32::from(len) <= MAX_BITS => {
                *lengths.get_mut(at).ok_or(ERROR)? = len;
                at += 1;
                let part = if len == 0 {
                    0
                } else {
                    1 << (MAX_BITS - u32::from(len))
                };
                space = space.checked_sub(part).ok_or(ERROR)?;
            }
            _ => return Err(ERROR),
        }
    }
    Ok((lengths, usize::div_ceil(taken, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut counts = [0; 256];
        for (i, count) in counts.iter_mut().enumerate().skip(60).step_by(3) {
            *count = 1 << (i % 20);
        }
        counts[255] = 1;
        let lengths = limited(&counts);
        let mut bytes = write(&lengths);
        let len = bytes.len();
        bytes.extend([0xff; 9]);
        assert_eq!(read(&bytes), Ok((lengths, len)));
    }

    #[test]
    fn within_the_limit_it_is_huffmans() {
        let mut counts = [0; 256];
        counts[..5].copy_from_slice(&[16, 8, 4, 2, 2]);
        assert_eq!(limited(&counts)[..6], [1, 2, 3, 4, 4, 0]);
    }
}
