//! Reading the streams.

mod many;
mod single;

use std::ops::Range;

use super::{Code, JUMP, JUMP_LEN, MAX_BITS, SHORT_BITS, STREAMS, lengths, quarter};
use crate::Error;

/// Entries of a decoder's table, which tells what any 11 bits begin with.
const SIZE: usize = 1 << MAX_BITS;
/// Those where no code is longer than 8 bits: made in an eighth of the time.
const SHORT: usize = 1 << SHORT_BITS;
/// Look-ups of a round, between two loads of a word, which has at least 57 bits then.
const LOOKUPS: usize = 5;
/// The most bits that a round reads.
const ROUND_BITS: usize = LOOKUPS * MAX_BITS as usize;
const _: () = assert!(ROUND_BITS < 57);
/// It takes as long to make a table of several symbols as to read so many times its entries by one of single ones.
const WORTH_MANY: usize = 8;

/// Bytes that are loaded at once.
const WORD: usize = 8;
/// So few bytes are read with zeros after them: else no stream's last symbols would be read with those of the others.
const PADDED: usize = 1024;

/// Decodes a payload into exactly `out`.
pub(crate) fn decode(payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let (lengths, taken) = lengths::read(payload, MAX_BITS, 0)?;
    let code = Code::from_lengths(lengths);
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
    let mut padded = [0; PADDED + WORD];
    let data = match padded.get_mut(..data.len() + WORD) {
        Some(room) => {
            room[..data.len()].copy_from_slice(data);
            room
        }
        None => data,
    };
    if code.longest() <= SHORT_BITS {
        read::<SHORT>(&mut streams, &code, data, out);
    } else {
        read::<SIZE>(&mut streams, &code, data, out);
    }
    for (stream, end) in streams.iter().zip(ends) {
        if stream.bit.div_ceil(8) != end {
            return Err(Error::Malformed("huffman stream"));
        }
    }
    Ok(())
}

/// Reads streams to their ends, by tables of so many entries.
fn read<const SIZE: usize>(
    streams: &mut [Stream; STREAMS],
    code: &Code,
    data: &[u8],
    out: &mut [u8],
) {
    let table = single::table::<SIZE>(code);
    if out.len() >= WORTH_MANY * SIZE && many::pays(code, SIZE) {
        many::read::<SIZE>(streams, &many::table(code), data, out);
    } else {
        single::read::<SIZE>(streams, &table, data, out);
    }
    for stream in streams {
        stream.finish(&table, data, out);
    }
}

/// What of a word its first bits are, as many as a table of so many entries is for.
#[inline(always)]
fn index<const SIZE: usize>(word: u64) -> usize {
    (word >> (64 - SIZE.trailing_zeros())) as usize % SIZE
}

/// Where each stream ends.
fn stream_ends(jump: &[u8], len: usize) -> Result<[usize; STREAMS], Error> {
    let mut ends = [len; STREAMS];
    let mut end = 0usize;
    for (to, stream) in ends.iter_mut().zip(jump.as_chunks::<JUMP>().0) {
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
    /// Decodes what is left, symbol by symbol. Bits beyond the data are zeros.
    fn finish<const SIZE: usize>(
        &mut self,
        table: &single::Table<SIZE>,
        data: &[u8],
        out: &mut [u8],
    ) {
        while self.at < self.end {
            let left = data.get(self.bit / 8..).unwrap_or_default();
            let mut bytes = [0; 4];
            let len = left.len().min(4);
            bytes[..len].copy_from_slice(&left[..len]);
            let word = u64::from(u32::from_be_bytes(bytes)) << 32 << (self.bit % 8);
            let entry = table[index::<SIZE>(word)];
            out[self.at] = (entry >> 8) as u8;
            self.at += 1;
            self.bit += usize::from(entry % 256);
        }
    }
}

/// The data from a bit on, from the top of a word on: at least 56 bits, and then a last one that is
/// set, after which come zeros: where it is tells how far the word was shifted since.
#[inline(always)]
fn word(data: &[u8], bit: usize) -> Option<u64> {
    let at = bit / 8;
    let bytes = data.get(at..at + 8)?.first_chunk::<8>()?;
    Some((u64::from_be_bytes(*bytes) | 1) << (bit % 8))
}

/// The next bit of a stream whose word from `bit` on was shifted.
#[inline(always)]
fn next_bit(bit: usize, shifted: u64) -> usize {
    bit / 8 * 8 + shifted.trailing_zeros() as usize
}

/// What of the output each stream has still to write.
fn ranges(streams: &[Stream; STREAMS]) -> [Range<usize>; STREAMS] {
    streams.map(|stream| stream.at..stream.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways of looking up, compiled for this machine and for any, read the same.
    #[test]
    fn all_readers_agree() {
        all_agree::<SIZE>();
        all_agree::<SHORT>();
    }

    fn all_agree<const SIZE: usize>() {
        let mut lengths = [0; 256];
        lengths[..5].copy_from_slice(&[2, 2, 2, 3, 3]);
        let code = Code::from_lengths(lengths);
        let mut data = vec![0; 1000 * STREAMS];
        blake3::Hasher::new().finalize_xof().fill(&mut data);
        let single_table = single::table::<SIZE>(&code);
        let many_table = many::table::<SIZE>(&code);
        let run = |read: &dyn Fn(&mut [Stream; STREAMS], &mut [u8])| {
            let mut out = vec![0; 2000 * STREAMS];
            let mut streams = std::array::from_fn(|i| Stream {
                bit: i * 8000,
                at: i * 2000,
                // One has less to do than the others.
                end: (i + 1) * 2000 - i % 2 * 500,
            });
            read(&mut streams, &mut out);
            assert!(streams.iter().all(|stream| stream.end - stream.at < 600));
            streams
                .iter_mut()
                .for_each(|stream| stream.finish(&single_table, &data, &mut out));
            (out, streams.map(|stream| stream.bit))
        };
        let slow = {
            let mut out = vec![0; 2000 * STREAMS];
            let bits = std::array::from_fn(|i| {
                let mut stream = Stream {
                    bit: i * 8000,
                    at: i * 2000,
                    end: (i + 1) * 2000 - i % 2 * 500,
                };
                stream.finish(&single_table, &data, &mut out);
                stream.bit
            });
            (out, bits)
        };
        assert!(slow == run(&|streams, out| single::read(streams, &single_table, &data, out)));
        assert!(slow == run(&|streams, out| single::read_any(streams, &single_table, &data, out)));
        assert!(slow == run(&|streams, out| many::read(streams, &many_table, &data, out)));
        assert!(slow == run(&|streams, out| many::read_any(streams, &many_table, &data, out)));
    }
}
