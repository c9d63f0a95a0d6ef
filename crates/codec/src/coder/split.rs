//! Planes in which some bits of each byte stand apart ([`bits`]), and the rest is coded.
//!
//! Payload: the mask of the bits that stand apart; the bits; then the rest, in which those bits are
//! zeros: either the byte that is all of it, or a Huffman payload.

use super::{bits, huffman};
use crate::Error;

/// Appends a plane whose bytes are all the same but for the mask's bits.
pub(super) fn encode_constant(plane: &[u8], byte: u8, mask: u8, out: &mut Vec<u8>) {
    encode_bits(plane, mask, out);
    out.push(byte & !mask);
}

/// Appends a plane whose bytes the code has but for the mask's bits.
pub(super) fn encode_huffman(plane: &[u8], code: &huffman::Code, mask: u8, out: &mut Vec<u8>) {
    encode_bits(plane, mask, out);
    huffman::encode(plane, code, mask, out);
}

fn encode_bits(plane: &[u8], mask: u8, out: &mut Vec<u8>) {
    out.push(mask);
    let start = out.len();
    out.resize(start + bits::len(plane.len(), mask), 0);
    bits::take(plane, mask, &mut out[start..]);
}

/// Decodes what [`encode_constant`] appended.
pub(super) fn decode_constant(payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let (mask, bits, rest) = parse(payload, out.len())?;
    let &[byte] = rest else {
        return Err(Error::Malformed("constant plane"));
    };
    if byte & mask != 0 {
        return Err(Error::Malformed("constant plane"));
    }
    out.fill(byte);
    bits::put(bits, mask, out);
    Ok(())
}

/// Decodes what [`encode_huffman`] appended.
pub(super) fn decode_huffman(payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let (mask, bits, rest) = parse(payload, out.len())?;
    huffman::decode(rest, out)?;
    bits::put(bits, mask, out);
    Ok(())
}

/// The mask, the bits that stand apart, and what follows them.
fn parse(payload: &[u8], len: usize) -> Result<(u8, &[u8], &[u8]), Error> {
    let error = Error::Malformed("bits of a plane");
    let (&mask, rest) = payload.split_first().ok_or(error.clone())?;
    let (bits, rest) = rest.split_at_checked(bits::len(len, mask)).ok_or(error)?;
    Ok((mask, bits, rest))
}
