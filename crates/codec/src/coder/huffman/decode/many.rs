//! Several symbols a look-up: for codes that are short.

use super::super::{Code, MAX_BITS, STREAMS};
use super::{LOOKUPS, SIZE, Stream, in_turn};
use crate::cpu::at_best;

/// An entry: the symbols from the low byte on, their bits in byte 6, their number in byte 7.
pub(super) type Table = [u64; SIZE];

/// The most symbols of an entry.
const MAX_SYMBOLS: usize = 6;
const ONE_SYMBOL: u64 = 1 << 56;
const ONE_BIT: u64 = 1 << 48;

/// The most symbols of a round.
const ROUND_SYMBOLS: usize = LOOKUPS * MAX_SYMBOLS;
/// The first bytes of a round's output where an entry may be written: a power of two, so that a
/// mask can show it.
const STARTS: usize = 32;
const _: () = assert!((LOOKUPS - 1) * MAX_SYMBOLS < STARTS);
/// What a round may write, the spare bytes of its last entry included.
const WINDOW: usize = STARTS - 1 + 8;

/// Whether a code is short enough: a look-up costs more than that of one symbol.
pub(super) fn pays(code: &Code) -> bool {
    // A code of n bits is what comes next in 2^-n of all cases.
    let bits: f32 = code
        .lengths
        .iter()
        .filter(|len| **len > 0)
        .map(|&len| f32::from(len) / f32::from(1u16 << len))
        .sum();
    bits < 6.0
}

/// The table of a complete code.
pub(super) fn table(code: &Code) -> Box<Table> {
    let mut symbols: Vec<(u8, u32)> = (0..=255u8)
        .map(|byte| (byte, u32::from(code.lengths[usize::from(byte)])))
        .filter(|(_, len)| *len > 0)
        .collect();
    symbols.sort_by_key(|(_, len)| *len);
    let mut table = Box::new([0; SIZE]);
    fill(&symbols, &mut table[..], 0, 0);
    table
}

/// Fills the entries that begin with the `count` symbols in `entry`: a part for each symbol that
/// still fits, by its share, and the rest with what is there. The symbols are in the order of
/// their codes.
fn fill(symbols: &[(u8, u32)], entries: &mut [u64], entry: u64, count: usize) {
    let free = entries.len().trailing_zeros();
    let mut rest = entries;
    if count < MAX_SYMBOLS {
        for &(byte, len) in symbols.iter().take_while(|(_, len)| *len <= free) {
            let (part, after) = rest.split_at_mut(1 << (free - len));
            let with = entry | u64::from(byte) << (8 * count);
            fill(
                symbols,
                part,
                with + ONE_SYMBOL + u64::from(len) * ONE_BIT,
                count + 1,
            );
            rest = after;
        }
    }
    rest.fill(entry);
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
        |stream| stream.rounds(data, ROUND_SYMBOLS, WINDOW),
        |stream| round(stream, table, data, out),
    );
    for stream in &mut now {
        while stream.rounds(data, ROUND_SYMBOLS, WINDOW) > 0 {
            round(stream, table, data, out);
        }
    }
    *streams = now;
}

#[inline(always)]
fn round(stream: &mut Stream, table: &Table, data: &[u8], out: &mut [u8]) {
    let Some(mut word) = stream.word(data) else {
        return;
    };
    let Some(window) = out
        .get_mut(stream.at..)
        .and_then(|out| out.first_chunk_mut::<WINDOW>())
    else {
        return;
    };
    // Bits in the low byte, symbols above it: 5 times 11 bits do not carry over.
    let mut sums = 0;
    for _ in 0..LOOKUPS {
        let entry = table[(word >> (64 - MAX_BITS)) as usize];
        // The mask changes nothing; it shows that the bytes are inside the window.
        let at = (sums >> 8) as usize % STARTS;
        window[at..at + 8].copy_from_slice(&entry.to_le_bytes());
        sums += entry >> 48;
        word <<= (entry >> 48) % 64;
    }
    stream.at += (sums >> 8) as usize;
    stream.bit += sums as usize % 256;
}
