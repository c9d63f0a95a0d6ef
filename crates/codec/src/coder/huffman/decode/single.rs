//! One symbol a look-up: for codes that are long.

use super::super::{Code, STREAMS, lengths};
use super::{LOOKUPS, Stream, index, next_bit, ranges, word};
use crate::cpu::at_best;

/// An entry: the code's length in the low byte, where a shift takes it from without more ado, and
/// the symbol in the high byte.
pub(super) type Table<const SIZE: usize> = [u16; SIZE];

/// The table of a complete code, none of which is too long for it.
pub(super) fn table<const SIZE: usize>(code: &Code) -> Table<SIZE> {
    let mut table = [0; SIZE];
    for (byte, len) in lengths::present(&code.lengths) {
        let free = SIZE.trailing_zeros() - u32::from(len);
        let start = usize::from(code.bits[usize::from(byte)]) << free;
        table[start..start + (1 << free)].fill(u16::from(byte) << 8 | u16::from(len));
    }
    table
}

at_best! {
    /// Reads streams side by side, as long as each has a round of symbols and bits left.
    pub(super) fn read<const SIZE: usize>(
        streams: &mut [Stream; STREAMS], table: &Table<SIZE>, data: &[u8], out: &mut [u8],
    ) = read_any
}

#[inline(always)]
pub(super) fn read_any<const SIZE: usize>(
    streams: &mut [Stream; STREAMS],
    table: &Table<SIZE>,
    data: &[u8],
    out: &mut [u8],
) {
    let Ok(parts) = out.get_disjoint_mut(ranges(streams)) else {
        return;
    };
    let mut parts = parts.map(|part| part.as_chunks_mut::<LOOKUPS>().0);
    let rounds = parts.iter().map(|part| part.len()).min().unwrap_or(0);
    let mut bits = streams.map(|stream| stream.bit);
    let mut at = 0;
    while at < rounds && round(&mut bits, table, data, &mut parts, at).is_some() {
        at += 1;
    }
    for (stream, bit) in streams.iter_mut().zip(bits) {
        stream.bit = bit;
        stream.at += at * LOOKUPS;
    }
}

/// Looks up symbols of all streams in turn: none waits for another. Nothing happens where one has
/// not the bits.
#[inline(always)]
fn round<const SIZE: usize>(
    bits: &mut [usize; STREAMS],
    table: &Table<SIZE>,
    data: &[u8],
    parts: &mut [&mut [[u8; LOOKUPS]]; STREAMS],
    at: usize,
) -> Option<()> {
    let mut words = [0; STREAMS];
    for (word, bit) in words.iter_mut().zip(bits.iter()) {
        *word = self::word(data, *bit)?;
    }
    for i in 0..LOOKUPS {
        for (word, part) in words.iter_mut().zip(parts.iter_mut()) {
            let entry = table[index::<SIZE>(*word)];
            part[at][i] = (entry >> 8) as u8;
            *word <<= u64::from(entry) % 64;
        }
    }
    for (bit, word) in bits.iter_mut().zip(words) {
        *bit = next_bit(*bit, word);
    }
    Some(())
}
