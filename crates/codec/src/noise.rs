//! Bytes that no level makes anything of, found by a sample: what is compressed or encrypted already
//! must cost little more than a copy.

/// The sample: runs spread over all bytes.
const RUNS: usize = 64;
const RUN: usize = 256;
/// How often two bytes of it are equal, if all are equally likely: this, give or take .14%.
const PAIRS: u64 = (RUNS * RUN) as u64 * (RUNS * RUN - 1) as u64 / 2 / 256;
/// What more is taken for noise still. Bytes that are equal so often have .005 bits less than 8.
const MORE_PAIRS: u64 = PAIRS / 128;
/// Runs that are looked at first, and how often two of their bytes are equal if they are noise: give or take 1.1%.
const FEW: usize = 8;
const FEW_PAIRS: u64 = (FEW * RUN) as u64 * (FEW * RUN - 1) as u64 / 2 / 256;
/// The longest element.
const WORD: usize = 8;
/// How often two bytes at the same place of a word are equal: this, give or take .4%.
const BY_PLACE: u64 = (RUNS * RUN) as u64 * (RUNS * RUN / WORD - 1) as u64 / 2 / 256;
const MORE_BY_PLACE: u64 = BY_PLACE / 64;

/// Whether all bytes look equally likely.
pub(crate) fn is_noise(bytes: &[u8]) -> bool {
    if bytes.len() < 2 * RUNS * RUN {
        return false;
    }
    // By the place in a word, so that a byte that two planes have together is not taken for any byte.
    let mut counts = [[0u32; 256]; WORD];
    for (done, run) in bytes
        .chunks(bytes.len() / RUNS / WORD * WORD)
        .take(RUNS)
        .enumerate()
    {
        if done == FEW && far_from_noise(&counts) {
            return false;
        }
        for word in run[..RUN].as_chunks::<WORD>().0 {
            for (counts, byte) in counts.iter_mut().zip(word) {
                counts[usize::from(*byte)] += 1;
            }
        }
    }
    let by_place: u64 = counts
        .iter()
        .map(|own| equal_pairs(own.iter().copied()))
        .sum();
    equal_pairs(together(&counts)) <= PAIRS + MORE_PAIRS && by_place <= BY_PLACE + MORE_BY_PLACE
}

/// The counts of all places.
fn together(counts: &[[u32; 256]; WORD]) -> impl Iterator<Item = u32> {
    (0..256).map(|byte| counts.iter().map(|counts| counts[byte]).sum())
}

/// Whether the first few runs show that the others need no look: most bytes that are no noise are far from it.
fn far_from_noise(counts: &[[u32; 256]; WORD]) -> bool {
    equal_pairs(together(counts)) > FEW_PAIRS + FEW_PAIRS / 4
}

/// How many pairs of equal bytes there are among bytes of some counts.
pub(crate) fn equal_pairs(counts: impl Iterator<Item = u32>) -> u64 {
    counts
        .map(u64::from)
        .map(|count| count * count.saturating_sub(1) / 2)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_noise_is_noise() {
        let mut bytes = vec![0; 300_000];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        assert!(is_noise(&bytes));
        // A bit that is set in a quarter of the bytes more than it should.
        let mut tilted = bytes.clone();
        tilted.iter_mut().step_by(4).for_each(|byte| *byte |= 4);
        assert!(!is_noise(&tilted));
        // A bit that is set in all bytes of one plane, and in none of another.
        let mut planes = bytes.clone();
        for pair in planes.as_chunks_mut::<2>().0 {
            *pair = [pair[0] | 0x80, pair[1] & 0x7f];
        }
        assert!(!is_noise(&planes));
        // Zeros here and there.
        for row in bytes.chunks_mut(768).step_by(32) {
            row.fill(0);
        }
        assert!(!is_noise(&bytes));
        assert!(!is_noise(&[]));
    }
}
