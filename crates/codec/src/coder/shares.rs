//! A plane by one table of shares: the coder of symbols by context, with a single context. Where codes
//! are long it reads faster than a Huffman code, whose look-ups give one symbol each and wait for each
//! other, and is no longer.
//!
//! Payload: the table; the payload of the coder.

use super::rans::{self, DecodeTables, Decoder, Tables};
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
    let (tables, payload) = read(payload)?;
    rans::decode(payload, &[], &tables, out)
}

/// Decodes two payloads side by side, which takes less time than one after the other.
pub(super) fn decode_two(payloads: [&[u8]; 2], outs: [&mut [u8]; 2]) -> Result<(), Error> {
    let (tables_a, payload_a) = read(payloads[0])?;
    let (tables_b, payload_b) = read(payloads[1])?;
    let [mut a, mut b] = [Decoder::new(payload_a)?, Decoder::new(payload_b)?];
    let tables = [&tables_a, &tables_b];
    Decoder::decode_two_by([&mut a, &mut b], [&[], &[]], tables, outs)?;
    a.finish()?;
    b.finish()
}

/// The table, and the payload of the coder.
fn read(payload: &[u8]) -> Result<(DecodeTables, &[u8]), Error> {
    let (tables, len) = Tables::read(payload)?;
    if tables.contexts() != 1 {
        return Err(Error::Malformed("tables of a plane"));
    }
    Ok((tables.decoder(), &payload[len..]))
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

    /// What two payloads decode to side by side, and the same on machines that have less.
    fn both(payloads: [&[u8]; 2], lens: [usize; 2]) -> Result<[Vec<u8>; 2], Error> {
        let decode = || {
            let [mut a, mut b] = lens.map(|len| vec![0; len]);
            decode_two(payloads, [&mut a, &mut b])?;
            Ok([a, b])
        };
        let best = decode();
        assert_eq!(crate::cpu::narrowly(decode), best);
        assert_eq!(crate::cpu::plainly(decode), best);
        best
    }

    #[test]
    fn two_planes_come_back_each_by_its_table() {
        let mut noise = vec![0; 40_000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        for [len_a, len_b] in [[20_000, 20_000], [20_000, 331], [1, 20_000], [31, 33]] {
            let planes = [
                noise[..len_a].iter().map(|byte| byte & 0x1f).collect(),
                noise[20_000..][..len_b]
                    .iter()
                    .map(|byte| byte % 101 + 100)
                    .collect::<Vec<u8>>(),
            ];
            let payloads = planes.each_ref().map(|plane| {
                let mut payload = Vec::new();
                assert!(Fit::new(plane.len(), &histogram(plane)).encode(plane, &mut payload));
                payload
            });
            let [a, b] = payloads.each_ref().map(Vec::as_slice);
            assert!(both([a, b], [len_a, len_b]) == Ok(planes));
            assert!(both([&a[..a.len() - 1], b], [len_a, len_b]).is_err());
            assert!(both([a, &b[..b.len() - 1]], [len_a, len_b]).is_err());
            assert!(both([a, b], [len_a, len_b + 40]).is_err());
        }
    }

    #[test]
    fn two_tables_of_other_bits() {
        let plane: Vec<u8> = (0..9000u32).map(|i| (i * i % 97) as u8).collect();
        let counts = [histogram(&plane)];
        let payloads = [11, 12].map(|bits| {
            let tables = Tables::new(bits, &counts);
            let mut payload = Vec::new();
            tables.write(&mut payload);
            assert!(rans::encode(&plane, &[], &tables.encoder(), &mut payload));
            payload
        });
        let [a, b] = payloads.each_ref().map(Vec::as_slice);
        let lens = [plane.len(); 2];
        assert!(both([a, b], lens) == Ok([plane.clone(), plane]));
    }

    proptest::proptest! {
        #[test]
        fn any_two_payloads_do_no_harm(
            mut words in proptest::collection::vec(proptest::prelude::any::<u8>(), 256..3000),
            lens in proptest::collection::vec(0..1500usize, 2),
        ) {
            let mut payload = Vec::new();
            Tables::new(BITS, &[histogram(&words[..40])]).write(&mut payload);
            payload.append(&mut words);
            let _ = both([&payload, &payload[..payload.len() - 64]], [lens[0], lens[1]]);
            let _ = both([&payload[60..], &payload], [lens[0], lens[1]]);
        }
    }
}
