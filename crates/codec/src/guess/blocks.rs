//! Quantised blocks of GGUF, found by their scales: of all bytes of a block, only the upper byte of a
//! scale takes few values, and it comes again after just as many bytes as a block has.

use crate::Dtype;
use crate::coder::zstd_len;

/// Bytes that are looked at: 78 blocks of the longest.
const WINDOW: usize = 16 << 10;

/// How often two scales share their upper byte, at the least: bytes of no pattern do in 1 of 256.
const LEAST: f64 = 0.04;

/// A longer block must show better than a shorter one: each shows after any number of blocks, too.
const BETTER: f64 = 1.15;

/// Blocks by their length, and where in them the upper bytes of their scales are. Of those with the
/// same length and as many places, which this cannot tell apart, the most frequent.
const BLOCKS: &[(Dtype, &[usize])] = &[
    (Dtype::GgmlQ4_0, &[1]),
    (Dtype::GgmlQ4_1, &[1, 3]),
    (Dtype::GgmlQ5_0, &[1]),
    (Dtype::GgmlQ5_1, &[1, 3]),
    (Dtype::GgmlQ8_0, &[1]),
    (Dtype::GgmlTq1_0, &[53]),
    (Dtype::GgmlIq2Xxs, &[1]),
    (Dtype::GgmlIq2Xs, &[1]),
    (Dtype::GgmlIq2S, &[1]),
    (Dtype::GgmlQ2K, &[81, 83]),
    (Dtype::GgmlIq3Xxs, &[1]),
    (Dtype::GgmlQ3K, &[109]),
    (Dtype::GgmlIq4Xs, &[1]),
    (Dtype::GgmlQ4K, &[1, 3]),
    (Dtype::GgmlQ5K, &[1, 3]),
    (Dtype::GgmlQ6K, &[209]),
];

/// The blocks that a chunk is made of, if any, and how many bytes come before the first whole one.
pub(super) fn find(raw: &[u8]) -> Option<(Dtype, u8)> {
    let start = raw.len().saturating_sub(WINDOW) / 2;
    let window = raw.get(start..start + WINDOW)?;
    let mut best: Option<(f64, Dtype, usize)> = None;
    let mut shares = (0, vec![]);
    for &(dtype, uppers) in BLOCKS {
        let len = dtype.block_bytes();
        if shares.0 != len {
            shares = (len, equal_shares(window, len));
        }
        let Some((score, first)) = place(&shares.1, uppers) else {
            continue;
        };
        if best.is_none_or(|best| score > BETTER * best.0) {
            best = Some((score, dtype, (start + first) % len));
        }
    }
    let (_, dtype, lead) = best?;
    // Records of another kind, which repeat themselves, are better off as bytes: quants do not.
    if zstd_len(window, 1) < WINDOW / 4 * 3 {
        return None;
    }
    Some((dtype, u8::try_from(lead).ok()?))
}

/// For each position in a block of this length: how often two bytes there are equal.
fn equal_shares(window: &[u8], len: usize) -> Vec<f64> {
    let share = |position: usize| {
        let mut counts = [0_u32; 256];
        let mut equal = 0;
        for &byte in window[position..].iter().step_by(len) {
            let count = &mut counts[usize::from(byte)];
            equal += *count;
            *count += 1;
        }
        let n = ((window.len() - position).div_ceil(len)) as f64;
        f64::from(equal) / (n * (n - 1.0) / 2.0)
    };
    (0..len).map(share).collect()
}

/// Where blocks begin for the upper bytes of their scales to show best, if they do: far better than
/// any other byte of a block, but for the lower bytes of scales, which take few values where the weights
/// were of few bits.
fn place(shares: &[f64], uppers: &[usize]) -> Option<(f64, usize)> {
    let len = shares.len();
    let score = |first: usize| {
        let at = |upper: &usize| shares[(first + upper) % len];
        uppers.iter().map(at).fold(f64::MAX, f64::min)
    };
    let (best, first) = (0..len)
        .map(|first| (score(first), first))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    let in_scale = |at: usize| {
        let at = (at + len - first) % len;
        uppers.iter().any(|&upper| upper == at || upper == at + 1)
    };
    let other = (0..len)
        .filter(|&at| !in_scale(at))
        .map(|at| shares[at])
        .fold(0.0, f64::max);
    (best >= LEAST && best > 2.0 * other).then_some((best, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn blocks_of_every_length_at_any_place() {
        for &(dtype, uppers) in BLOCKS {
            let len = dtype.block_bytes();
            let mut bytes = noise(100_000);
            for block in bytes.chunks_exact_mut(len) {
                uppers
                    .iter()
                    .for_each(|&upper| block[upper] = 0x10 | block[upper] & 3);
            }
            for lead in [0, 1, len - 1] {
                let found = find(&bytes[(len - lead) % len..]);
                assert_eq!(found, Some((dtype, lead as u8)), "{dtype:?}");
            }
        }
    }

    #[test]
    fn torn_blocks_come_back() {
        let mut bytes = noise(300_000);
        for block in bytes.chunks_exact_mut(210) {
            block[209] = 0x10 | block[209] & 3;
        }
        let raw = &bytes[1..];
        let hint = crate::Hint {
            dtype: Dtype::Unknown,
            row: 0,
            offset: 0,
        };
        let id = *blake3::hash(raw).as_bytes();
        for level in [crate::Level::Fast, crate::Level::Default, crate::Level::Max] {
            let blob = crate::encode(raw, id, &hint, None, level);
            assert!(crate::decode(&blob.bytes, None).unwrap() == raw);
        }
    }

    #[test]
    fn records_that_repeat_themselves_are_not_blocks() {
        let words = noise(4096);
        let record = |i: usize| {
            let mut record = [0; 18];
            record[..16].copy_from_slice(&words[i * i % 97 * 16..][..16]);
            record[16] = words[i];
            record
        };
        let bytes: Vec<u8> = (0..4000).flat_map(record).collect();
        assert_eq!(find(&bytes), None);
    }

    #[test]
    fn what_is_not_blocks() {
        assert_eq!(find(&noise(100_000)), None);
        assert_eq!(find(&[0; 100_000]), None);
        assert_eq!(find(include_bytes!("blocks.rs")), None);
        let mut floats = noise(100_000);
        floats
            .iter_mut()
            .skip(3)
            .step_by(4)
            .for_each(|byte| *byte &= 3);
        assert_eq!(find(&floats), None);
        assert_eq!(find(&[]), None);
    }
}
