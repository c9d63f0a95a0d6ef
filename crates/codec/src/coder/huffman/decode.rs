//! Reading the streams.

use super::table::{self, MAX_SYMBOLS, Table};
use super::{Code, JUMP_LEN, MAX_BITS, STREAMS, lengths, quarter};
use crate::Error;

/// Look-ups between two loads of a word, which has at least 57 bits then.
const LOOKUPS: usize = 5;
const _: () = assert!(LOOKUPS * MAX_BITS as usize <= 57);
/// Bytes that a round of look-ups may write, the last one's spare bytes included.
const REACH: usize = (LOOKUPS - 1) * MAX_SYMBOLS + 8;

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
    while streams.iter().all(|stream| stream.has_room(data)) {
        for stream in &mut streams {
            stream.round(&table, data, out);
        }
    }
    for (stream, end) in streams.iter_mut().zip(ends) {
        while stream.has_room(data) {
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

/// Where each stream ends.
fn stream_ends(jump: &[u8], len: usize) -> Result<[usize; STREAMS], Error> {
    let mut ends = [len; STREAMS];
    let mut end = 0usize;
    for (to, stream) in ends.iter_mut().zip(jump.as_chunks::<4>().0) {
        end = end.saturating_add(u32::from_le_bytes(*stream) as usize);
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
    /// Whether a round can neither read nor write beyond what is there.
    #[inline(always)]
    fn has_room(&self, data: &[u8]) -> bool {
        self.at + REACH <= self.end && self.bit / 8 + 8 <= data.len()
    }

    /// Decodes [`LOOKUPS`] entries.
    #[inline(always)]
    fn round(&mut self, table: &Table, data: &[u8], out: &mut [u8]) {
        let Some(bytes) = data[self.bit / 8..].first_chunk::<8>() else {
            return;
        };
        let mut word = u64::from_be_bytes(*bytes) << (self.bit % 8);
        for _ in 0..LOOKUPS {
            let entry = table[(word >> (64 - MAX_BITS)) as usize];
            out[self.at..self.at + 8].copy_from_slice(&entry.to_le_bytes());
            self.at += (entry >> 48) as usize & 0xff;
            let len = entry >> 56;
            word <<= len;
            self.bit += len as usize;
        }
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
