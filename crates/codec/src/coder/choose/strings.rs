//! Short strings that come again, as in tables of numbers, programs and texts, and hardly ever among weights.

/// Bytes that are looked at.
const SAMPLE: usize = 16 << 10;
const STRING: usize = 4;
const HASH_BITS: u32 = 12;
/// The share of strings that come again from which on it is worth while to look for them.
const LEAST: f64 = 0.03;
/// Where so many come again it is, whatever chance does: a table's zeros are not strewn.
const MOST: f64 = 0.4;

/// Whether short strings of bytes come again, in the middle of all, more often than by how often bytes do.
pub(crate) fn comes_again(bytes: &[u8]) -> bool {
    let start = bytes.len().saturating_sub(SAMPLE) / 2;
    let sample = &bytes[start..bytes.len().min(start + SAMPLE)];
    let mut counts = [0u32; 256];
    let mut last = [0u32; 1 << HASH_BITS];
    let mut again = 0u32;
    for string in sample.windows(STRING) {
        let Some(string) = string.first_chunk::<STRING>() else {
            continue;
        };
        counts[usize::from(string[0])] += 1;
        // Of zeros, which an empty place looks like, none is counted.
        let string = u32::from_le_bytes(*string);
        let hash = string.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS);
        let before = &mut last[hash as usize];
        again += u32::from(*before == string && string != 0);
        *before = string;
    }
    let total = f64::from(counts.iter().sum::<u32>().max(1));
    let equal: f64 = counts.iter().map(|&n| (f64::from(n) / total).powi(2)).sum();
    // A place holds the last of the strings that share it.
    let by_chance = equal.powi(STRING as i32) * f64::from(1u32 << HASH_BITS);
    f64::from(again) / total > (LEAST + 2.0 * by_chance).min(MOST)
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
    fn tables_come_again_and_weights_do_not() {
        let table: Vec<u8> = (0..5000u32)
            .flat_map(|row| [row * 40, (row % 29) | (0x28 << 16)])
            .flat_map(u32::to_le_bytes)
            .collect();
        assert!(comes_again(&table));
        assert!(comes_again(include_bytes!("strings.rs")));
        assert!(!comes_again(&noise(100_000)));
        let weights: Vec<u8> = noise(100_000)
            .chunks(4)
            .flat_map(|of| [of[0], of[1], of[2], 0x3c | of[3] & 1])
            .collect();
        assert!(!comes_again(&weights));
        // Few values, with nothing between one and the next.
        let few: Vec<u8> = noise(100_000).iter().map(|byte| byte & 31).collect();
        assert!(!comes_again(&few));
        for len in 0..5 {
            assert!(!comes_again(&vec![7; len]));
        }
    }
}
