//! Several symbols a look-up: for codes that are short.

use super::super::{Code, STREAMS, lengths};
use super::{LOOKUPS, Stream, index, next_bit, ranges, word};
use crate::cpu::at_best;

/// An entry: its bits in the low byte, where a shift takes them from without more ado, its symbols
/// in bytes 1 to 6, and their number in the high byte.
pub(super) type Table<const SIZE: usize> = [u64; SIZE];

/// The most symbols of an entry.
const MAX_SYMBOLS: usize = 6;
const COUNT: u32 = 56;
const ONE: u64 = 1 << COUNT;

/// The first bytes of a round's output where an entry may be written: a power of two, so that a
/// mask can show it.
const STARTS: usize = 32;
const _: () = assert!((LOOKUPS - 1) * MAX_SYMBOLS < STARTS);
/// What a round may write, the spare bytes of its last entry included.
const WINDOW: usize = STARTS - 1 + 8;

/// Whether a code is short enough for a table of so many entries: a look-up costs more than that of one symbol.
pub(super) fn pays(code: &Code, size: usize) -> bool {
    // A code of n bits is what comes next in 2^-n of all cases.
    let each =
        lengths::present(&code.lengths).map(|(_, len)| f32::from(len) / f32::from(1u16 << len));
    each.sum::<f32>() * 2.6 < size.trailing_zeros() as f32
}

/// The table of a complete code, none of which is too long for it.
pub(super) fn table<const SIZE: usize>(code: &Code) -> Box<Table<SIZE>> {
    let mut symbols = [(0u8, 0u32); 256];
    let count = in_order(code, &mut symbols);
    let symbols = &symbols[..count];
    // The tables of fewer bits, each at its own size: what may follow a symbol in one of more.
    let mut tables = vec![0; 2 * SIZE];
    for bits in 1..=SIZE.trailing_zeros() {
        let (smaller, larger) = tables.split_at_mut(1 << bits);
        fill(code, symbols, smaller, &mut larger[..1 << bits], bits);
    }
    let mut table = Box::new([0; SIZE]);
    table.copy_from_slice(&tables[SIZE..]);
    table
}

/// The symbols with their lengths, in the order of their codes, and how many there are.
fn in_order(code: &Code, symbols: &mut [(u8, u32); 256]) -> usize {
    let mut count = 0;
    for (byte, len) in lengths::present(&code.lengths) {
        symbols[count] = (byte, u32::from(len));
        count += 1;
    }
    // Those of a length stay in their order.
    symbols[..count].sort_by_key(|(_, len)| *len);
    count
}

/// Fills the table of so many bits: a part for each symbol that fits, by its share, with what may
/// follow it. Where none fits, nothing is there.
fn fill(code: &Code, symbols: &[(u8, u32)], smaller: &[u64], table: &mut [u64], bits: u32) {
    let mut rest = table;
    for &(byte, len) in symbols.iter().take_while(|(_, len)| *len <= bits) {
        let follow = 1 << (bits - len);
        let (part, after) = rest.split_at_mut(follow);
        rest = after;
        let first = u64::from(byte) << 8 | u64::from(len) | ONE;
        let following = &smaller[follow..2 * follow];
        if (bits - len) as usize >= MAX_SYMBOLS {
            for (to, entry) in part.iter_mut().zip(following) {
                *to = before(first, without_last(code, *entry));
            }
        } else {
            for (to, entry) in part.iter_mut().zip(following) {
                *to = before(first, *entry);
            }
        }
    }
}

/// An entry with a symbol before its own.
#[inline(always)]
fn before(first: u64, entry: u64) -> u64 {
    const SYMBOLS: u64 = ONE - 0x100;
    ((entry & SYMBOLS) << 8) + (entry & !SYMBOLS) + first
}

/// An entry that has room for one symbol more.
fn without_last(code: &Code, entry: u64) -> u64 {
    if (entry >> COUNT) < MAX_SYMBOLS as u64 {
        return entry;
    }
    let last = entry >> (8 * MAX_SYMBOLS) & 0xff;
    let kept = entry & ((1 << (8 * MAX_SYMBOLS)) - 1);
    (kept - u64::from(code.lengths[last as usize])) | ((MAX_SYMBOLS as u64 - 1) << COUNT)
}

at_best! {
    /// Reads streams side by side, as long as there are bits and room for a round.
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
    let Ok(mut parts) = out.get_disjoint_mut(ranges(streams)) else {
        return;
    };
    // Where a stream is in its part.
    let starts = streams.map(|stream| stream.at);
    streams.iter_mut().for_each(|stream| stream.at = 0);
    while round(streams, table, data, &mut parts).is_some() {}
    for (stream, part) in streams.as_chunks_mut::<1>().0.iter_mut().zip(&mut parts) {
        while round(stream, table, data, std::array::from_mut(part)).is_some() {}
    }
    for (stream, start) in streams.iter_mut().zip(starts) {
        stream.at += start;
    }
}

/// Looks up symbols of some streams in turn: none waits for another. Nothing happens where one has
/// not the bits or the room.
#[inline(always)]
fn round<const K: usize, const SIZE: usize>(
    streams: &mut [Stream; K],
    table: &Table<SIZE>,
    data: &[u8],
    parts: &mut [&mut [u8]; K],
) -> Option<()> {
    let mut words = [0; K];
    for (to, stream) in words.iter_mut().zip(streams.iter()) {
        *to = word(data, stream.bit)?;
    }
    let mut windows = [const { None }; K];
    for ((to, stream), part) in windows.iter_mut().zip(streams.iter()).zip(parts) {
        // No part is so long that this would cut it; it shows that the sum does not overflow.
        let at = stream.at as u32 as usize;
        *to = Some(part.get_mut(at..at + WINDOW)?.first_chunk_mut::<WINDOW>()?);
    }
    let mut counts = [0; K];
    for _ in 0..LOOKUPS {
        for i in 0..K {
            let entry = table[index::<SIZE>(words[i])];
            // The mask changes nothing; it shows that the bytes are inside the window.
            let at = counts[i] % STARTS;
            if let Some(window) = &mut windows[i] {
                window[at..at + 8].copy_from_slice(&(entry >> 8).to_le_bytes());
            }
            counts[i] += (entry >> COUNT) as usize;
            words[i] <<= entry % 64;
        }
    }
    for i in 0..K {
        streams[i].bit = next_bit(streams[i].bit, words[i]);
        streams[i].at += counts[i];
    }
    Some(())
}
