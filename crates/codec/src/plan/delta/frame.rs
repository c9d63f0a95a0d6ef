//! A frame's elements to its bytes and back, block by block.

use super::buckets::Buckets;
use super::pair::{BLOCK, Block};
use super::raw_bits::{Reader, Writer};
use super::{Delta, ERROR, LEN, difference, predict};
use crate::Error;
use crate::coder::rans::{self, Decoder};
use crate::cpu::at_best;
use crate::plan::{Core, Decoded, MAX_OVERHEAD};

/// What encoding a frame needs from frame to frame.
#[derive(Default)]
pub(crate) struct Buffers {
    symbols: Vec<u8>,
    contexts: Vec<u8>,
    raw: Vec<u8>,
}

/// Encodes a frame to the end of `out`.
pub(super) fn encode(delta: &Delta, core: Core<'_>, buffers: &mut Buffers, out: &mut Vec<u8>) {
    let Buffers {
        symbols,
        contexts,
        raw,
    } = buffers;
    let pair = delta.pair(core.first, core.bytes, core.base);
    let count = pair.elements();
    let start = out.len();
    out.resize(start + LEN + count * delta.low_bytes(), 0);
    symbols.resize(count, 0);
    contexts.resize(if delta.has_contexts() { count } else { 0 }, 0);
    raw.clear();
    let mut block = Block::new();
    let mut writer = Writer::new(raw);
    for at in (0..count).step_by(BLOCK) {
        let len = pair.load(at, &mut block);
        let (expected, words) = (&block.expected[..len], &mut block.words[..len]);
        if let Some(contexts) = contexts.get_mut(at..at + len) {
            let first = core.first + at;
            delta.contexts.fill(delta.place, first, expected, contexts);
        }
        difference::apart(delta.form, expected, words, &mut block.lows);
        put_low(&block.lows[..len], at, count, &mut out[start + LEN..]);
        put_symbols(
            &delta.buckets,
            words,
            &mut symbols[at..at + len],
            &mut writer,
        );
    }
    writer.finish();
    let is_zero = symbols.iter().all(|symbol| *symbol == 0);
    if is_zero && delta.low_bytes() == 0 {
        out.truncate(start);
        return;
    }
    out[start..start + LEN].copy_from_slice(&(raw.len() as u32).to_le_bytes());
    out.extend_from_slice(raw);
    if !is_zero && !rans::encode(symbols, contexts, delta.encoder(), out) {
        // The tables were made for other symbols. A frame that is too long is not taken.
        out.resize(start + core.bytes.len() + MAX_OVERHEAD + 1, 0);
    }
}

/// Decodes a frame that is not what its base lets expect throughout.
pub(super) fn decode(delta: &Delta, stored: &[u8], core: Decoded<'_>) -> Result<(), Error> {
    let mut frame = Frame::begin(delta, stored, core)?;
    while frame.expect() {
        frame.decode()?;
        frame.put();
    }
    frame.finish()
}

/// Decodes two such frames side by side, which takes less time than one after the other.
pub(super) fn decode_two(
    delta: &Delta,
    [(stored_a, core_a), (stored_b, core_b)]: [(&[u8], Decoded<'_>); 2],
) -> Result<(), Error> {
    let mut a = Frame::begin(delta, stored_a, core_a)?;
    let mut b = Frame::begin(delta, stored_b, core_b)?;
    loop {
        match (a.expect(), b.expect()) {
            (false, false) => break,
            (true, true) => Frame::decode_both(&mut a, &mut b)?,
            _ => {
                a.decode()?;
                b.decode()?;
            }
        }
        a.put();
        b.put();
    }
    a.finish()?;
    b.finish()
}

/// A frame that is decoded block by block: what to expect, symbols, elements.
struct Frame<'a> {
    delta: &'a Delta,
    core: Decoded<'a>,
    low: &'a [u8],
    reader: Reader<'a>,
    /// None where all symbols are 0.
    coder: Option<Decoder<'a>>,
    count: usize,
    /// Where the block in work begins, and how many elements it has.
    at: usize,
    len: usize,
    block: Block,
    contexts: [u8; BLOCK],
    symbols: [u8; BLOCK],
}

impl<'a> Frame<'a> {
    fn begin(delta: &'a Delta, stored: &'a [u8], core: Decoded<'a>) -> Result<Frame<'a>, Error> {
        let count = core.bytes.len() / delta.unit();
        let [low, raw, payload] = delta.split(stored, count)?;
        let coder = match payload {
            [] => None,
            payload => Some(Decoder::new(payload)?),
        };
        Ok(Frame {
            delta,
            core,
            low,
            reader: Reader::new(raw),
            coder,
            count,
            at: 0,
            len: 0,
            block: Block::new(),
            contexts: [0; BLOCK],
            symbols: [0; BLOCK],
        })
    }

    /// Finds what to expect of the next block and its contexts; whether there is one.
    fn expect(&mut self) -> bool {
        let delta = self.delta;
        self.at += self.len;
        self.len = BLOCK.min(self.count - self.at);
        let expected = &mut self.block.expected[..self.len];
        let pair = delta.pair(self.core.first, &[], self.core.base);
        pair.expect(self.at, expected);
        if self.coder.is_some() && delta.has_contexts() {
            let first = self.core.first + self.at;
            let own = &mut self.contexts[..self.len];
            delta.contexts.fill(delta.place, first, expected, own);
        }
        self.len > 0
    }

    /// Decodes the block's symbols.
    fn decode(&mut self) -> Result<(), Error> {
        let contexts = match self.delta.has_contexts() {
            true => &self.contexts[..self.len],
            false => &[],
        };
        let symbols = &mut self.symbols[..self.len];
        match &mut self.coder {
            Some(coder) => coder.decode(contexts, self.delta.decoder(), symbols),
            None => Ok(()),
        }
    }

    /// Decodes the symbols of two frames' blocks.
    fn decode_both(a: &mut Frame<'a>, b: &mut Frame<'a>) -> Result<(), Error> {
        let (Some(coder_a), Some(coder_b)) = (&mut a.coder, &mut b.coder) else {
            a.decode()?;
            return b.decode();
        };
        let contexts: [&[u8]; 2] = match a.delta.has_contexts() {
            true => [&a.contexts[..a.len], &b.contexts[..b.len]],
            false => [&[]; 2],
        };
        let symbols = [&mut a.symbols[..a.len], &mut b.symbols[..b.len]];
        Decoder::decode_two([coder_a, coder_b], contexts, a.delta.decoder(), symbols)
    }

    /// Makes elements of the block's symbols.
    fn put(&mut self) {
        let (delta, len) = (self.delta, self.len);
        let Block {
            expected,
            words,
            lows,
        } = &mut self.block;
        let (expected, words, lows) = (&expected[..len], &mut words[..len], &mut lows[..len]);
        match self.coder {
            None => words.fill(0),
            Some(_) => {
                get_numbers(
                    &delta.buckets,
                    &self.symbols[..len],
                    &mut self.reader,
                    words,
                );
            }
        }
        get_low(self.low, self.at, self.count, lows);
        difference::together(delta.form, expected, words, lows);
        let unit = delta.unit();
        predict::store(words, &mut self.core.bytes[self.at * unit..][..len * unit]);
    }

    fn finish(self) -> Result<(), Error> {
        self.reader.finish()?;
        self.coder.map_or(Ok(()), Decoder::finish)
    }
}

/// A frame that is what its base lets expect.
pub(super) fn decode_equal(delta: &Delta, core: Decoded<'_>) -> Result<(), Error> {
    if delta.low_bytes() > 0 && !core.bytes.is_empty() {
        return Err(ERROR);
    }
    if delta.from == delta.to && delta.low_rank.is_none() {
        core.bytes.copy_from_slice(core.base);
        return Ok(());
    }
    let unit = delta.unit();
    let pair = delta.pair(core.first, &[], core.base);
    let mut expected = [0; BLOCK];
    let blocks = core.bytes.chunks_mut(BLOCK * unit);
    for (at, out) in (0..).step_by(BLOCK).zip(blocks) {
        let expected = &mut expected[..out.len() / unit];
        pair.expect(at, expected);
        predict::store(expected, out);
    }
    Ok(())
}

/// Puts the low bytes of elements from number `at` on into planes of `count` bytes, as many as there are.
fn put_low(lows: &[u32], at: usize, count: usize, planes: &mut [u8]) {
    for (byte, plane) in planes.chunks_exact_mut(count).enumerate() {
        for (to, low) in plane[at..].iter_mut().zip(lows) {
            *to = (low >> (8 * byte)) as u8;
        }
    }
}

/// The inverse of [`put_low`].
fn get_low(planes: &[u8], at: usize, count: usize, lows: &mut [u32]) {
    lows.fill(0);
    for (byte, plane) in planes.chunks_exact(count).enumerate() {
        for (low, from) in lows.iter_mut().zip(&plane[at..]) {
            *low |= u32::from(*from) << (8 * byte);
        }
    }
}

at_best! {
    /// The numbers that symbols and raw bits stand for.
    fn get_numbers(buckets: &Buckets, symbols: &[u8], reader: &mut Reader<'_>, out: &mut [u32]) = get_numbers_any
}

#[inline(always)]
fn get_numbers_any(buckets: &Buckets, symbols: &[u8], reader: &mut Reader<'_>, out: &mut [u32]) {
    reader.numbers(buckets, symbols, out);
}

at_best! {
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
