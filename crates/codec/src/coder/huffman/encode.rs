//! Writing the streams.

#[cfg(target_arch = "x86_64")]
mod wide;

use crate::cpu::at_best;

use super::{Code, JUMP, JUMP_LEN, MAX_BITS, STREAMS, lengths, quarter};

/// Symbols that are written at once: their codes fit in a word above its low byte, so that 7 bits
/// left over from before go with them.
const GROUP: usize = 5;
const _: () = assert!(GROUP * MAX_BITS as usize <= 56);

/// What a kernel may write beyond a stream's last byte.
const SPARE: usize = 104;

/// For each byte its code, from the top of a word on, and its length in the low byte.
type Codes = [u64; 256];

/// Appends the payload of a plane. The code has each of the plane's bytes, once the
/// bits in `ignored` are zeros.
pub(crate) fn encode(plane: &[u8], code: &Code, ignored: u8, out: &mut Vec<u8>) {
    out.extend(lengths::write(&code.lengths));
    let codes = codes(code, ignored);
    #[cfg(target_arch = "x86_64")]
    let wide = wide::Codes::of(code, ignored);
    let jump = out.len();
    out.resize(jump + JUMP_LEN, 0);
    for stream in 0..STREAMS {
        let start = out.len();
        let symbols = &plane[quarter(plane.len(), stream)];
        append(symbols, out, |to| {
            #[cfg(target_arch = "x86_64")]
            let symbols = match &wide {
                Some(codes) => &symbols[wide::write(symbols, codes, to)..],
                None => symbols,
            };
            write(symbols, &codes, to);
        });
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

/// Where a stream's bits go: whole bytes up to `at`, and what is not yet a whole byte, `count` bits from
/// the top of `pending` on.
struct To<'a> {
    bytes: &'a mut [u8],
    at: usize,
    pending: u64,
    count: u64,
}

/// Appends what is written of so many symbols, up to a whole byte.
fn append(symbols: &[u8], out: &mut Vec<u8>, write: impl FnOnce(&mut To<'_>)) {
    let start = out.len();
    out.resize(start + symbols.len() * MAX_BITS as usize / 8 + SPARE, 0);
    let mut to = To {
        bytes: &mut out[start..],
        at: 0,
        pending: 0,
        count: 0,
    };
    write(&mut to);
    let end = start + to.at + to.count.div_ceil(8) as usize;
    out.truncate(end);
}

at_best! {
    /// Writes the codes of symbols.
    fn write(symbols: &[u8], codes: &Codes, to: &mut To<'_>) = write_any
}

#[inline(always)]
fn write_any(symbols: &[u8], codes: &Codes, to: &mut To<'_>) {
    let (mut at, mut pending, mut count) = (to.at, to.pending, to.count);
    let (groups, rest) = symbols.as_chunks::<GROUP>();
    for group in groups {
        let (bits, len) = joined(group, codes);
        pending |= bits >> count;
        count += len;
        to.bytes[at..at + 8].copy_from_slice(&pending.to_be_bytes());
        at += count as usize / 8;
        pending <<= count & 56;
        count %= 8;
    }
    for &symbol in rest {
        let entry = codes[usize::from(symbol)];
        pending |= (entry & !0xff) >> count;
        count += entry & 0xff;
    }
    to.bytes[at..at + 8].copy_from_slice(&pending.to_be_bytes());
    (to.at, to.pending, to.count) = (at, pending, count);
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
        for len in [0, 1, 4, 5, 6, 63, 64, 1000, symbols.len()] {
            let symbols = &symbols[..len];
            let (mut best, mut plain) = (vec![7], vec![7]);
            append(symbols, &mut best, |to| write(symbols, &codes, to));
            append(symbols, &mut plain, |to| write_any(symbols, &codes, to));
            assert_eq!(best, plain, "{len}");
            #[cfg(target_arch = "x86_64")]
            if let Some(wide) = wide::Codes::of(&code, 0) {
                let mut best = vec![7];
                append(symbols, &mut best, |to| {
                    let done = wide::write(symbols, &wide, to);
                    assert!(done + 64 > len);
                    write_any(&symbols[done..], &codes, to);
                });
                assert_eq!(best, plain, "{len}");
            }
        }
    }
}
