//! Which coding a plane gets: the cheapest, found with as little looking as will do.

use super::histogram::{entropy, histogram};
use super::{Coding, Scratch, huffman, tiered};
use crate::Level;
use crate::cpu::at_best;

/// Encodes a plane to the end of `out`.
pub(crate) fn encode(
    plane: &[u8],
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    let Some(&first) = plane.first() else {
        return Coding::Raw;
    };
    if is_constant(plane, first) {
        out.push(first);
        return Coding::Constant;
    }
    let repeats = repeats(plane);
    if level != Level::Max && is_noise(plane, repeats) {
        out.extend(plane);
        return Coding::Raw;
    }
    let counts = histogram(plane);
    let code = huffman::Code::new(&counts);
    let coded = code.encoded_len(&counts);
    let effort = effort(level);
    let worth = plane.len() - (plane.len() as f64 * effort.least_gain) as usize;
    let repetitive = looks_repetitive(plane, &counts, repeats, &code, effort, scratch);
    if level == Level::Fast
        && !repetitive
        && let Some(spec) = tiered::instead(&counts, coded.min(worth))
    {
        tiered::encode(plane, &spec, &mut scratch.tiered, out);
        return Coding::Tiered;
    }
    let (levels, limit) = if repetitive {
        (effort.zstd, coded)
    } else if has_long_codes(coded, plane) {
        (
            &effort.zstd[..1],
            coded + (coded as f64 * effort.for_speed) as usize,
        )
    } else {
        (&effort.zstd[..0], coded)
    };
    if append_zstd_below(limit.min(worth), plane, levels, scratch, out) {
        return Coding::Zstd;
    }
    if coded < worth {
        huffman::encode(plane, &code, out);
        return Coding::Huffman;
    }
    out.extend(plane);
    Coding::Raw
}

/// What a level is ready to do.
struct Effort {
    /// The least share of a plane that coding it must save: less is not worth the decoder's time.
    least_gain: f64,
    /// The levels of zstd that are tried. Higher ones are not always smaller on planes: they find
    /// matches that cost more than the code of their bytes.
    zstd: &'static [i32],
    /// How much of a plane is given to zstd to see if it finds repetition.
    sample: usize,
    /// The share by which a zstd frame may be larger than a Huffman payload where it decodes faster.
    for_speed: f64,
}

const fn effort(level: Level) -> &'static Effort {
    match level {
        Level::Fast => &Effort {
            least_gain: 0.03,
            zstd: &[1],
            sample: 4 << 10,
            for_speed: 0.001,
        },
        Level::Default => &Effort {
            least_gain: 0.01,
            zstd: &[1, 3],
            sample: 8 << 10,
            for_speed: 0.001,
        },
        Level::Max => &Effort {
            least_gain: 0.0,
            zstd: &[1, 3, 12],
            sample: 64 << 10,
            for_speed: 0.0,
        },
    }
}

fn is_constant(plane: &[u8], first: u8) -> bool {
    plane
        .chunks(4096)
        .all(|part| part.iter().fold(0, |any, byte| any | (byte ^ first)) == 0)
}

at_best! {
    /// The share of bytes that are equal to the next.
    fn repeats(plane: &[u8]) -> f64 = equal_neighbours
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

/// Whether a sample of the bytes is as good as uniform and the whole has no runs.
fn is_noise(plane: &[u8], repeats: f64) -> bool {
    const RUNS: usize = 16;
    const RUN: usize = 256;
    if plane.len() < 2 * RUNS * RUN || repeats > 1.0 / 256.0 + 0.002 {
        return false;
    }
    let step = plane.len() / RUNS;
    let mut sample = [0; RUNS * RUN];
    for (run, part) in sample.chunks_mut(RUN).enumerate() {
        part.copy_from_slice(&plane[run * step..run * step + RUN]);
    }
    // 4,096 draws from 256 equal values show 7.955 bits, give or take .004.
    entropy(&histogram(&sample)) > 7.88
}

/// Whether zstd is likely to find more than the frequencies of the bytes.
fn looks_repetitive(
    plane: &[u8],
    counts: &[u32; 256],
    repeats: f64,
    code: &huffman::Code,
    effort: &Effort,
    scratch: &mut Scratch,
) -> bool {
    let total = plane.len() as f64;
    let by_chance: f64 = counts
        .iter()
        .map(|&count| (f64::from(count) / total).powi(2))
        .sum();
    if repeats > by_chance + 0.004 && repeats > by_chance * 1.1 {
        return true;
    }
    let start = (plane.len().saturating_sub(effort.sample)) / 2;
    let sample = &plane[start..(start + effort.sample).min(plane.len())];
    let mut out = Vec::new();
    zstd_append(sample, 1, scratch, &mut out);
    (out.len() as f64) < 0.97 * code.encoded_len(&histogram(sample)) as f64
}

/// Whether codes are so long that zstd, which codes bytes by Huffman too, reads its own faster.
fn has_long_codes(coded: usize, plane: &[u8]) -> bool {
    coded * 8 > plane.len() * 5
}

/// Appends the smallest zstd frame of some levels', if that is below a length.
fn append_zstd_below(
    limit: usize,
    plane: &[u8],
    levels: &[i32],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> bool {
    let start = out.len();
    let mut best = limit;
    for &level in levels {
        let try_at = out.len();
        zstd_append(plane, level, scratch, out);
        let len = out.len() - try_at;
        if len < best {
            best = len;
            out.drain(start..try_at);
        } else {
            out.truncate(try_at);
        }
    }
    best < limit
}

/// Appends a zstd frame of the bytes.
fn zstd_append(bytes: &[u8], level: i32, scratch: &mut Scratch, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + zstd::zstd_safe::compress_bound(bytes.len()), 0);
    let len = compressor(level, scratch)
        .and_then(|zstd| zstd.compress_to_buffer(bytes, &mut out[start..]).ok())
        // Without memory for zstd the plane is coded otherwise.
        .unwrap_or(out.len() - start);
    out.truncate(start + len);
}

fn compressor(level: i32, scratch: &mut Scratch) -> Option<&mut zstd::bulk::Compressor<'static>> {
    let at = scratch.zstd.iter().position(|(of, _)| *of == level);
    let at = match at {
        Some(at) => at,
        None => {
            scratch
                .zstd
                .push((level, zstd::bulk::Compressor::new(level).ok()?));
            scratch.zstd.len() - 1
        }
    };
    scratch.zstd.get_mut(at).map(|(_, zstd)| zstd)
}

/// The length of a zstd frame of the bytes.
pub(crate) fn zstd_len(bytes: &[u8], level: i32) -> usize {
    let mut out = Vec::new();
    zstd_append(bytes, level, &mut Scratch::default(), &mut out);
    out.len()
}

#[cfg(test)]
mod tests {
    use super::*;

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
