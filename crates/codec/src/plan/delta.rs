//! The plan of a delta: each element's difference from what its base lets expect, as a symbol coded
//! with the table of its context, and raw bits where differences are large.
//!
//! A frame whose differences are all 0 is empty. Any other has the number of bytes of raw bits (4),
//! the low bits that are kept apart, byte by byte in planes, the raw bits, and the symbols' payload.

mod buckets;
mod contexts;
mod difference;
mod fit;
mod low_rank;
mod pair;
mod predict;
mod raw_bits;
mod shared;

use std::fmt;
use std::sync::OnceLock;

pub(crate) use fit::fit;
pub(crate) use predict::can;

use self::buckets::Buckets;
use self::contexts::{Contexts, Place};
use self::difference::Form;
use self::low_rank::LowRank;
use self::pair::{BLOCK, Block, Pair};
use self::raw_bits::{Reader, Writer};
use super::{Code, Core, Decoded, Part, Plan};
use crate::coder::rans::{self, DecodeTables, Decoder, EncodeTables, Tables};
use crate::header::{Facts, Residual};
use crate::layout::Layout;
use crate::scratch::Scratch;
use crate::{Dtype, Error, Level};

const ERROR: Error = Error::Malformed("delta frame");
/// The length of the raw bits.
const LEN: usize = 4;

/// The differences of a chunk from its base.
pub(crate) struct Delta {
    /// The base's dtype, and the chunk's.
    from: Dtype,
    to: Dtype,
    place: Place,
    /// What is added to the base.
    low_rank: Option<LowRank>,
    form: Form,
    buckets: Buckets,
    contexts: Contexts,
    tables: Tables,
    /// What frames share, as the header keeps it.
    shared: Vec<u8>,
    /// About how many bytes the blob takes that this was fitted for.
    pub(crate) expected_len: usize,
    decoder: OnceLock<DecodeTables>,
    encoder: OnceLock<EncodeTables>,
}

impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.contexts.number();
        write!(
            f,
            "Delta({:?} from {:?}, {:?}, {number} contexts)",
            self.to, self.from, self.form
        )
    }
}

/// What encoding a frame needs from frame to frame.
#[derive(Default)]
pub(crate) struct Buffers {
    symbols: Vec<u8>,
    contexts: Vec<u8>,
}

/// Whether a dtype's elements are floats of at most 32 bits, whose differences this plan codes.
pub(crate) fn covers(dtype: Dtype) -> bool {
    let is_float = dtype.is_float() || matches!(dtype, Dtype::C32 | Dtype::C64);
    is_float && Layout::of(dtype).unit() <= 4
}

impl Delta {
    /// Reads what frames share.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Delta, Error> {
        let Some(base) = facts.base else {
            return Err(Error::Malformed("delta without a base"));
        };
        let sound = base.residual == Residual::Planned && covers(facts.hint.dtype);
        if !sound || !can(base.dtype, facts.hint.dtype) || facts.lead != 0 {
            return Err(Error::Malformed("delta of this kind"));
        }
        shared::read(shared, facts, base.dtype)
    }

    fn pair<'a>(&'a self, core: Core<'a>) -> Pair<'a> {
        Pair {
            from: self.from,
            to: self.to,
            raw: core.bytes,
            base: core.base,
            first: core.first,
            place: self.place,
            low_rank: self.low_rank.as_ref(),
        }
    }

    fn unit(&self) -> usize {
        Layout::of(self.to).unit()
    }

    fn decoder(&self) -> &DecodeTables {
        self.decoder.get_or_init(|| self.tables.decoder())
    }

    fn encoder(&self) -> &EncodeTables {
        self.encoder.get_or_init(|| self.tables.encoder())
    }

    /// Bytes of the low bits that are kept apart, for each element.
    fn low_bytes(&self) -> usize {
        (self.form.low / 8) as usize
    }

    fn has_contexts(&self) -> bool {
        self.contexts.number() > 1
    }

    /// Takes a stored frame apart: low bits, raw bits, payload.
    fn split<'a>(&self, stored: &'a [u8], count: usize) -> Result<[&'a [u8]; 3], Error> {
        let (len, rest) = stored.split_first_chunk::<LEN>().ok_or(ERROR)?;
        let raw_len = u32::from_le_bytes(*len) as usize;
        let (low, rest) = rest
            .split_at_checked(count * self.low_bytes())
            .ok_or(ERROR)?;
        let (raw, payload) = rest.split_at_checked(raw_len).ok_or(ERROR)?;
        Ok([low, raw, payload])
    }
}

impl Plan for Delta {
    fn code(&self) -> Code {
        Code::Delta
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.shared);
    }

    fn encode(&self, core: Core<'_>, _: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let pair = self.pair(core);
        let Buffers { symbols, contexts } = &mut scratch.delta;
        let count = pair.elements();
        let start = out.len();
        let low_at = start + LEN;
        out.resize(low_at + count * self.low_bytes(), 0);
        symbols.resize(count, 0);
        contexts.resize(if self.has_contexts() { count } else { 0 }, 0);
        let raw_at = out.len();
        let (mut block, mut raw) = (Block::new(), Vec::new());
        let mut writer = Writer::new(&mut raw);
        for at in (0..count).step_by(BLOCK) {
            let len = pair.load(at, &mut block);
            if self.has_contexts() {
                let contexts = &mut contexts[at..at + len];
                self.contexts.fill(
                    self.place,
                    core.first + at,
                    &block.expected[..len],
                    contexts,
                );
            }
            difference::apart(
                self.form,
                &block.expected[..len],
                &mut block.words[..len],
                &mut block.lows,
            );
            for byte in 0..self.low_bytes() {
                let plane = &mut out[low_at + byte * count + at..][..len];
                for (to, low) in plane.iter_mut().zip(&block.lows) {
                    *to = (low >> (8 * byte)) as u8;
                }
            }
            put_symbols(
                &self.buckets,
                &block.words[..len],
                &mut symbols[at..at + len],
                &mut writer,
            );
        }
        writer.finish();
        if self.low_bytes() == 0 && symbols.iter().all(|symbol| *symbol == 0) {
            out.truncate(start);
            return;
        }
        out[start..low_at].copy_from_slice(&(raw.len() as u32).to_le_bytes());
        out.truncate(raw_at);
        out.extend_from_slice(&raw);
        if symbols.iter().any(|symbol| *symbol > 0) {
            let done = rans::encode(symbols, contexts, self.encoder(), out);
            debug_assert!(done, "the tables were made from these symbols");
        }
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, _: &mut Scratch) -> Result<(), Error> {
        let count = core.bytes.len() / self.unit();
        if stored.is_empty() {
            return self.decode_equal(core);
        }
        let [low, raw, payload] = self.split(stored, count)?;
        let mut coder = match payload {
            [] => None,
            payload => Some(Decoder::new(payload)?),
        };
        let mut reader = Reader::new(raw);
        let pair = self.pair(Core {
            first: core.first,
            bytes: &[],
            base: core.base,
        });
        let mut block = Block::new();
        let mut contexts = [0; BLOCK];
        let mut symbols = [0; BLOCK];
        for at in (0..count).step_by(BLOCK) {
            let len = BLOCK.min(count - at);
            let expected = &mut block.expected[..len];
            pair.expect(at, expected);
            let words = &mut block.words[..len];
            match &mut coder {
                None => words.fill(0),
                Some(coder) => {
                    let contexts = if self.has_contexts() {
                        self.contexts.fill(
                            self.place,
                            core.first + at,
                            expected,
                            &mut contexts[..len],
                        );
                        &contexts[..len]
                    } else {
                        &[]
                    };
                    coder.decode(contexts, self.decoder(), &mut symbols[..len])?;
                    get_numbers(&self.buckets, &symbols[..len], &mut reader, words);
                }
            }
            for byte in 0..self.low_bytes() {
                let plane = &low[byte * count + at..][..len];
                for (low, from) in block.lows.iter_mut().zip(plane) {
                    let upper = if byte == 0 { 0 } else { *low };
                    *low = upper | u32::from(*from) << (8 * byte);
                }
            }
            difference::together(self.form, expected, words, &block.lows[..len]);
            let unit = self.unit();
            predict::store(words, &mut core.bytes[at * unit..(at + len) * unit]);
        }
        reader.finish()?;
        coder.map_or(Ok(()), Decoder::finish)
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let count = core_len / self.unit();
        let [low, raw, payload] = match stored {
            [] => [&[] as &[u8]; 3],
            stored => self.split(stored, count)?,
        };
        let part = |name, raw_len, stored: &[u8], coding| Part {
            name,
            raw_len,
            stored_len: stored.len(),
            coding,
        };
        let low_len = count * self.low_bytes();
        Ok(vec![
            part("low bits", low_len, low, "raw"),
            part("places", 0, raw, "raw"),
            part("differences", core_len - low_len, payload, "rans"),
        ])
    }
}

impl Delta {
    /// A frame that is what its base lets expect.
    fn decode_equal(&self, core: Decoded<'_>) -> Result<(), Error> {
        if self.low_bytes() > 0 && !core.bytes.is_empty() {
            return Err(ERROR);
        }
        if self.from == self.to && self.low_rank.is_none() {
            core.bytes.copy_from_slice(core.base);
            return Ok(());
        }
        let unit = self.unit();
        let pair = self.pair(Core {
            first: core.first,
            bytes: &[],
            base: core.base,
        });
        let mut expected = [0; BLOCK];
        let blocks = core.bytes.chunks_mut(BLOCK * unit);
        for (at, to) in (0..).step_by(BLOCK).zip(blocks) {
            let expected = &mut expected[..to.len() / unit];
            pair.expect(at, expected);
            predict::store(expected, to);
        }
        Ok(())
    }
}

crate::cpu::at_best! {
    /// The numbers that symbols and raw bits stand for.
    fn get_numbers(buckets: &Buckets, symbols: &[u8], reader: &mut Reader<'_>, out: &mut [u32]) = get_numbers_any
}

#[inline(always)]
fn get_numbers_any(buckets: &Buckets, symbols: &[u8], reader: &mut Reader<'_>, out: &mut [u32]) {
    reader.numbers(buckets, symbols, out);
}

crate::cpu::at_best! {
    /// Numbers to symbols and raw bits.
    fn put_symbols(buckets: &Buckets, numbers: &[u32], symbols: &mut [u8], writer: &mut Writer<'_>) = put_symbols_any
}

#[inline(always)]
fn put_symbols_any(
    buckets: &Buckets,
    numbers: &[u32],
    symbols: &mut [u8],
    writer: &mut Writer<'_>,
) {
    writer.symbols(buckets, numbers, symbols);
}
