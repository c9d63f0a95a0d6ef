//! Reading the streams.

use super::table::{self, MAX_SYMBOLS, Table};
use super::{Code, JUMP_LEN, MAX_BITS, STREAMS, lengths, quarter};
use crate::Error;
use crate::cpu::at_best;

/// Look-ups between two loads of a word, which has at least 57 bits then.
const LOOKUPS: usize = 5;
const _: () = assert!(LOOKUPS * MAX_BITS as usize <= 57);
/// The most that a round of look-ups decodes.
const ROUND_SYMBOLS: usize = LOOKUPS * MAX_SYMBOLS;
const ROUND_BITS: usize = LOOKUPS * MAX_BITS as usize;
/// The first bytes of a round's output where an entry may be written: a power of two, so that a
/// mask can show it.
const STARTS: usize = 32;
const _: () = assert!((LOOKUPS - 1) * MAX_SYMBOLS < STARTS);
/// What a round may write, the spare bytes of its last entry included.
const WINDOW: usize = STARTS - 1 + 8;

/// Decodes a payload into exactly `out`.
pub(crate) fn decode(payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let (lengths, taken) = lengths::read(payload)?;
    let code = Code::from_lengths(lengths);
    let table = table::build(&code);
    let (jump, data) = payload[taken..]
        .split_at_checked(JUMP_LEN)
        .ok_or(Error::Malformed("huffman plane"))?;
    let ends = stream_ends(jump, data.len())?;
    let mut streams: [Stream; STREAMS] = std::array::from_fn(|i| {
        let start = if i == 0 { 0 } else { ends[i - 1] };
        let range = quarter(out.len(), i);
        Stream {
            bit: start * 8,
            at: range.start,
            end: range.end,
        }
    });
    read_side_by_side(&mut streams, &table, data, out);
    for (stream, end) in streams.iter_mut().zip(ends) {
        while stream.rounds(data) > 0 {
            stream.round(&table, data, out);
        }
        while stream.at < stream.end {
            stream.one(&table, &code, data, out);
        }
        if stream.bit.div_ceil(8) != end {
            return Err(Error::Malformed("huffman stream"));
        }
    }
    Ok(())
}

at_best! {
    /// Reads all streams in turn, as far as each has room for a round: none waits for another's
    /// look-up.
    fn read_side_by_side(
        streams: &mut [Stream; STREAMS], table: &Table, data: &[u8], out: &mut [u8],
    ) = side_by_side
}

#[inline(always)]
fn side_by_side(streams: &mut [Stream; STREAMS], table: &Table, data: &[u8], out: &mut [u8]) {
    let mut now = *streams;
    loop {
        let rounds = now
            .iter()
            .map(|stream| stream.rounds(data))
            .min()
            .unwrap_or(0);
        if rounds == 0 {
            break;
        }
        for _ in 0..rounds {
            for stream in &mut now {
                stream.round(table, data, out);
            }
        }
    }
    *streams = now;
}

/// Where each stream ends.
fn stream_ends(jump: &[u8], len: usize) -> Result<[usize; STREAMS], Error> {
    let mut ends = [len; STREAMS];
    let mut end = 0usize;
    for (to, stream) in ends.iter_mut().zip(jump.as_chunks::<3>().0) {
        let [low, middle, high] = *stream;
        end += u32::from_le_bytes([low, middle, high, 0]) as usize;
        *to = end;
    }
    if end > len {
        Err(Error::Malformed("huffman streams"))
    } else {
        Ok(ends)
    }
}

/// A stream that is being read: its next bit, and where its next symbol goes.
#[derive(Clone, Copy)]
struct Stream {
    bit: usize,
    at: usize,
    end: usize,
}

impl Stream {
    /// How many rounds there are, at least, that can neither read nor write beyond what is there.
    #[inline(always)]
    fn rounds(&self, data: &[u8]) -> usize {
        let symbols = self.end.saturating_sub(self.at + WINDOW - ROUND_SYMBOLS) / ROUND_SYMBOLS;
        let bits = (data.len() * 8).saturating_sub(self.bit + 64 - ROUND_BITS) / ROUND_BITS;
        symbols.min(bits)
    }

    /// Decodes [`LOOKUPS`] entries.
    #[inline(always)]
    fn round(&mut self, table: &Table, data: &[u8], out: &mut [u8]) {
        let Some(bytes) = data
            .get(self.bit / 8..)
            .and_then(|data| data.first_chunk::<8>())
        else {
            return;
        };
        let Some(window) = out
            .get_mut(self.at..)
            .and_then(|out| out.first_chunk_mut::<WINDOW>())
        else {
            return;
        };
        let mut word = u64::from_be_bytes(*bytes) << (self.bit % 8);
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
        self.at += (sums >> 8) as usize;
        self.bit += sums as usize % 256;
    }

    /// Decodes one symbol.
    fn one(&mut self, table: &Table, code: &Code, data: &[u8], out: &mut [u8]) {
        let mut bytes = [0; 4];
        let left = data.get(self.bit / 8..).unwrap_or_default();
        let len = left.len().min(4);
        bytes[..len].copy_from_slice(&left[..len]);
        let word = u32::from_be_bytes(bytes) << (self.bit % 8);
        let symbol = table[(word >> (32 - MAX_BITS)) as usize] as u8;
        out[self.at] = symbol;
        self.at += 1;
        self.bit += usize::from(code.lengths[usize::from(symbol)]);
    }
}
