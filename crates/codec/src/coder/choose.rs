//! Which coding a plane gets: the cheapest, found with as little looking as will do.

mod look;
mod mask;
mod zstd_frames;

use super::histogram::histogram;
use super::{Coding, Scratch, bits, huffman, shares, split, tiered};
use crate::Level;

pub(crate) use zstd_frames::zstd_len;

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
    if look::is_constant(plane, first) {
        out.push(first);
        return Coding::Constant;
    }
    let repeats = look::repeats(plane);
    if level != Level::Max && look::is_noise(plane, repeats) {
        out.extend_from_slice(plane);
        return Coding::Raw;
    }
    let effort = effort(level);
    let full = histogram(plane);
    let mask = mask::apart(&full, effort.for_speed);
    let counts = mask::without(&full, mask);
    let rest = Rest::of(&counts);
    let coded = rest.len(&counts) + bits::len(plane.len(), mask) + 1;
    let worth = plane.len() - (plane.len() as f64 * effort.least_gain) as usize;
    let limit = coded.min(worth);
    if look::repeats_itself(plane, &full, repeats, effort.sample)
        && zstd_frames::promises(plane, limit as f64 / plane.len() as f64, scratch, out)
    {
        if zstd_frames::append_below(limit, plane, effort.zstd, scratch, out) {
            return Coding::Zstd;
        }
    } else if level == Level::Fast
        && let Some(spec) = tiered::instead(&full, limit)
    {
        tiered::encode(plane, &spec, &mut scratch.tiered, out);
        return Coding::Tiered;
    }
    if coded < worth && codes_are_long(plane, coded) {
        let (tables, len) = shares::fit(&full);
        if len <= limit + limit / FOR_SPEED && shares::encode(plane, &tables, out) {
            return Coding::Shares;
        }
    }
    if coded >= worth {
        out.extend_from_slice(plane);
        return Coding::Raw;
    }
    match rest {
        Rest::Constant(byte) => {
            split::encode_constant(plane, byte, mask, out);
            Coding::Bits
        }
        Rest::Code(code) => {
            split::encode_huffman(plane, &code, mask, out);
            Coding::Split
        }
    }
}

/// The part of a payload that may be lost where another coding is faster.
const FOR_SPEED: usize = 1000;

/// Whether a Huffman code's look-ups give few symbols, and the plane is not a short one.
fn codes_are_long(plane: &[u8], coded: usize) -> bool {
    plane.len() >= 8 << 10 && coded * 8 > plane.len() * 4
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
    /// How much of a plane is looked at for strings that come again.
    sample: usize,
    /// The bits a byte that may be lost where bits that stand apart make for less work.
    for_speed: f32,
}

const fn effort(level: Level) -> &'static Effort {
    match level {
        Level::Fast => &Effort {
            least_gain: 0.03,
            zstd: &[1],
            sample: 2 << 10,
            for_speed: 0.002,
        },
        Level::Default => &Effort {
            least_gain: 0.01,
            zstd: &[1, 3],
            sample: 4 << 10,
            for_speed: 0.002,
        },
        Level::Max => &Effort {
            least_gain: 0.0,
            zstd: &[1, 3, 12],
            sample: 64 << 10,
            for_speed: 0.0,
        },
    }
}
