//! What escapes stand for: coded as bytes, apart from the planes.
//!
//! How many there are; their coding, one of the simple ones; its payload.

use super::{COUNT_LEN, TILE, count_bytes, count_of};
use crate::Error;
use crate::coder::histogram::histogram;
use crate::coder::{Coding, huffman};

/// Fewer are not worth a code of their own.
const LEAST_CODED: usize = 48;
/// Zeros that a reader finds beyond the last: for symbols past the plane's end, and for a vector.
pub(super) const SPARE: usize = TILE + WIDE;
/// Bytes that a kernel loads or stores at once.
pub(super) const WIDE: usize = 64;

pub(super) fn encode(literals: &[u8], out: &mut Vec<u8>) {
    out.extend(count_bytes(literals.len()));
    let coding = out.len();
    out.push(0);
    out[coding] = encode_all(literals, out) as u8;
}

fn encode_all(literals: &[u8], out: &mut Vec<u8>) -> Coding {
    if literals.len() >= LEAST_CODED {
        let counts = histogram(literals);
        if let [one, ..] = literals
            && counts[usize::from(*one)] as usize == literals.len()
        {
            out.push(*one);
            return Coding::Constant;
        }
        let code = huffman::Code::new(&counts);
        if code.encoded_len(&counts) < literals.len() {
            huffman::encode(literals, &code, 0, out);
            return Coding::Huffman;
        }
    }
    out.extend_from_slice(literals);
    Coding::Raw
}

/// Decodes the literals of a plane of `plane_len` bytes, and zeros after them.
pub(super) fn decode(payload: &[u8], plane_len: usize) -> Result<Vec<u8>, Error> {
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
        _ => return Err(ERROR),
    }
    Ok(literals)
}
