//! A plane by one table of shares: the coder of symbols by context, with a single context. Where codes
//! are long it reads faster than a Huffman code, whose look-ups give one symbol each and wait for each
//! other, and is no longer.
//!
//! Payload: the table; the payload of the coder.

use super::rans::{self, Tables};
use crate::Error;

/// How finely the table divides, in bits: a decoder's table stays in the fastest cache.
const BITS: u32 = 12;

/// The table for a plane of such counts, and about how many bytes the plane takes.
pub(super) fn fit(counts: &[u32; 256]) -> (Tables, usize) {
    let counts = std::slice::from_ref(counts);
    let tables = Tables::new(BITS, counts);
    let len = tables.written_len() + tables.encoded_len(counts) + 4 * rans::LANES;
    (tables, len)
}

/// Appends a plane; whether the table has all of its bytes. If not, nothing is appended.
pub(super) fn encode(plane: &[u8], tables: &Tables, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    tables.write(out);
    let coded = rans::encode(plane, &[], &tables.encoder(), out);
    if !coded {
        out.truncate(start);
    }
    coded
}

/// Decodes a payload into exactly `out`.
pub(super) fn decode(payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let (tables, len) = Tables::read(payload)?;
    if tables.contexts() != 1 {
        return Err(Error::Malformed("tables of a plane"));
    }
    rans::decode(&payload[len..], &[], &tables.decoder(), out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coder::histogram::histogram;

    #[test]
    fn planes_come_back() {
        let mut plane = vec![0; 30_000];
        blake3::Hasher::new().finalize_xof().fill(&mut plane);
        plane.iter_mut().step_by(2).for_each(|byte| *byte &= 0x1f);
        for len in [1, 31, 33, 1000, 30_000] {
            let plane = &plane[..len];
            let (tables, about) = fit(&histogram(plane));
            let mut payload = Vec::new();
            assert!(encode(plane, &tables, &mut payload));
            assert!(payload.len() <= about + 64);
            let mut back = vec![0; len];
            decode(&payload, &mut back).unwrap();
            assert!(back == plane);
            assert!(decode(&payload[..payload.len() - 1], &mut back).is_err());
        }
    }
}
