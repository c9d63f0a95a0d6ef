//! Planes as zstd frames.

use crate::coder::Scratch;

/// The level from which on one takes so long that it is tried only where strings make up most.
const SLOW: i32 = 12;

/// Appends the smallest zstd frame of some levels', from the lowest on, if that is below a length.
pub(super) fn append_below(
    limit: usize,
    plane: &[u8],
    levels: &[i32],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> bool {
    let start = out.len();
    let mut best = limit;
    for (tried, &level) in levels.iter().enumerate() {
        // Where the first finds nothing, or what a slow one would have to start from, others are tried in vain.
        if tried > 0 && best == limit || level >= SLOW && 3 * best > 2 * limit {
            break;
        }
        let try_at = out.len();
        append(plane, level, scratch, out);
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

/// Appends a zstd frame of the level that makes the least of a sample, if that promises to be below a length and is.
pub(super) fn append_promising(
    limit: usize,
    plane: &[u8],
    levels: &[i32],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> bool {
    let &[first, ref others @ ..] = levels else {
        return false;
    };
    if plane.len() <= SAMPLE {
        // Of little any level makes as much, and the highest finds the most strings.
        return append_below(limit, plane, &levels[levels.len() - 1..], scratch, out);
    }
    let sample = sample(plane);
    let mut best = (sampled(&sample, first, scratch, out), first);
    if best.0 as f64 * plane.len() as f64 >= limit as f64 * sample.len() as f64 {
        return false;
    }
    // Higher ones find strings, of which there are few where the first leaves most of the bytes.
    let others = if 2 * best.0 < sample.len() {
        others
    } else {
        &[]
    };
    for level in others {
        best = best.min((sampled(&sample, *level, scratch, out), *level));
    }
    append_below(limit, plane, &[best.1], scratch, out)
}

/// Whether level 1 makes less of a sample than so many bytes for each of its bytes.
pub(super) fn promises(plane: &[u8], share: f64, scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
    let sample = sample(plane);
    (sampled(&sample, 1, scratch, out) as f64) < share * sample.len() as f64
}

/// Bytes of a sample, which are in so many runs.
const SAMPLE: usize = 8 << 10;
const RUNS: usize = 4;

fn sample(plane: &[u8]) -> Vec<u8> {
    let step = plane.len() / RUNS;
    let run = (SAMPLE / RUNS).min(step);
    let runs = (0..RUNS).map(|at| &plane[at * step..][..run]);
    runs.flatten().copied().collect()
}

/// What a level makes of a sample, in bytes.
fn sampled(sample: &[u8], level: i32, scratch: &mut Scratch, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    append(sample, level, scratch, out);
    let len = out.len() - start;
    out.truncate(start);
    len
}

/// Appends a zstd frame of the bytes; without memory for zstd, which makes none, nothing that is short.
fn append(bytes: &[u8], level: i32, scratch: &mut Scratch, out: &mut Vec<u8>) {
    let mut frame = std::mem::take(&mut scratch.frame);
    frame.clear();
    frame.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
    let made = compressor(level, scratch)
        .is_some_and(|zstd| zstd.compress_to_buffer(bytes, &mut frame).is_ok());
    if made {
        out.extend_from_slice(&frame);
    } else {
        out.resize(out.len() + frame.capacity(), 0);
    }
    scratch.frame = frame;
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
    append(bytes, level, &mut Scratch::default(), &mut out);
    out.len()
}
