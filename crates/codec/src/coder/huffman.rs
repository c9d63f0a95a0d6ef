//! Huffman codes of at most 11 bits, in four streams that are decoded side by side: with more of them
//! the machine's registers and schedulers are not enough.
//!
//! Payload: the code's lengths ([`lengths`]); the byte lengths of the first three streams, 3 bytes
//! each; the streams. Stream `i` has the plane's `i`th quarter, rounded up; a code's first bit is
//! the highest that is free in a byte.

mod decode;
mod encode;
pub(super) mod lengths;

pub(crate) use decode::decode;
pub(crate) use encode::encode;

/// The longest code.
const MAX_BITS: u32 = 11;
/// The longest code that is read by tables which are made fast.
const SHORT_BITS: u32 = 8;
/// The share by which a plane may be longer for that.
const FOR_SPEED: f64 = 0.015;
/// Streams of a plane.
const STREAMS: usize = 4;
/// Bytes of a stream's length.
const JUMP: usize = 3;
/// Bytes of the streams' lengths.
const JUMP_LEN: usize = JUMP * (STREAMS - 1);

/// A code: for each byte its length (0 for one that does not occur) and its bits.
pub(crate) struct Code {
    lengths: [u8; 256],
    bits: [u16; 256],
}

impl Code {
    /// A good code for counts, of which at least two are not 0.
    pub(crate) fn new(counts: &[u32; 256]) -> Code {
        Code::limited(counts, MAX_BITS)
    }

    /// As [`Code::new`], but of short codes where those are nearly as good: such are read faster.
    pub(crate) fn fast(counts: &[u32; 256]) -> Code {
        let code = Code::new(counts);
        if code.longest() <= SHORT_BITS {
            return code;
        }
        let short = Code::limited(counts, SHORT_BITS);
        let most = code.streams_len(counts) as f64 * (1.0 + FOR_SPEED);
        if short.streams_len(counts) as f64 <= most {
            short
        } else {
            code
        }
    }

    /// A good code of at most so many bits, which are enough for all bytes.
    fn limited(counts: &[u32; 256], most: u32) -> Code {
        Code::from_lengths(lengths::limited(counts, most))
    }

    /// Canonical: shorter codes first, then by byte.
    fn from_lengths(lengths: [u8; 256]) -> Code {
        // The first code of each length.
        let mut next = [0u16; MAX_BITS as usize + 2];
        for (_, len) in lengths::present(&lengths) {
            next[usize::from(len) + 1] += 1;
        }
        for len in 1..next.len() {
            next[len] = (next[len] + next[len - 1]) << 1;
        }
        let mut bits = [0; 256];
        for (byte, len) in lengths::present(&lengths) {
            let first = &mut next[usize::from(len)];
            bits[usize::from(byte)] = *first;
            *first += 1;
        }
        Code { lengths, bits }
    }

    /// The length of the longest code.
    fn longest(&self) -> u32 {
        self.lengths.iter().copied().max().unwrap_or(0).into()
    }

    /// About how many bytes a plane of such counts takes.
    pub(crate) fn encoded_len(&self, counts: &[u32; 256]) -> usize {
        self.streams_len(counts) + lengths::written_len(&self.lengths) + JUMP_LEN
    }

    /// Whether all bytes that are counted have a code.
    pub(crate) fn has_all(&self, counts: &[u32; 256]) -> bool {
        let mut all = counts.iter().zip(&self.lengths);
        all.all(|(&count, &len)| count == 0 || len > 0)
    }

    /// About how many bytes the streams take.
    pub(crate) fn streams_len(&self, counts: &[u32; 256]) -> usize {
        let bits: u64 = counts
            .iter()
            .zip(&self.lengths)
            .map(|(&count, &len)| u64::from(count) * u64::from(len))
            .sum();
        bits.div_ceil(8) as usize + STREAMS
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
        encode(plane, &code, 0, &mut payload);
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
    fn codes_are_canonical() {
        let mut lengths = [0; 256];
        lengths[..5].copy_from_slice(&[3, 1, 0, 3, 2]);
        let code = Code::from_lengths(lengths);
        let known = [0, 1, 3, 4].map(|byte| code.bits[byte]);
        assert_eq!(known, [0b110, 0, 0b111, 0b10]);
    }

    #[test]
    fn ignored_bits_read_as_zeros() {
        let plane: Vec<u8> = (0..3000u32).map(|i| (i * i / 77) as u8 | 1).collect();
        let kept: Vec<u8> = plane.iter().map(|byte| byte & !0x81).collect();
        let code = Code::new(&histogram(&kept));
        let mut payload = Vec::new();
        encode(&plane, &code, 0x81, &mut payload);
        let mut back = vec![0; plane.len()];
        decode(&payload, &mut back).unwrap();
        assert_eq!(back, kept);
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
