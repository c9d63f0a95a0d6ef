//! One symbol a look-up: for codes that are long.

use super::super::{Code, MAX_BITS, STREAMS};
use super::{LOOKUPS, SIZE, Stream, in_turn};
use crate::cpu::at_best;

/// An entry: the symbol, and above it its length.
pub(super) type Table = [u16; SIZE];

/// The table of a complete code.
pub(super) fn table(code: &Code) -> Box<Table> {
    let mut table = Box::new([0; SIZE]);
    for (byte, &len) in code.lengths.iter().enumerate().filter(|(_, len)| **len > 0) {
        let free = MAX_BITS - u32::from(len);
        let start = usize::from(code.bits[byte]) << free;
        table[start..start + (1 << free)].fill(byte as u16 | u16::from(len) << 8);
    }
    table
}

at_best! {
    /// Reads all streams, as far as each has room for a round.
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
    let mut now = *streams;
    in_turn(
        &mut now,
        |stream| stream.rounds(data, LOOKUPS, LOOKUPS),
        |stream| round(stream, table, data, out),
    );
    *streams = now;
}

#[inline(always)]
fn round(stream: &mut Stream, table: &Table, data: &[u8], out: &mut [u8]) {
    let Some(mut word) = stream.word(data) else {
        return;
    };
    let Some(to) = out
        .get_mut(stream.at..)
        .and_then(|out| out.first_chunk_mut::<LOOKUPS>())
    else {
        return;
    };
    let mut bits = 0;
    for symbol in to {
        let entry = table[(word >> (64 - MAX_BITS)) as usize];
        *symbol = entry as u8;
        let len = u64::from(entry >> 8);
        word <<= len % 64;
        bits += len;
    }
    stream.at += LOOKUPS;
    stream.bit += bits as usize;
}
