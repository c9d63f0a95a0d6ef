//! A Huffman code of at most 11 bits, in four streams that are decoded side by side.
//!
//! Payload: the code's lengths ([`lengths`]); the byte lengths of the first three streams, 3 bytes
//! each; the streams. Stream `i` has the plane's `i`th quarter, rounded up; a code's first bit is
//! the highest that is free in a byte.

mod decode;
mod encode;
mod lengths;

pub(crate) use decode::decode;
pub(crate) use encode::encode;

/// The longest code.
const MAX_BITS: u32 = 11;
/// Streams of a plane.
const STREAMS: usize = 4;
/// Bytes of the streams' lengths.
const JUMP_LEN: usize = 3 * (STREAMS - 1);

/// A code: for each byte its length (0 for one that does not occur) and its bits.
pub(crate) struct Code {
    lengths: [u8; 256],
    bits: [u16; 256],
}

impl Code {
    /// The best code for counts, of which at least two are not 0.
    pub(crate) fn new(counts: &[u32; 256]) -> Code {
        Code::from_lengths(lengths::limited(counts))
    }

    /// Canonical: shorter codes first, then by byte.
    fn from_lengths(lengths: [u8; 256]) -> Code {
        let mut bits = [0; 256];
        let mut next = 0;
        for len in 1..=MAX_BITS as u8 {
            for byte in 0..256 {
                if lengths[byte] == len {
                    bits[byte] = next;
                    next += 1;
                }
            }
            next <<= 1;
        }
        Code { lengths, bits }
    }

    /// About how many bytes a plane of such counts takes.
    pub(crate) fn encoded_len(&self, counts: &[u32; 256]) -> usize {
        let bits: u64 = counts
            .iter()
            .zip(&self.lengths)
            // A byte that the code lacks can only come of asking for another plane's counts.
            .map(|(&count, &len)| u64::from(count) * if len == 0 { 16 } else { u64::from(len) })
            .sum();
        bits.div_ceil(8) as usize + lengths::write(&self.lengths).len() + JUMP_LEN + STREAMS
    }
}

/// The bytes of stream `i` in a plane of `len` bytes.
fn quarter(len: usize, stream: usize) -> std::ops::Range<usize> {
    let each = len.div_ceil(STREAMS);
    (stream * each).min(len)..((stream + 1) * each).min(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coder::histogram::histogram;

    fn round_trip(plane: &[u8]) {
        let counts = histogram(plane);
        let code = Code::new(&counts);
        let mut payload = Vec::new();
        encode(plane, &code, &mut payload);
        assert!(payload.len() <= code.encoded_len(&counts));
        let mut back = vec![0; plane.len()];
        decode(&payload, &mut back).unwrap();
        assert_eq!(back, plane);
    }

    #[test]
    fn planes_come_back() {
        round_trip(&[0, 1]);
        round_trip(&[7, 7, 7, 7, 9]);
        round_trip(&(0..=255).collect::<Vec<u8>>());
        // Geometric: the longest codes are cut to 11 bits.
        for len in [5usize, 100, 1000, 100_003] {
            let plane: Vec<u8> = (1..=len as u64)
                .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).leading_zeros() as u8)
                .chain([200, 255])
                .collect();
            round_trip(&plane);
        }
    }

    #[test]
    fn any_bytes_decode_or_fail() {
        let mut noise = vec![0; 4096];
        for seed in 0..200u32 {
            let mut hasher = blake3::Hasher::new();
            hasher
                .update(&seed.to_le_bytes())
                .finalize_xof()
                .fill(&mut noise);
            let _ = decode(&noise, &mut vec![0; 3000]);
        }
    }
}
