//! A plane by one table of shares: the coder of symbols by context, with a single context. Where codes
//! are long it reads faster than a Huffman code, whose look-ups give one symbol each and wait for each
//! other, and is no longer.
//!
//! Payload: the table; the payload of the coder.

use super::rans::{self, Tables};
use crate::Error;

/// How finely the table divides, in bits: a decoder's table stays in the fastest cache.
const BITS: u32 = 12;

/// A table for a plane.
pub(super) struct Fit {
    tables: Tables,
    /// The table as it is stored.
    written: Vec<u8>,
    /// About how many bytes the plane takes.
    pub len: usize,
}

impl Fit {
    /// The table for a plane of so many bytes, which occur about as often as `counts` says.
    pub(super) fn new(plane_len: usize, counts: &[u32; 256]) -> Fit {
        let total: u32 = counts.iter().sum();
        let tables = Tables::new(BITS, std::slice::from_ref(counts));
        let mut written = Vec::new();
        tables.write(&mut written);
        let coded = tables.cost(0, counts) / 8.0 * plane_len as f64 / f64::from(total.max(1));
        Fit {
            len: written.len() + coded.ceil() as usize + 4 * rans::LANES,
            tables,
            written,
        }
    }

    /// Appends the plane; whether the table has all of its bytes. If not, nothing is appended.
    pub(super) fn encode(&self, plane: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        out.extend_from_slice(&self.written);
        let coded = rans::encode(plane, &[], &self.tables.encoder(), out);
        if !coded {
            out.truncate(start);
        }
        coded
    }
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
            let fit = Fit::new(len, &histogram(plane));
            let mut payload = Vec::new();
            assert!(fit.encode(plane, &mut payload));
            assert!(payload.len() <= fit.len + 64);
            let mut back = vec![0; len];
            decode(&payload, &mut back).unwrap();
            assert!(back == plane);
            assert!(decode(&payload[..payload.len() - 1], &mut back).is_err());
        }
    }
}
