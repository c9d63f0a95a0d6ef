//! Writing the streams.

use crate::cpu::at_best;

use super::{Code, JUMP, JUMP_LEN, MAX_BITS, STREAMS, lengths, quarter};

/// Symbols that are written at once: their codes fit in a word above its low byte, so that 7 bits
/// left over from before go with them.
const GROUP: usize = 5;
const _: () = assert!(GROUP * MAX_BITS as usize <= 56);

/// For each byte its code, from the top of a word on, and its length in the low byte.
type Codes = [u64; 256];

/// Appends the payload of a plane. The code has each of the plane's bytes, once the
/// bits in `ignored` are zeros.
pub(crate) fn encode(plane: &[u8], code: &Code, ignored: u8, out: &mut Vec<u8>) {
    out.extend(lengths::write(&code.lengths));
    let codes = codes(code, ignored);
    let jump = out.len();
    out.resize(jump + JUMP_LEN, 0);
    for stream in 0..STREAMS {
        let start = out.len();
        write_stream(&plane[quarter(plane.len(), stream)], &codes, out);
        if stream + 1 < STREAMS {
            let len = ((out.len() - start) as u32).to_le_bytes();
            out[jump + JUMP * stream..][..JUMP].copy_from_slice(&len[..JUMP]);
        }
    }
}

fn codes(code: &Code, ignored: u8) -> Codes {
    std::array::from_fn(|byte| {
        let byte = byte & usize::from(!ignored);
        let len = u32::from(code.lengths[byte]);
        // A byte without code has no bits.
        let top = u64::from(code.bits[byte]).checked_shl(64 - len);
        top.unwrap_or(0) | u64::from(len)
    })
}

at_best! {
    /// Appends the codes of symbols, up to a whole byte.
    fn write_stream(symbols: &[u8], codes: &Codes, out: &mut Vec<u8>) = stream
}

#[inline(always)]
fn stream(symbols: &[u8], codes: &Codes, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + symbols.len() * MAX_BITS as usize / 8 + 16, 0);
    let to = &mut out[start..];
    // What is not yet whole bytes, from the top of a word on.
    let (mut at, mut pending, mut count) = (0, 0u64, 0u64);
    let (groups, rest) = symbols.as_chunks::<GROUP>();
    for group in groups {
        let (bits, len) = joined(group, codes);
        pending |= bits >> count;
        count += len;
        to[at..at + 8].copy_from_slice(&pending.to_be_bytes());
        at += count as usize / 8;
        pending <<= count & 56;
        count %= 8;
    }
    for &symbol in rest {
        let entry = codes[usize::from(symbol)];
        pending |= (entry & !0xff) >> count;
        count += entry & 0xff;
    }
    to[at..at + 8].copy_from_slice(&pending.to_be_bytes());
    out.truncate(start + at + count.div_ceil(8) as usize);
}

/// The codes of a group as one, from the top of a word on, and its length. From the last symbol to
/// the first, so that each only makes room for its own.
#[inline(always)]
fn joined(group: &[u8; GROUP], codes: &Codes) -> (u64, u64) {
    let (mut bits, mut len) = (0, 0u64);
    for &symbol in group.iter().rev() {
        let entry = codes[usize::from(symbol)];
        // An entry's own length falls into the low byte, where no code gets to.
        bits = bits >> (entry % 64) | entry;
        len = len.wrapping_add(entry);
    }
    (bits & !0xff, len & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coder::histogram::histogram;

    #[test]
    fn every_machine_writes_the_same() {
        let mut symbols = vec![0; 10_007];
        blake3::Hasher::new().finalize_xof().fill(&mut symbols);
        // Products of noise: short codes and long ones.
        let symbols: Vec<u8> = symbols
            .windows(2)
            .map(|pair| ((u16::from(pair[0]) * u16::from(pair[1])) >> 8) as u8)
            .collect();
        let code = Code::new(&histogram(&symbols));
        let codes = codes(&code, 0);
        for len in [0, 1, 4, 5, 6, 1000, symbols.len()] {
            let (mut best, mut plain) = (vec![7], vec![7]);
            write_stream(&symbols[..len], &codes, &mut best);
            stream(&symbols[..len], &codes, &mut plain);
            assert_eq!(best, plain, "{len}");
        }
    }
}
