//! Which coding a plane gets: the cheapest, found with as little looking as will do.

mod kept;
mod look;
mod mask;
mod strings;
mod zstd_frames;

use super::histogram::{about, add_unseen, entropy, histogram, seen};
use super::{Coding, Scratch, bits, huffman, levels, shares, split};
use crate::Level;

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
    decide(plane, level, scratch, out).0
}

/// As [`encode`], for the plane at a place of a frame: in the way of the frame before, where that is as good.
pub(crate) fn encode_next(
    plane: &[u8],
    slot: usize,
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    if level == Level::Max || plane.len() < kept::LEAST {
        return encode(plane, level, scratch, out);
    }
    let sample = Sample::of(plane);
    if let Some(coding) = again(plane, &sample, slot, effort(level).drift, scratch, out) {
        return coding;
    }
    let (coding, how) = decide(plane, level, scratch, out);
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
    let coding = encode_next(bytes, slot, level, scratch, out);
    if coding == Coding::Constant || !comes_again(bytes) {
        return coding;
    }
    let coded = out.len();
    if !zstd_frames::append_below(coded - start, bytes, effort(level).strings, scratch, out) {
        return coding;
    }
    out.drain(start..coded);
    Coding::Zstd
}

/// Encodes a plane in the cheapest way, and gives that if it can be used again.
fn decide(
    plane: &[u8],
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
    let mut full = match level {
        Level::Fast | Level::Default => about(plane),
        Level::Max => histogram(plane),
    };
    let code = code(plane, &mut full, effort);
    let coded = code.len(plane.len(), &full);
    let worth = plane.len() - (plane.len() as f64 * effort.least_gain) as usize;
    let limit = coded.min(worth);
    let saved = (plane.len() - limit) as f64;
    let for_zstd = limit.saturating_sub((saved * effort.zstd_gain) as usize);
    if look::repeats_itself(plane, &full, coded, repeats, effort)
        && zstd(plane, for_zstd, level, scratch, out)
    {
        return (Coding::Zstd, None);
    }
    if coded >= worth {
        out.extend_from_slice(plane);
        return (Coding::Raw, Some(How::Raw));
    }
    code.encode(plane, scratch, out)
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
        false => (about(plane), seen(plane.len())),
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
    let kinds = counts.iter().filter(|count| **count > 0).count();
    // Few symbols have no bits that stand apart.
    let raw = match kinds {
        ..=FEW_KINDS => 0,
        _ => mask::apart(counts, loss(kinds, seen, effort)),
    };
    let near = (entropy(counts) * (1.0 + NEAR) + NEAR_BITS).min(NOISE);
    let fit = levels::fit_symbols(&mask::without(counts, raw), raw);
    fit.filter(|fit| fit.bits <= near)
}

/// The bits a byte that may be lost, with those that a sample only seems to save: half of one for each of its values,
/// and a half more.
fn loss(kinds: usize, seen: usize, effort: &Effort) -> f32 {
    if effort.for_speed == 0.0 {
        return 0.0;
    }
    effort.for_speed + 0.36 * kinds as f32 / seen as f32
}

/// As [`encode`], for texts: parts of words come again in them, which samples do not show.
pub(crate) fn encode_texts(
    plane: &[u8],
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Coding {
    let limit = (entropy(&histogram(plane)) * plane.len() as f64 / 8.0) as usize;
    match zstd_frames::append_below(limit, plane, &[effort(level).texts], scratch, out) {
        true => Coding::Zstd,
        false => encode(plane, level, scratch, out),
    }
}

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

/// The code for a plane of about such counts, which get what they lack where that is of use.
fn code(plane: &[u8], counts: &mut [u32; 256], effort: &Effort) -> Code {
    let levels = levels_for(plane.len(), counts, effort);
    let near =
        |fit: &levels::Fit, len: f64| fit.len(plane.len()) as f64 <= len * (1.0 + effort.levels);
    // No code of bytes is shorter than that, and codes in levels have an escape for what the counts lack.
    let least = entropy(counts) * plane.len() as f64 / 8.0;
    let levels = match levels {
        Some(fit) if near(&fit, least) => return Code::Levels(Box::new(fit)),
        other => other,
    };
    add_unseen(plane, counts);
    // Where codes are long, one table of shares is faster to read than they are.
    let code = if plane.len() >= LEAST_SHARES && entropy(counts) > LONG_CODES {
        Code::shares(plane.len(), counts)
    } else {
        Code::split(counts, effort.for_speed)
    };
    let len = code.len(plane.len(), counts) as f64;
    match levels {
        Some(fit) if near(&fit, len) => Code::Levels(Box::new(fit)),
        _ => code,
    }
}

fn levels_for(plane_len: usize, counts: &[u32; 256], effort: &Effort) -> Option<levels::Fit> {
    if plane_len < LEAST_LEVELS {
        return None;
    }
    let raw = mask::apart(counts, effort.for_speed);
    levels::fit(&mask::without(counts, raw), raw)
}

/// In shorter planes a table of shares is too large beside what it saves.
const LEAST_SHARES: usize = 32 << 10;
/// Shorter planes are not worth whole rows and several strings.
const LEAST_LEVELS: usize = 8 << 10;
/// The bits a byte beyond which a look-up in a Huffman code gives few symbols.
const LONG_CODES: f64 = 4.0;

/// How a plane would be coded by how often its bytes occur.
enum Code {
    Levels(Box<levels::Fit>),
    Shares(shares::Fit),
    /// Bits that stand apart, and the rest.
    Split(u8, Rest),
}

impl Code {
    fn shares(plane_len: usize, counts: &[u32; 256]) -> Code {
        Code::Shares(shares::Fit::new(plane_len, counts))
    }

    /// At a loss of at most so many bits a byte.
    fn split(counts: &[u32; 256], loss: f32) -> Code {
        let mask = mask::apart(counts, loss);
        Code::Split(mask, Rest::of(&mask::without(counts, mask)))
    }

    /// About how many bytes a plane of such counts takes.
    fn len(&self, plane_len: usize, counts: &[u32; 256]) -> usize {
        match self {
            Code::Levels(fit) => fit.len(plane_len),
            Code::Shares(fit) => fit.len,
            Code::Split(mask, rest) => {
                let counts = mask::without(counts, *mask);
                rest.len(&counts) + bits::len(plane_len, *mask) + 1
            }
        }
    }

    /// Appends a plane, and gives what can be used again.
    fn encode(
        self,
        plane: &[u8],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> (Coding, Option<How>) {
        match self {
            Code::Levels(fit) => {
                let code = fit.code();
                levels::encode(plane, &code, &mut scratch.levels, out);
                (Coding::Levels, Some(How::Levels(Box::new(code))))
            }
            Code::Shares(fit) if fit.encode(plane, out) => (Coding::Shares, None),
            // Counts that have all bytes make no such table.
            Code::Shares(_) => {
                out.extend_from_slice(plane);
                (Coding::Raw, None)
            }
            Code::Split(mask, Rest::Constant(byte)) => {
                split::encode_constant(plane, byte, mask, out);
                (Coding::Bits, Some(How::Bits(mask, byte)))
            }
            Code::Split(mask, Rest::Code(code)) => {
                split::encode_huffman(plane, &code, mask, out);
                (Coding::Split, None)
            }
        }
    }
}

/// What bytes are without the bits that stand apart.
enum Rest {
    Constant(u8),
    Code(Box<huffman::Code>),
}

impl Rest {
    fn of(counts: &[u32; 256]) -> Rest {
        let mut bytes = (0..=255).filter(|byte| counts[usize::from(*byte)] > 0);
        match (bytes.next(), bytes.next()) {
            (Some(byte), None) => Rest::Constant(byte),
            _ => Rest::Code(Box::new(huffman::Code::new(counts))),
        }
    }

    /// About how many bytes it takes.
    fn len(&self, counts: &[u32; 256]) -> usize {
        match self {
            Rest::Constant(_) => 1,
            Rest::Code(code) => code.encoded_len(counts),
        }
    }
}

/// What a level is ready to do.
struct Effort {
    /// The least share of a plane that coding it must save: less is not worth the decoder's time.
    least_gain: f64,
    /// The levels of zstd that are tried. Higher ones are not always smaller on planes: they find
    /// matches that cost more than the code of their bytes.
    zstd: &'static [i32],
    /// What zstd must save beyond a plane's code, as a share of what that saves: it takes twenty times as long, but
    /// where little is to be found.
    zstd_gain: f64,
    /// Those that are tried on bytes among which short strings come again.
    strings: &'static [i32],
    /// The one for texts.
    texts: i32,
    /// How many times more often than by chance a byte is equal to the next where zstd is tried.
    alike: f64,
    /// How much of a plane is looked at for strings that come again.
    sample: usize,
    /// The bits a byte that may be lost where bits that stand apart make for less work.
    for_speed: f32,
    /// The share by which a code in levels may be longer, which is read and written fastest.
    levels: f64,
    /// The share by which a plane may be longer than with a code of its own, where it gets the one before's.
    drift: f32,
}

const fn effort(level: Level) -> &'static Effort {
    match level {
        Level::Fast => &Effort {
            least_gain: 0.03,
            zstd: &[1],
            zstd_gain: 0.1,
            strings: &[1],
            texts: 1,
            alike: 1.55,
            sample: 2 << 10,
            for_speed: 0.002,
            levels: 0.01,
            drift: 0.004,
        },
        Level::Default => &Effort {
            least_gain: 0.01,
            zstd: &[1, 3],
            zstd_gain: 0.1,
            strings: &[5],
            texts: 1,
            alike: 1.55,
            sample: 4 << 10,
            for_speed: 0.002,
            levels: 0.008,
            drift: 0.002,
        },
        Level::Max => &Effort {
            least_gain: 0.0,
            zstd: &[1, 3, 6, 12],
            zstd_gain: 0.0,
            strings: &[6, 12],
            texts: 6,
            alike: 1.1,
            sample: 64 << 10,
            for_speed: 0.0,
            levels: 0.0,
            drift: 0.0,
        },
    }
}
