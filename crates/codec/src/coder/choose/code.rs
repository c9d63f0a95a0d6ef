//! The codes of single bytes, and which one is for a plane.

use super::effort::Effort;
use super::kept::How;
use super::mask;
use crate::coder::histogram::{add_unseen, closer, entropy, kinds};
use crate::coder::{Coding, Scratch, bits, huffman, levels, shares, split};

/// The code for a plane of about such counts, of so many of its bytes, that may be below a length; they get what they
/// lack where that is of use.
pub(super) fn code(
    plane: &[u8],
    slot: usize,
    counts: &mut [u32; 256],
    seen: usize,
    below: usize,
    effort: &Effort,
) -> Option<Code> {
    // No code of bytes is shorter than that, and codes in levels have an escape for what the counts lack.
    let bits = entropy(counts);
    let least = bits * plane.len() as f64 / 8.0;
    if least >= below as f64 {
        return None;
    }
    let longer = 1.0 + effort.levels(slot);
    let near = |fit: &levels::Fit, len: f64| fit.len(plane.len()) as f64 <= len * longer;
    let mut levels = levels_for(plane.len(), counts, seen, effort.for_levels);
    if effort.for_levels > effort.for_speed && !levels.as_ref().is_some_and(|fit| near(fit, least))
    {
        levels = levels_for(plane.len(), counts, seen, effort.for_speed);
    }
    let levels = match levels {
        Some(fit) if near(&fit, least) => return Some(Code::Levels(Box::new(fit))),
        other => other,
    };
    // Where codes are long, one table of shares is faster to read than they are.
    let by_shares = plane.len() >= LEAST_SHARES && bits > LONG_CODES;
    if by_shares && seen < plane.len() / 4 {
        // Shares differ by less than the lengths of codes do.
        *counts = closer(plane).0;
    }
    add_unseen(plane, counts);
    let code = if by_shares {
        Code::shares(plane.len(), counts)
    } else {
        Code::split(counts, effort.for_speed)
    };
    let len = code.len(plane.len(), counts) as f64;
    Some(match levels {
        Some(fit) if near(&fit, len) => Code::Levels(Box::new(fit)),
        _ => code,
    })
}

/// A code in levels, at a loss of at most so many bits a byte by bits that stand apart, and of what a sample only seems
/// to lose.
fn levels_for(
    plane_len: usize,
    counts: &[u32; 256],
    seen: usize,
    most: f32,
) -> Option<levels::Fit> {
    if plane_len < LEAST_LEVELS {
        return None;
    }
    let most = loss(kinds(counts), seen, most).min(MOST_LOST * most);
    let raw = mask::apart(counts, most, levels::MAX_RAW);
    levels::fit(&mask::without(counts, raw), raw)
}

/// The bits a byte that may be lost, with those that a sample only seems to save: half of one for each of its values,
/// and a half more.
pub(super) fn loss(kinds: usize, seen: usize, most: f32) -> f32 {
    if most == 0.0 {
        return 0.0;
    }
    most + 0.36 * kinds as f32 / seen as f32
}

/// How many times what may be lost is at most, however few bytes were seen.
const MOST_LOST: f32 = 3.0;
/// In shorter planes a table of shares is too large beside what it saves.
const LEAST_SHARES: usize = 32 << 10;
/// Shorter planes are not worth whole rows and several strings.
const LEAST_LEVELS: usize = 8 << 10;
/// The bits a byte beyond which a look-up in a Huffman code gives few symbols.
const LONG_CODES: f64 = 4.0;

/// How a plane would be coded by how often its bytes occur.
pub(super) enum Code {
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
        let mask = mask::apart(counts, loss, u8::BITS as usize);
        Code::Split(mask, Rest::of(&mask::without(counts, mask)))
    }

    /// About how many bytes a plane of such counts takes.
    pub fn len(&self, plane_len: usize, counts: &[u32; 256]) -> usize {
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
    pub fn encode(
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
pub(super) enum Rest {
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
