//! One symbol a look-up: for codes that are long.

use super::super::{Code, MAX_BITS, STREAMS};
use super::{LOOKUPS, SIZE, Stream, ranges, words};
use crate::cpu::at_best;

/// An entry: the code's length in the low byte, where a shift takes it from without more ado, and
/// the symbol in the high byte.
pub(super) type Table = [u16; SIZE];

/// The table of a complete code.
pub(super) fn table(code: &Code) -> Box<Table> {
    let mut table = Box::new([0; SIZE]);
    for (byte, &len) in code.lengths.iter().enumerate().filter(|(_, len)| **len > 0) {
        let free = MAX_BITS - u32::from(len);
        let start = usize::from(code.bits[byte]) << free;
        table[start..start + (1 << free)].fill((byte as u16) << 8 | u16::from(len));
    }
    table
}

at_best! {
    /// Reads all streams side by side, as long as each has a round of symbols and bits left.
    pub(super) fn read(
        streams: &mut [Stream; STREAMS], table: &Table, data: &[u8], out: &mut [u8],
    ) = read_any
}

#[inline(always)]
pub(super) fn read_any(
    streams: &mut [Stream; STREAMS],
    table: &Table,
    data: &[u8],
    out: &mut [u8],
) {
    let mut bits = streams.map(|stream| stream.bit);
    let Ok([a, b, c, d]) = out.get_disjoint_mut(ranges(streams)) else {
        return;
    };
    let [a, b, c, d] = [a, b, c, d].map(|part| part.as_chunks_mut::<LOOKUPS>().0);
    let mut rounds = 0;
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let Some(words) = words(data, &bits) else {
            break;
        };
        let lens = round(words, table, [a, b, c, d]);
        for (bit, len) in bits.iter_mut().zip(lens) {
            *bit += len;
        }
        rounds += 1;
    }
    for (stream, bit) in streams.iter_mut().zip(bits) {
        stream.at += rounds * LOOKUPS;
        stream.bit = bit;
    }
}

/// Looks up symbols of all streams in turn: none waits for another. Returns the bits that they took.
#[inline(always)]
fn round(
    mut words: [u64; STREAMS],
    table: &Table,
    to: [&mut [u8; LOOKUPS]; STREAMS],
) -> [usize; STREAMS] {
    // Of the sums only the low bytes count, and what lengths sum up to does not leave them.
    let mut sums = [0; STREAMS];
    let [a, b, c, d] = to;
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        for (stream, symbol) in [a, b, c, d].into_iter().enumerate() {
            let entry = table[(words[stream] >> (64 - MAX_BITS)) as usize];
            *symbol = (entry >> 8) as u8;
            words[stream] <<= u64::from(entry) % 64;
            sums[stream] += usize::from(entry);
        }
    }
    sums.map(|sum| sum % 256)
}
