//! Several symbols a look-up: for codes that are short.

use super::super::{Code, MAX_BITS, STREAMS};
use super::{LOOKUPS, SIZE, Stream, ranges, word, words};
use crate::cpu::at_best;

/// An entry: its bits in the low byte, where a shift takes them from without more ado, the number of
/// its symbols in byte 1, and the symbols in bytes 2 to 7.
pub(super) type Table = [u64; SIZE];

/// The most symbols of an entry.
const MAX_SYMBOLS: usize = 6;
const ONE_BIT: u64 = 1;
const ONE_SYMBOL: u64 = 1 << 8;
const SYMBOLS: usize = 16;

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
    bits < 5.0
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
            let with = entry | u64::from(byte) << (SYMBOLS + 8 * count);
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
    /// Reads all streams side by side, and then each alone, as long as there are bits and room for a
    /// round.
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
    read_together(streams, table, data, out);
    for stream in streams {
        read_alone(stream, table, data, out);
    }
}

/// Reads all streams until one has no bits or no room for a round.
#[inline(always)]
fn read_together(streams: &mut [Stream; STREAMS], table: &Table, data: &[u8], out: &mut [u8]) {
    let Ok([a, b, c, d]) = out.get_disjoint_mut(ranges(streams)) else {
        return;
    };
    let mut at = [0; STREAMS];
    let mut bits = streams.map(|stream| stream.bit);
    while let Some(words) = words(data, &bits)
        && let (Some(a), Some(b)) = (window(a, at[0]), window(b, at[1]))
        && let (Some(c), Some(d)) = (window(c, at[2]), window(d, at[3]))
    {
        let [u, v, w, x] = words;
        // By pairs, for which the machine's registers are enough.
        let [s, t] = round([u, v], table, [a, b]);
        let [y, z] = round([w, x], table, [c, d]);
        for (i, sum) in [s, t, y, z].into_iter().enumerate() {
            bits[i] += bits_of(sum);
            at[i] += symbols_of(sum);
        }
    }
    for i in 0..STREAMS {
        streams[i].bit = bits[i];
        streams[i].at += at[i];
    }
}

#[inline(always)]
fn read_alone(stream: &mut Stream, table: &Table, data: &[u8], out: &mut [u8]) {
    let out = &mut out[..stream.end];
    while let Some(word) = word(data, stream.bit)
        && let Some(window) = window(out, stream.at)
    {
        let [sum] = round([word], table, [window]);
        stream.bit += bits_of(sum);
        stream.at += symbols_of(sum);
    }
}

/// Where a round writes, if there is room.
#[inline(always)]
fn window(out: &mut [u8], at: usize) -> Option<&mut [u8; WINDOW]> {
    out.get_mut(at..)?.first_chunk_mut()
}

/// Looks up symbols of all streams in turn: none waits for another. Returns for each its bits in the
/// low byte and the number of its symbols in the next: 5 times 11 bits and 5 times 6 symbols stay
/// there.
#[inline(always)]
fn round<const N: usize>(
    mut words: [u64; N],
    table: &Table,
    windows: [&mut [u8; WINDOW]; N],
) -> [u64; N] {
    let mut sums = [0u64; N];
    for _ in 0..LOOKUPS {
        for i in 0..N {
            let entry = table[(words[i] >> (64 - MAX_BITS)) as usize];
            // The mask changes nothing; it shows that the bytes are inside the window.
            let at = symbols_of(sums[i]) % STARTS;
            windows[i][at..at + 8].copy_from_slice(&(entry >> SYMBOLS).to_le_bytes());
            sums[i] = sums[i].wrapping_add(entry);
            words[i] <<= entry % 64;
        }
    }
    sums
}

#[inline(always)]
fn bits_of(sum: u64) -> usize {
    sum as usize % 256
}

#[inline(always)]
fn symbols_of(sum: u64) -> usize {
    (sum >> 8) as usize % 256
}
