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
    for &level in levels {
        if level >= SLOW && 3 * best > 2 * limit {
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

/// Whether level 1 makes less of a sample than so many bytes for each of its bytes.
pub(super) fn promises(plane: &[u8], share: f64, scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
    const RUNS: usize = 4;
    let run = 4096.min(plane.len() / RUNS);
    let step = plane.len() / RUNS;
    let start = out.len();
    for at in 0..RUNS {
        out.extend_from_slice(&plane[at * step..][..run]);
    }
    let sample = out.split_off(start);
    append(&sample, 1, scratch, out);
    let len = out.len() - start;
    out.truncate(start);
    (len as f64) < share * sample.len() as f64
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
