//! Which coding a plane gets: the cheapest, found with as little looking as will do.

mod code;
mod effort;
mod kept;
mod look;
mod mask;
mod strings;
mod zstd_frames;

use super::histogram::{about, entropy, histogram, kinds};
use super::{Coding, Scratch, levels};
use crate::Level;
use code::code;
use effort::{Effort, effort};

pub(crate) use kept::{How, Kept, Sample, Way};
pub(crate) use look::are_noise;
pub(crate) use strings::comes_again;
pub(crate) use zstd_frames::zstd_len;

/// Encodes a plane to the end of `out`.
pub(crate) fn encode(
    plane: &[u8],
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    decide(plane, 0, level, scratch, out).0
}

/// As [`encode`], for the plane at a place of a frame: in the way of the frame before, where that is as good.
pub(crate) fn encode_next(
    plane: &[u8],
    slot: usize,
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    if level == Level::Max || plane.len() < kept::LEAST || scratch.kept.is_alone(slot) {
        return decide(plane, slot, level, scratch, out).0;
    }
    let sample = Sample::of(plane);
    if let Some(coding) = again(plane, &sample, slot, effort(level).drift, scratch, out) {
        return coding;
    }
    let (coding, how) = decide(plane, slot, level, scratch, out);
    let way = how.map(|how| Way::new(how, &sample));
    scratch.kept.keep(slot, way);
    coding
}

/// As [`encode_next`], for bits below those that are coded, which are as good as random as a rule.
pub(crate) fn encode_low(
    plane: &[u8],
    slot: usize,
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    if level == Level::Max || !are_noise(plane) {
        return encode_next(plane, slot, level, scratch, out);
    }
    out.extend_from_slice(plane);
    Coding::Raw
}

/// Encodes a plane in the way of the frame before, if a sample shows that it is as good: at a loss of at most such a
/// share.
fn again(
    plane: &[u8],
    sample: &Sample,
    slot: usize,
    drift: f32,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Option<Coding> {
    let way = scratch.kept.take(slot)?;
    if !way.fits(sample, drift) {
        return None;
    }
    let coding = way.encode(plane, scratch, out)?;
    scratch.kept.keep(slot, Some(way));
    Some(coding)
}

/// As [`encode_next`], for bytes of which nothing is known: what comes again among them may be short.
pub(crate) fn encode_bytes(
    bytes: &[u8],
    slot: usize,
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    let start = out.len();
    let again = comes_again(bytes);
    if again && level != Level::Max && bytes.len() <= FEW_BYTES {
        // Less than what any code makes of them: no other way is looked at.
        let least = (entropy(&histogram(bytes)) * bytes.len() as f64 / 8.0) as usize;
        if zstd_frames::append_below(least, bytes, effort(level).strings, scratch, out) {
            return Coding::Zstd;
        }
    }
    let coding = encode_next(bytes, slot, level, scratch, out);
    if coding == Coding::Constant || !again {
        return coding;
    }
    let coded = out.len();
    if !zstd_frames::append_below(coded - start, bytes, effort(level).strings, scratch, out) {
        return coding;
    }
    out.drain(start..coded);
    Coding::Zstd
}

/// Encodes the plane at a place of a frame in the cheapest way, and gives that if it can be used again.
fn decide(
    plane: &[u8],
    slot: usize,
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> (Coding, Option<How>) {
    let Some(&first) = plane.first() else {
        return (Coding::Raw, None);
    };
    if look::is_constant(plane, first) {
        out.push(first);
        return (Coding::Constant, None);
    }
    let repeats = look::repeats(plane);
    if level != Level::Max && look::is_noise(plane, repeats) {
        out.extend_from_slice(plane);
        return (Coding::Raw, Some(How::Raw));
    }
    let effort = effort(level);
    let (mut full, counted) = match level {
        Level::Fast | Level::Default => about(plane),
        Level::Max => (histogram(plane), plane.len()),
    };
    let worth = plane.len() - (plane.len() as f64 * effort.least_gain) as usize;
    let code = code(plane, slot, &mut full, counted, worth, effort);
    let coded = match &code {
        Some(code) => code.len(plane.len(), &full),
        None => plane.len(),
    };
    let limit = coded.min(worth);
    let saved = (plane.len() - limit) as f64;
    let gain = ((saved * effort.zstd_gain) as usize).min(limit / 2);
    let for_zstd = limit - gain;
    if look::repeats_itself(plane, &full, coded, for_zstd, repeats, effort)
        && zstd(plane, for_zstd, level, scratch, out)
    {
        return (Coding::Zstd, None);
    }
    match code {
        Some(code) if coded < worth => code.encode(plane, scratch, out),
        _ => {
            out.extend_from_slice(plane);
            (Coding::Raw, Some(How::Raw))
        }
    }
}

/// Appends a plane as a zstd frame, if that is below a length.
fn zstd(
    plane: &[u8],
    limit: usize,
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> bool {
    let levels = effort(level).zstd;
    if level != Level::Max {
        return zstd_frames::append_promising(limit, plane, levels, scratch, out);
    }
    zstd_frames::promises(plane, limit as f64 / plane.len() as f64, scratch, out)
        && zstd_frames::append_below(limit, plane, levels, scratch, out)
}

/// As [`encode_next`], for symbols of which a code in levels is as a rule nearly the best: where it is, nothing else
/// is tried.
pub(crate) fn encode_symbols(
    plane: &[u8],
    slot: usize,
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    if plane.len() < kept::LEAST {
        return encode(plane, level, scratch, out);
    }
    let sample = Sample::of(plane);
    let drift = effort(level).drift * (FEW_SYMBOLS as f32 / plane.len() as f32).clamp(1.0, 16.0);
    if level != Level::Max
        && let Some(coding) = again(plane, &sample, slot, drift, scratch, out)
    {
        return coding;
    }
    if plane.len() < LEAST_SYMBOLS {
        return encode(plane, level, scratch, out);
    }
    let (counts, seen) = match level != Level::Max && sample.is_enough() {
        true => (*sample.counts(), sample.total() as usize),
        false => about(plane),
    };
    match fit_symbols(&counts, seen, effort(level)) {
        Some(fit) if !look::has_runs(plane, &counts) => {
            let code = Box::new(fit.code());
            levels::encode(plane, &code, &mut scratch.levels, out);
            let way = Way::new(How::Levels(code), &sample);
            scratch.kept.keep(slot, Some(way));
            Coding::Levels
        }
        _ => encode(plane, level, scratch, out),
    }
}

/// A code in levels, if it is nearly the best, for counts of so many symbols.
fn fit_symbols(counts: &[u32; 256], seen: usize, effort: &Effort) -> Option<levels::Fit> {
    let kinds = kinds(counts);
    // Few symbols have no bits that stand apart.
    let raw = match kinds {
        ..=FEW_KINDS => 0,
        _ => mask::apart(
            counts,
            code::loss(kinds, seen, effort.for_speed),
            levels::MAX_RAW,
        ),
    };
    let near = (entropy(counts) * (1.0 + NEAR) + NEAR_BITS).min(NOISE);
    let fit = levels::fit_symbols(&mask::without(counts, raw), raw);
    fit.filter(|fit| fit.bits <= near)
}

/// As [`encode`], for texts: parts of words come again in them, which samples do not show.
pub(crate) fn encode_texts(
    plane: &[u8],
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    if let Some(texts) = effort(level).texts {
        let limit = (entropy(&histogram(plane)) * plane.len() as f64 / 8.0) as usize;
        if zstd_frames::append_below(limit, plane, &[texts], scratch, out) {
            return Coding::Zstd;
        }
    }
    encode(plane, level, scratch, out)
}

/// Of so many bytes in which strings come again, one level of zstd makes as little as others.
const FEW_BYTES: usize = 16 << 10;
/// Fewer symbols are not worth whole rows and several strings.
const LEAST_SYMBOLS: usize = 1 << 10;
/// So many kinds of them are those of a few bits.
const FEW_KINDS: usize = 16;
/// What fewer symbols lose by a code that is not their own is little beside a frame.
const FEW_SYMBOLS: usize = 64 << 10;
/// By how much a code in levels may be longer than the entropy, and how many bits more.
const NEAR: f64 = 0.02;
const NEAR_BITS: f64 = 0.08;
/// From here on a byte is as well stored as it is.
const NOISE: f64 = 7.9;
