//! Writing the streams.

use crate::cpu::at_best;

use super::{Code, JUMP_LEN, MAX_BITS, STREAMS, lengths, quarter};

/// Symbols that are written at once: with 7 bits left over from before they fit in a word.
const GROUP: usize = 5;
const _: () = assert!(GROUP * MAX_BITS as usize + 7 <= 64);

/// Appends the payload of a plane, each of whose bytes the code has.
pub(crate) fn encode(plane: &[u8], code: &Code, out: &mut Vec<u8>) {
    out.extend(lengths::write(&code.lengths));
    let jump = out.len();
    out.resize(jump + JUMP_LEN, 0);
    let codes = codes(code);
    for stream in 0..STREAMS {
        let start = out.len();
        write_stream(&plane[quarter(plane.len(), stream)], &codes, out);
        if stream + 1 < STREAMS {
            let len = ((out.len() - start) as u32).to_le_bytes();
            out[jump + 3 * stream..][..3].copy_from_slice(&len[..3]);
        }
    }
}

/// For each byte its code, and its length in the low byte.
fn codes(code: &Code) -> [u32; 256] {
    std::array::from_fn(|i| u32::from(code.bits[i]) << 8 | u32::from(code.lengths[i]))
}

/// Bits before they are whole bytes: the low `count` of `bits`.
struct Pending {
    bits: u64,
    count: u32,
}

impl Pending {
    #[inline(always)]
    fn push(&mut self, code: u64, len: u32) {
        self.bits = self.bits << len | code;
        self.count += len;
    }

    /// The pending bits from the top of a word on.
    #[inline(always)]
    fn word(&self) -> [u8; 8] {
        // Shifted in two steps, since there may be none.
        (self.bits << (63 - self.count) << 1).to_be_bytes()
    }
}

at_best! {
    /// Appends the codes of symbols, up to a whole byte.
    fn write_stream(symbols: &[u8], codes: &[u32; 256], out: &mut Vec<u8>) = stream
}

#[inline(always)]
fn stream(symbols: &[u8], codes: &[u32; 256], out: &mut Vec<u8>) {
    let mut at = out.len();
    out.resize(at + symbols.len() * MAX_BITS as usize / 8 + 16, 0);
    let mut pending = Pending { bits: 0, count: 0 };
    let (groups, rest) = symbols.as_chunks::<GROUP>();
    for group in groups {
        let (bits, len) = joined(group, codes);
        pending.push(bits, len);
        out[at..at + 8].copy_from_slice(&pending.word());
        at += pending.count as usize / 8;
        pending.count %= 8;
    }
    for &symbol in rest {
        let code = codes[usize::from(symbol)];
        pending.push(u64::from(code >> 8), code & 0xff);
    }
    out[at..at + 8].copy_from_slice(&pending.word());
    out.truncate(at + pending.count.div_ceil(8) as usize);
}

/// The codes of a group as one, joined pairwise so that they do not wait for each other.
#[inline(always)]
fn joined(group: &[u8; GROUP], codes: &[u32; 256]) -> (u64, u32) {
    let [a, b, c, d, e] = group.map(|symbol| {
        let code = codes[usize::from(symbol)];
        (u64::from(code >> 8), code & 0xff)
    });
    let join = |(x, m): (u64, u32), (y, n): (u64, u32)| (x << n | y, m + n);
    join(join(join(a, b), join(c, d)), e)
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
        let codes = codes(&code);
        for len in [0, 1, 4, 5, 6, 1000, symbols.len()] {
            let (mut best, mut plain) = (vec![7], vec![7]);
            write_stream(&symbols[..len], &codes, &mut best);
            stream(&symbols[..len], &codes, &mut plain);
            assert_eq!(best, plain, "{len}");
        }
    }
}
