//! What escapes stand for: coded as bytes, apart from the planes.
//!
//! How many there are; their coding, one of the simple ones or levels once more; its payload.

use super::fit::fit_within;
use super::{Buffers, COUNT_LEN, Reader, TILE, Writer, count_bytes, count_of};
use crate::Error;
use crate::coder::histogram::histogram;
use crate::coder::{Coding, entropy, huffman};

/// Fewer are not worth a code of their own.
const LEAST_CODED: usize = 48;
/// Fewer take less time with a table that gives one after the other than with all that levels need.
const LEAST_LEVELS: usize = 512;
/// The share by which they may be longer in levels, which are read several times as fast.
const FOR_SPEED: f64 = 0.01;
/// Of so many what levels take beside their bits is little.
const MANY: usize = 24 << 10;
/// The share of their length that fewer take where levels may be as small.
const MOST_FOR_LEVELS: f64 = 0.75;
/// Bytes that a code takes beside those.
const AROUND: f64 = 40.0;
/// Zeros that a reader finds beyond the last: for symbols past the plane's end, and for a vector.
pub(super) const SPARE: usize = TILE + WIDE;
/// Bytes that a kernel loads or stores at once.
pub(super) const WIDE: usize = 64;

/// Encodes literals, in levels too where there are buffers for that.
pub(super) fn encode(literals: &[u8], within: Option<&mut Buffers>, out: &mut Vec<u8>) {
    out.extend(count_bytes(literals.len()));
    let coding = out.len();
    out.push(0);
    out[coding] = encode_all(literals, within, out) as u8;
}

fn encode_all(literals: &[u8], within: Option<&mut Buffers>, out: &mut Vec<u8>) -> Coding {
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
    if let Some(buffers) = within
        && literals.len() >= LEAST_LEVELS
        && (literals.len() >= MANY || least < literals.len() as f64 * MOST_FOR_LEVELS)
        && let Some(fit) = fit_within(&counts)
        && fit.len(literals.len()) as f64 <= least * (1.0 + FOR_SPEED) + AROUND
    {
        let code = fit.code();
        let mut writer = Writer::of_literals(&code, literals.len(), buffers, out);
        literals.chunks(TILE).for_each(|tile| writer.tile(tile));
        writer.finish();
        return Coding::Levels;
    }
    let code = huffman::Code::new(&counts);
    let len = code.encoded_len(&counts);
    if len < literals.len() {
        huffman::encode(literals, &code, 0, out);
        return Coding::Huffman;
    }
    out.extend_from_slice(literals);
    Coding::Raw
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
