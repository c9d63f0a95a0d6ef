//! What escapes stand for: coded as bytes, apart from the planes.
//!
//! How many there are; their coding, one of the simple ones or levels once more; its payload.

use std::cell::OnceCell;

use super::fit::{Fit, fit_within};
use super::{Buffers, COUNT_LEN, Code, ROW, Reader, TILE, Writer, count_bytes, count_of};
use crate::Error;
use crate::coder::histogram::histogram;
use crate::coder::{Coding, entropy, huffman};

/// Fewer are not worth a code of their own.
const LEAST_CODED: usize = 256;
/// Fewer take less time with a table that gives one after the other than with all that levels need.
const LEAST_LEVELS: usize = 1024;
/// The share by which they may be longer in levels, and the bytes, than with codes that are looked up one by one, which
/// takes several times as long.
const FOR_SPEED: f64 = 0.005;
const MORE_FOR_SPEED: f64 = 48.0;
/// Bytes that a code takes beside its symbols' bits.
const AROUND: f64 = 40.0;
/// Zeros that a reader finds beyond the last: for a row, of which symbols may be past the plane's end, and for a vector.
pub(super) const SPARE: usize = ROW + WIDE;
/// Bytes that a kernel loads or stores at once.
pub(super) const WIDE: usize = 64;

/// The share by which they may be longer in the way of the frame before, which is known already.
const DRIFT: f64 = 0.015;

/// A way to encode literals, which is as good for many planes.
pub(super) enum Way {
    Levels(Box<Code>),
    Huffman(Box<huffman::Code>),
}

/// Encodes literals, in levels too where there are buffers for that; in a way that was found before, where it is
/// good.
pub(super) fn encode(
    literals: &[u8],
    kept: &OnceCell<Way>,
    within: Option<&mut Buffers>,
    out: &mut Vec<u8>,
) {
    out.extend(count_bytes(literals.len()));
    let coding = out.len();
    out.push(0);
    out[coding] = encode_all(literals, kept, within, out) as u8;
}

fn encode_all(
    literals: &[u8],
    kept: &OnceCell<Way>,
    mut within: Option<&mut Buffers>,
    out: &mut Vec<u8>,
) -> Coding {
    if literals.len() < LEAST_CODED {
        out.extend_from_slice(literals);
        return Coding::Raw;
    }
    let counts = histogram(literals);
    if let [one, ..] = literals
        && counts[usize::from(*one)] as usize == literals.len()
    {
        out.push(*one);
        return Coding::Constant;
    }
    // Which is less than what any code makes of them.
    let least = entropy(&counts) * literals.len() as f64 / 8.0;
    if let Some(way) = kept.get()
        && way
            .len(&counts)
            .is_some_and(|len| len <= least * (1.0 + DRIFT) + AROUND)
        && let Some(coding) = way.encode(literals, within.as_deref_mut(), out)
    {
        return coding;
    }
    let levels = match within {
        Some(_) if literals.len() >= LEAST_LEVELS => fit_within(&counts),
        _ => None,
    };
    let near = |fit: &Fit, len: f64| {
        fit.len(literals.len()) as f64 <= len * (1.0 + FOR_SPEED) + MORE_FOR_SPEED
    };
    // Where that is near to the least, no other code is made.
    let other = match &levels {
        Some(fit) if near(fit, least + AROUND) => None,
        _ => Some(huffman::Code::fast(&counts)),
    };
    let len = other.as_ref().map_or(literals.len(), |code| {
        code.encoded_len(&counts).min(literals.len())
    });
    let way = match (levels, other) {
        (Some(fit), _) if near(&fit, len as f64) => Some(Way::Levels(Box::new(fit.code()))),
        (_, Some(code)) if len < literals.len() => Some(Way::Huffman(Box::new(code))),
        _ => None,
    };
    if let Some(way) = way
        && let Some(coding) = way.encode(literals, within, out)
    {
        let _ = kept.set(way);
        return coding;
    }
    out.extend_from_slice(literals);
    Coding::Raw
}

impl Way {
    /// About how many bytes literals of such counts take, but for what is around; nothing if it does not have all.
    fn len(&self, counts: &[u32; 256]) -> Option<f64> {
        match self {
            Way::Levels(code) => {
                let bits = counts.iter().zip(code.bits());
                let bits: f32 = bits.map(|(count, bits)| *count as f32 * bits).sum();
                Some(f64::from(bits) / 8.0)
            }
            Way::Huffman(code) => code
                .has_all(counts)
                .then(|| code.streams_len(counts) as f64),
        }
    }

    /// Nothing where there are no buffers for levels.
    fn encode(
        &self,
        literals: &[u8],
        within: Option<&mut Buffers>,
        out: &mut Vec<u8>,
    ) -> Option<Coding> {
        match self {
            Way::Levels(code) => {
                let mut writer = Writer::of_literals(code, literals.len(), within?, out);
                literals.chunks(TILE).for_each(|tile| writer.tile(tile));
                writer.finish();
                Some(Coding::Levels)
            }
            Way::Huffman(code) => {
                huffman::encode(literals, code, 0, out);
                Some(Coding::Huffman)
            }
        }
    }
}

/// Decodes the literals of a plane of `plane_len` bytes, and zeros after them. Only those of no literals may be in
/// levels.
pub(super) fn decode(payload: &[u8], plane_len: usize, within: bool) -> Result<Vec<u8>, Error> {
    const ERROR: Error = Error::Malformed("literals");
    let (&count, rest) = payload.split_first_chunk::<COUNT_LEN>().ok_or(ERROR)?;
    let (&coding, rest) = rest.split_first().ok_or(ERROR)?;
    let count = count_of(count);
    if count > plane_len {
        return Err(ERROR);
    }
    let mut literals = vec![0; count + SPARE];
    let out = &mut literals[..count];
    match Coding::from_code(coding) {
        Some(coding @ (Coding::Constant | Coding::Raw | Coding::Huffman)) => {
            crate::coder::decode(coding, rest, out)?;
        }
        Some(Coding::Levels) if !within => {
            let mut reader = Reader::of_literals(rest, count)?;
            for tile in out.chunks_mut(TILE) {
                reader.tile(tile)?;
            }
            reader.finish()?;
        }
        _ => return Err(ERROR),
    }
    Ok(literals)
}
