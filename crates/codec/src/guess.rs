//! What the elements of a chunk of unknown kind are, from the statistics of its bytes.

mod blocks;
mod rows;

use crate::Dtype;
use crate::coder::{self, adaptive_bits, entropy, histogram, zstd_len};
use crate::layout::Layout;
use crate::planes;

/// Bytes that are looked at: some runs spread over the chunk.
const RUNS: usize = 8;
const RUN: usize = 4096;
/// Bytes that are looked at for strings, which come again only where many bytes lie together.
const LONG_RUN: usize = 64 << 10;
/// By how much strings must make less than elements, whose planes may have strings too.
const STRINGS: f64 = 0.97;

/// By how much more bits a dtype is clearly not what the bytes are.
const CLEARLY: f64 = 1.04;

/// The dtype under which the bytes look cheapest, and how many bytes come before its first whole
/// element.
pub(crate) fn guess(raw: &[u8]) -> (Dtype, u8) {
    let sample = sample(raw);
    if is_noise(&sample) {
        return (Dtype::Bytes, 0);
    }
    if let Some(found) = blocks::find(raw) {
        return found;
    }
    let end = end_of_doubles(&sample);
    let bytes = cost(Dtype::Bytes, 0, &sample).min(8.0 * zstd_len(&sample, 1) as f64);
    let (best, dtype, lead) = candidates()
        .map(|(dtype, lead)| (cost(dtype, lead, &sample), dtype, lead))
        .fold((f64::MAX, Dtype::Bytes, 0), |best, next| {
            let least = match next.1 {
                Dtype::U32 | Dtype::U64 => 0.99 * best.0,
                // Where doubles begin makes next to no difference to their bytes' frequencies.
                Dtype::F64 if best.1 == Dtype::F64 && next.2 == end => 1.02 * best.0,
                Dtype::F64 if best.1 == Dtype::F64 && best.2 == end => 0.98 * best.0,
                _ => best.0,
            };
            if next.0 < least { next } else { best }
        });
    // Wide elements must show: text and mixed bytes are better off undivided.
    if best >= bytes * 0.97 || is_shorter_by_strings(raw, dtype, lead) {
        return (Dtype::Bytes, 0);
    }
    (dtype, lead)
}

/// Whether bytes may be whole elements of a dtype: not where another dtype, or another place to begin, makes
/// clearly less of them.
pub fn looks_like(raw: &[u8], dtype: Dtype) -> bool {
    let sample = sample(raw);
    let is_told = !matches!(dtype, Dtype::Unknown | Dtype::Bytes);
    if !is_told || !8_usize.is_multiple_of(dtype.block_bytes()) || is_noise(&sample) {
        return true;
    }
    let told = cost(dtype, 0, &sample);
    candidates().all(|(dtype, lead)| told < CLEARLY * cost(dtype, lead, &sample))
}

/// Elements of a row, and how many of the first come before the chunk's first whole element; zeros where nothing shows.
pub(crate) fn rows(raw: &[u8], dtype: Dtype, lead: u8) -> (u32, u64) {
    let units = raw.get(usize::from(lead)..).unwrap_or_default();
    rows::find(units, dtype).unwrap_or_default()
}

/// Whether a longer part of the chunk, in which strings come again, is shorter by them than as elements.
fn is_shorter_by_strings(raw: &[u8], dtype: Dtype, lead: u8) -> bool {
    let start = raw.len().saturating_sub(LONG_RUN) / 2 / 8 * 8;
    let part = &raw[start..raw.len().min(start + LONG_RUN)];
    coder::comes_again(part) && 8.0 * zstd_len(part, 1) as f64 <= cost(dtype, lead, part) * STRINGS
}

/// Whether no byte of a word of 8 says anything: what is true of compressed bytes, for which the
/// rest would be wasted time. The entropy of so few draws is near their number's logarithm.
fn is_noise(sample: &[u8]) -> bool {
    let mut words = vec![0; sample.len() / 8 * 8];
    planes::split(Layout::Bytes(8), &sample[..words.len()], &mut words);
    let plane = words.len() / 8;
    plane >= RUN
        && words
            .chunks(plane)
            .all(|bytes| entropy(&histogram(bytes)) > 7.93)
}

/// Narrow before wide, floats before integers, whose numbers are told from floats of few digits by a
/// little only: among equals the first is taken.
fn candidates() -> impl Iterator<Item = (Dtype, u8)> {
    let aligned = [
        Dtype::F16,
        Dtype::Bf16,
        Dtype::F32,
        Dtype::U32,
        Dtype::F64,
        Dtype::U64,
    ];
    aligned
        .into_iter()
        .flat_map(|dtype| (0..dtype.block_bytes() as u8).map(move |lead| (dtype, lead)))
}

/// Runs that begin at multiples of 8, so that the phase of wide elements is kept, and in the middle of as many parts:
/// what a chunk begins or ends with, such as a header, counts for no more than it is.
fn sample(raw: &[u8]) -> Vec<u8> {
    if raw.len() <= RUNS * RUN {
        return raw.to_vec();
    }
    let part = raw.len() / RUNS;
    (0..RUNS)
        .map(|run| (run * part + (part - RUN) / 2) / 8 * 8)
        .flat_map(|start| &raw[start..start + RUN])
        .copied()
        .collect()
}

/// Behind how many bytes doubles would begin: where the position of the most uneven bytes is that of sign and
/// exponent. Those that are all the same are the zeros of numbers that had fewer digits.
fn end_of_doubles(sample: &[u8]) -> u8 {
    let mut counts = [[0_u64; 256]; 8];
    for word in sample.as_chunks::<8>().0 {
        for (counts, &byte) in counts.iter_mut().zip(word) {
            counts[usize::from(byte)] += 1;
        }
    }
    let words = (sample.len() / 8) as u64;
    let uneven = |at: &u8| -> u64 { counts[usize::from(*at)].iter().map(|n| n * n).sum() };
    (0..8)
        .filter(|at| uneven(at) < words * words * 31 / 32)
        .max_by_key(uneven)
        .map_or(0, |at| (at + 1) % 8)
}

/// The bits that the sample's planes take, by the frequencies of their bytes.
fn cost(dtype: Dtype, lead: u8, sample: &[u8]) -> f64 {
    let layout = Layout::of(dtype);
    let core = crate::header::core(layout, lead, sample.len());
    let mut planes = vec![0; core.len()];
    planes::split(layout, &sample[core.clone()], &mut planes);
    let edges = 8 * (sample.len() - core.len());
    let plane = planes.len() / layout.planes();
    let coded: f64 = planes.chunks(plane.max(1)).map(adaptive_bits).sum();
    edges as f64 + coded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers about 0 with a spread of magnitudes, without a source of randomness.
    fn weights(count: u32) -> impl Iterator<Item = f32> {
        (0..count).map(|i| {
            let u = (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32;
            let v = (i.wrapping_mul(2_246_822_519) >> 8) as f32 / (1 << 24) as f32;
            (u - 0.5) * v * 0.1
        })
    }

    #[test]
    fn floats_are_found_at_any_phase() {
        let singles: Vec<u8> = weights(20_000).flat_map(f32::to_le_bytes).collect();
        let doubles: Vec<u8> = weights(20_000)
            .flat_map(|x| (f64::from(x) / 3.0).to_le_bytes())
            .collect();
        let bf16: Vec<u8> = weights(20_000)
            .flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes())
            .collect();
        assert_eq!(guess(&singles), (Dtype::F32, 0));
        assert_eq!(guess(&singles[1..]), (Dtype::F32, 3));
        assert_eq!(guess(&doubles[3..]), (Dtype::F64, 5));
        let widened: Vec<u8> = weights(20_000)
            .flat_map(|x| f64::from(x).to_le_bytes())
            .collect();
        for lead in 0..8 {
            assert_eq!(guess(&widened[8 - lead..]), (Dtype::F64, lead as u8));
        }
        assert_eq!(guess(&bf16), (Dtype::Bf16, 0));
        assert_eq!(guess(&bf16[1..]), (Dtype::Bf16, 1));
    }

    #[test]
    fn a_header_before_floats_is_not_what_counts() {
        let header = r#"{"layer.0.weight":{"dtype":"F16"}}"#.repeat(120);
        let bf16 = weights(100_000).flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes());
        let file: Vec<u8> = header.bytes().chain(bf16).collect();
        assert_eq!(guess(&file), (Dtype::Bf16, 0));
    }

    #[test]
    fn text_and_noise_are_bytes() {
        let mut noise = vec![0; 100_000];
        blake3::Hasher::new()
            .update(b"noise")
            .finalize_xof()
            .fill(&mut noise);
        assert_eq!(guess(include_bytes!("guess.rs")), (Dtype::Bytes, 0));
        assert_eq!(guess(&noise), (Dtype::Bytes, 0));
        assert_eq!(guess(&noise[..1000]), (Dtype::Bytes, 0));
        assert_eq!(guess(b""), (Dtype::Bytes, 0));
        assert_eq!(guess(b"x"), (Dtype::Bytes, 0));
    }
}
