//! Code lengths: the best within the limit, and how they are written.

mod limit;
mod merge;

use super::MAX_BITS;
use crate::Error;

/// In a written table: absent bytes, whose number less one is in the next two nibbles.
const RUN: u8 = 15;
/// A shorter run of absent bytes is written as so many zeros.
const LEAST_RUN: usize = 4;

/// The lengths of the best code of at most so many bits, [`MAX_BITS`] at most, for counts of which at least two
/// are not 0; of nearly the best where they are many.
pub(in crate::coder) fn limited(counts: &[u32; 256], most: u32) -> [u8; 256] {
    let mut buffer = [0u64; 256];
    let mut n = 0;
    for (byte, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        buffer[n] = u64::from(count) << 8 | byte as u64;
        n += 1;
    }
    let symbols = &mut buffer[..n];
    symbols.sort_unstable();
    let mut depths = [0; 256];
    let depths = &mut depths[..n];
    huffman(symbols, depths);
    if depths[0] > most {
        if n <= merge::MOST {
            merge::packages(symbols, depths, most);
        } else {
            limit::limit(symbols, depths, most);
        }
    }
    let mut lengths = [0; 256];
    for (symbol, depth) in symbols.iter().zip(depths) {
        lengths[(symbol & 0xff) as usize] = *depth as u8;
    }
    lengths
}

/// The depths of symbols, rarest first, in a tree that joins what is rarest.
fn huffman(symbols: &[u64], depths: &mut [u32]) {
    let n = symbols.len();
    // Nodes in the order in which they are made, which is that of their weights: a node's children
    // come before it.
    let mut weights = [0u64; 256];
    let mut leaf_parents = [0u8; 256];
    let mut parents = [0u8; 256];
    let (mut leaf, mut inner) = (0, 0);
    for node in 0..n - 1 {
        for _ in 0..2 {
            let is_leaf = leaf < n && (inner == node || symbols[leaf] >> 8 <= weights[inner]);
            if is_leaf {
                weights[node] += symbols[leaf] >> 8;
                leaf_parents[leaf] = node as u8;
                leaf += 1;
            } else {
                weights[node] += weights[inner];
                parents[inner] = node as u8;
                inner += 1;
            }
        }
    }
    let mut inner_depths = [0u32; 256];
    for node in (0..n - 2).rev() {
        inner_depths[node] = inner_depths[usize::from(parents[node])] + 1;
    }
    for (depth, parent) in depths.iter_mut().zip(leaf_parents) {
        *depth = inner_depths[usize::from(parent)] + 1;
    }
}

/// Writes lengths as nibbles, from byte 0 until the code is complete, the first in a byte's low half.
pub(in crate::coder) fn write(lengths: &[u8; 256]) -> Vec<u8> {
    let mut nibbles = [0; NIBBLES];
    let count = to_nibbles(lengths, &mut nibbles);
    let pairs = nibbles.as_chunks::<2>().0.iter().take(count.div_ceil(2));
    pairs.map(|[low, high]| low | high << 4).collect()
}

/// How many bytes [`write`] makes of lengths.
pub(in crate::coder) fn written_len(lengths: &[u8; 256]) -> usize {
    to_nibbles(lengths, &mut [0; NIBBLES]).div_ceil(2)
}

/// Nibbles of any lengths, and what is beyond them.
const NIBBLES: usize = 260;

/// Puts lengths down as nibbles, and says how many they are.
fn to_nibbles(lengths: &[u8; 256], nibbles: &mut [u8; NIBBLES]) -> usize {
    let (mut count, mut next) = (0, 0);
    for (byte, len) in present(lengths) {
        let absent = usize::from(byte) - next;
        if absent >= LEAST_RUN {
            let run = absent - 1;
            nibbles[count..count + 3].copy_from_slice(&[RUN, run as u8 & 15, run as u8 >> 4]);
            count += 3;
        } else {
            // Zeros are there.
            count += absent;
        }
        nibbles[count] = len;
        count += 1;
        next = usize::from(byte) + 1;
    }
    count
}

/// Reads lengths of at most `most` bits that make a complete code, with one more code of `other` bits where
/// that is not 0, and says how many bytes they took.
pub(in crate::coder) fn read(
    bytes: &[u8],
    most: u32,
    other: u32,
) -> Result<([u8; 256], usize), Error> {
    const ERROR: Error = Error::Malformed("code lengths");
    let nibble = |at: usize| {
        bytes
            .get(at / 2)
            .map(|byte| byte >> (at % 2 * 4) & 15)
            .ok_or(ERROR)
    };
    let mut lengths = [0; 256];
    let (mut at, mut taken, mut space) = (0, 0, (1usize << MAX_BITS) - share(other));
    while space > 0 {
        taken += 1;
        match nibble(taken - 1)? {
            RUN => {
                at += usize::from(nibble(taken)? | nibble(taken + 1)? << 4) + 1;
                taken += 2;
            }
            len if u32::from(len) <= most => {
                *lengths.get_mut(at).ok_or(ERROR)? = len;
                at += 1;
                space = space.checked_sub(share(len.into())).ok_or(ERROR)?;
            }
            _ => return Err(ERROR),
        }
    }
    Ok((lengths, usize::div_ceil(taken, 2)))
}

/// The bytes that have a code, with its length. Most have none, and are passed over.
#[inline(always)]
pub(in crate::coder) fn present(lengths: &[u8; 256]) -> impl Iterator<Item = (u8, u8)> {
    let mut left = [0u64; 4];
    for (at, eight) in lengths.as_chunks::<8>().0.iter().enumerate() {
        left[at / 8] |= any_of_eight(*eight) << (at % 8 * 8);
    }
    let mut part = 0;
    std::iter::from_fn(move || {
        while left[part] == 0 {
            part += 1;
            if part == left.len() {
                part = 0;
                return None;
            }
        }
        let byte = part * 64 + left[part].trailing_zeros() as usize;
        left[part] &= left[part] - 1;
        Some((byte as u8, lengths[byte]))
    })
}

/// A bit for each byte of a word, of 128 at most, that is not 0.
#[inline(always)]
fn any_of_eight(bytes: [u8; 8]) -> u64 {
    let tops = (u64::from_le_bytes(bytes) + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
    // Byte `i`'s bit gets to bit `56 + i`.
    tops.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// What a code of so many bits takes of all 2^[`MAX_BITS`]; 0 for none.
fn share(len: u32) -> usize {
    if len == 0 { 0 } else { 1 << (MAX_BITS - len) }
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
        let lengths = limited(&counts, MAX_BITS);
        let mut bytes = write(&lengths);
        let len = bytes.len();
        bytes.extend([0xff; 9]);
        assert_eq!(read(&bytes, MAX_BITS, 0), Ok((lengths, len)));
    }

    #[test]
    fn within_the_limit_it_is_huffmans() {
        let mut counts = [0; 256];
        counts[..5].copy_from_slice(&[16, 8, 4, 2, 2]);
        assert_eq!(limited(&counts, MAX_BITS)[..6], [1, 2, 3, 4, 4, 0]);
    }

    #[test]
    fn a_limited_code_is_complete_and_near_the_best() {
        for n in 2..=256 {
            let mut counts = [0; 256];
            for (i, count) in counts.iter_mut().enumerate().take(n) {
                *count = ((1u64 << 30) as f64 / 1.35f64.powi(i as i32)) as u32 + 1;
            }
            let lengths = limited(&counts, MAX_BITS);
            let shares = lengths.iter().filter(|len| **len > 0);
            let space: u32 = shares.map(|len| 1 << (MAX_BITS - u32::from(*len))).sum();
            assert_eq!(space, 1 << MAX_BITS, "{n}");
            let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
            let bits: f64 = (0..n)
                .map(|i| f64::from(counts[i]) * f64::from(lengths[i]))
                .sum();
            let best: f64 = (0..n)
                .map(|i| f64::from(counts[i]) * (total / f64::from(counts[i])).log2())
                .sum();
            // A code takes at least a share of 2^-11.
            let bound = best * (1.04 + n as f64 / 2048.0);
            assert!(n < 3 || bits < bound, "{n}: {bits} {best}");
        }
    }
}
