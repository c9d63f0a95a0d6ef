//! Looking at a plane, without counting all of it.

use super::effort::Effort;
use crate::coder::histogram::{entropy, kinds, of_runs, weight};
use crate::cpu::at_best;
use crate::noise::equal_pairs;

pub(super) fn is_constant(plane: &[u8], first: u8) -> bool {
    plane
        .chunks(4096)
        .all(|part| part.iter().fold(0, |any, byte| any | (byte ^ first)) == 0)
}

at_best! {
    /// The share of bytes that are equal to the next.
    pub(super) fn repeats(plane: &[u8]) -> f64 = equal_neighbours
}

#[inline(always)]
fn equal_neighbours(plane: &[u8]) -> f64 {
    let mut count = 0u32;
    let pairs = plane[1..].chunks(128).zip(plane.chunks(128));
    for (next, part) in pairs {
        // In a byte, so that a vector holds many counters.
        let equal: u8 = part.iter().zip(next).map(|(a, b)| u8::from(a == b)).sum();
        count += u32::from(equal);
    }
    f64::from(count) / plane.len() as f64
}

at_best! {
    /// The share of words of 8 bytes that are all equal to the next byte.
    fn runs(plane: &[u8]) -> f64 = runs_any
}

#[inline(always)]
fn runs_any(plane: &[u8]) -> f64 {
    let words = plane.as_chunks::<8>().0.iter();
    let next = plane.get(1..).unwrap_or_default().as_chunks::<8>().0;
    let equal: u64 = words.zip(next).map(|(a, b)| u64::from(a == b)).sum();
    equal as f64 * 8.0 / plane.len().max(1) as f64
}

/// Whether a sample of the bytes is as good as uniform and the whole has no runs.
pub(super) fn is_noise(plane: &[u8], repeats: f64) -> bool {
    const RUNS: usize = 16;
    const RUN: usize = 256;
    const SAMPLE: u64 = (RUNS * RUN) as u64;
    // How often two bytes are equal, and what more there is where a byte has .075 bits less than 8.
    const PAIRS: u64 = SAMPLE * (SAMPLE - 1) / 2 / 256;
    const MORE_PAIRS: u64 = PAIRS / 10;
    if plane.len() < 2 * RUNS * RUN || repeats > 1.0 / 256.0 + 0.002 {
        return false;
    }
    let step = plane.len() / RUNS;
    let runs = plane.chunks(step).take(RUNS);
    let counts = of_runs::<RUN>(runs.filter_map(<[u8]>::first_chunk));
    equal_pairs(counts.into_iter()) <= PAIRS + MORE_PAIRS
}

/// Whether a small sample of low bits shows nothing that is worth a code.
pub(crate) fn are_noise(low_bits: &[u8]) -> bool {
    const RUNS: usize = 32;
    const RUN: usize = 32;
    const SAMPLE: u32 = (RUNS * RUN) as u32;
    // Sums of squares: of counts that are all equal but for chance, which adds 2 % a time; and of those of bytes that
    // have a hundredth less than 8 bits.
    const LEAST: u32 = SAMPLE + SAMPLE * SAMPLE / 256;
    const MOST: u32 = LEAST + LEAST / 8;
    const MOST_EQUAL: u32 = SAMPLE / 48;
    let step = low_bits.len() / RUNS;
    if step < RUN {
        return false;
    }
    let mut counts = [0u32; 256];
    let mut equal = 0;
    for run in low_bits
        .chunks(step)
        .filter_map(|part| part.first_chunk::<RUN>())
        .take(RUNS)
    {
        run.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        equal += run
            .windows(2)
            .map(|two| u32::from(two[0] == two[1]))
            .sum::<u32>();
    }
    let squares: u32 = counts.iter().map(|count| count * count).sum();
    squares <= MOST && equal <= MOST_EQUAL
}

/// Whether there are runs of one byte that chance does not make.
pub(super) fn has_runs(plane: &[u8], counts: &[u32; 256]) -> bool {
    runs(plane) > 0.01 + 2.0 * by_chance(counts).powi(8)
}

/// How often two bytes of such counts are equal.
fn by_chance(counts: &[u32; 256]) -> f64 {
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let squares: u64 = counts.iter().map(|count| u64::from(*count).pow(2)).sum();
    squares as f64 / (total as f64).powi(2)
}

/// Whether there is more to find than the frequencies of the bytes, by which they take `coded` bytes: runs,
/// or strings that come again. A zstd frame is worth its time below `for_zstd` bytes.
pub(super) fn repeats_itself(
    plane: &[u8],
    counts: &[u32; 256],
    coded: usize,
    for_zstd: usize,
    repeats: f64,
    effort: &Effort,
) -> bool {
    let by_chance = by_chance(counts);
    // Where one byte is most of all, a bit each is too much, and strings are the same by chance.
    let too_much = by_chance > effort.most_of_all
        && coded as f64 * 8.0 > entropy(counts) * plane.len() as f64 * 1.03;
    if too_much {
        return true;
    }
    let needed = 1.0 - for_zstd as f64 / coded.min(plane.len()) as f64;
    let is_more = repeats > by_chance + 0.004 && repeats > by_chance * 1.1;
    let runs = if is_more { runs(plane) } else { 0.0 };
    if runs > 0.004 + 2.0 * repeats.powi(8) && RUN_SAVES * runs > needed {
        return true;
    }
    // Parts that differ much from each other, to which zstd adapts.
    if is_more && repeats > by_chance * effort.alike && parts_differ(plane, needed) {
        return true;
    }
    // Of two strings of 8 bytes one in so many is the same; each is compared with one that has its
    // hash, of which there are not many more than strings.
    let sample = effort.sample.min(plane.len());
    let same = by_chance.powi(8) * 8.0 * sample as f64;
    let seen = seen_before(plane, sample);
    seen > 0.02 + same && RUN_SAVES * seen > needed
}

/// What a word that is in a run, or that was seen before, saves beside what a code makes of a word, at most.
const RUN_SAVES: f64 = 2.0;

/// Whether zstd may save such a share by adapting to parts of a plane: twice what few parts seem to, and a little.
fn parts_differ(plane: &[u8], needed: f64) -> bool {
    const LEAST: f64 = 0.005;
    if needed <= 0.0 {
        return true;
    }
    let saved = parts_save(plane);
    saved > LEAST && 2.0 * (saved + LEAST) > needed
}

/// The share that is saved, about, where each part of a plane has a code of its own.
fn parts_save(plane: &[u8]) -> f64 {
    const PARTS: usize = 8;
    const RUNS: usize = 32;
    const RUN: usize = 32;
    let part_len = plane.len() / PARTS;
    if part_len < RUNS * RUN {
        return 0.0;
    }
    let mut all = [0u32; 256];
    let mut by_part = 0.0;
    for part in plane.chunks_exact(part_len) {
        let runs = part.chunks_exact(part_len / RUNS);
        let counts = of_runs::<RUN>(runs.filter_map(<[u8]>::first_chunk));
        all.iter_mut()
            .zip(&counts)
            .for_each(|(all, own)| *all += own);
        by_part += unflattered(&counts);
    }
    1.0 - f64::from(by_part / unflattered(&all))
}

/// The bits that bytes of such counts take, with what a sample's entropy is too small by: half a bit (to base e) for
/// each of its values.
fn unflattered(counts: &[u32; 256]) -> f32 {
    weight(counts) + kinds(counts) as f32 * 0.5 * std::f32::consts::LOG2_E
}

/// In the middle of a plane, the share of bytes from which on 8 are as once before.
fn seen_before(plane: &[u8], sample: usize) -> f64 {
    const HASH_BITS: u32 = 11;
    let start = plane.len().saturating_sub(sample) / 2;
    let sample = &plane[start..(start + sample).min(plane.len())];
    let mut last = [0u64; 1 << HASH_BITS];
    let mut seen = 0u32;
    for string in sample.windows(8) {
        let Some(string) = string.first_chunk() else {
            continue;
        };
        let string = u64::from_le_bytes(*string);
        let hash = string.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - HASH_BITS);
        let before = &mut last[hash as usize];
        seen += u32::from(*before == string);
        *before = string;
    }
    f64::from(seen) / sample.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::effort::effort;
    use super::*;
    use crate::Level;
    use crate::coder::histogram::histogram;

    #[test]
    fn strings_that_come_again_are_found() {
        let mut noise = vec![0; 8000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        let few: Vec<u8> = noise.iter().map(|byte| byte & 3).collect();
        let text = include_bytes!("look.rs");
        let effort = effort(Level::Default);
        assert!(seen_before(text, 4096) > 0.1);
        assert!(seen_before(&noise[..1000].repeat(2), 4096) > 0.25);
        assert!(seen_before(&noise, 4096) < 0.001);
        assert!(repeats_itself(
            text,
            &histogram(text),
            text.len(),
            text.len() - text.len() / 8,
            repeats(text),
            effort
        ));
        assert!(!repeats_itself(
            &few,
            &histogram(&few),
            few.len() / 4,
            few.len() / 5,
            repeats(&few),
            effort
        ));
    }

    #[test]
    fn runs_are_found_and_likeness_is_none() {
        let mut bytes = vec![0; 64_000];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        // One in eight as the byte before.
        let mut last = 0;
        let alike: Vec<u8> = bytes
            .iter()
            .map(|byte| {
                last = if byte & 0x70 == 0 { last } else { byte & 3 };
                last
            })
            .collect();
        let mut with_rows = bytes.clone();
        with_rows
            .chunks_mut(400)
            .step_by(50)
            .for_each(|row| row.fill(0));
        let effort = effort(Level::Default);
        for (plane, has) in [(&bytes, false), (&alike, false), (&with_rows, true)] {
            let counts = histogram(plane);
            let coded = (entropy(&counts) * 8000.0) as usize;
            let found = repeats_itself(
                plane,
                &counts,
                coded,
                coded - coded / 50,
                repeats(plane),
                effort,
            );
            assert_eq!(found, has);
            assert_eq!(runs(plane), runs_any(plane));
        }
    }

    #[test]
    fn every_machine_counts_the_same_repeats() {
        let mut plane = vec![0; 5000];
        blake3::Hasher::new().finalize_xof().fill(&mut plane);
        plane[1000..2000].fill(9);
        plane.iter_mut().for_each(|byte| *byte &= 0x0f);
        for len in [1, 2, 128, 129, 130, 5000] {
            let plane = &plane[..len];
            let equal = plane.windows(2).filter(|pair| pair[0] == pair[1]).count();
            assert_eq!(repeats(plane), equal as f64 / len as f64, "{len}");
            assert_eq!(equal_neighbours(plane), repeats(plane), "{len}");
        }
    }
}
