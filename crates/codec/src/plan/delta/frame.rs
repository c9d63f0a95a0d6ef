//! A frame's elements to its bytes and back, block by block.

use super::difference::{self, number_width};
use super::pair::{BLOCK, Block, Expected};
use super::raw_bits::{Reader, Writer};
use super::{Delta, ERROR, LEN};
use crate::Error;
use crate::coder::rans::{self, Decoder};
use crate::cpu::at_widest;
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
    if delta.low_bytes() == 0 && delta.form.top.is_none() && pair.is_equal() {
        return;
    }
    let count = pair.elements();
    let start = out.len();
    out.resize(start + LEN + count * delta.low_bytes(), 0);
    symbols.resize(count, 0);
    contexts.resize(if delta.has_contexts() { count } else { 0 }, 0);
    raw.clear();
    let mut block = Block::new();
    let mut writer = Writer::new(raw);
    let width = number_width(delta.unit());
    for (at, symbols) in (0..).step_by(BLOCK).zip(symbols.chunks_mut(BLOCK)) {
        let (expected, numbers) = block.apart(&pair, delta.form, at);
        if let Some(contexts) = contexts.get_mut(at..at + symbols.len()) {
            let first = core.first + at;
            delta.contexts.fill(delta.place, first, expected, contexts);
        }
        writer.symbols(&delta.buckets, width, numbers, symbols);
        let lows = &block.lows[..symbols.len()];
        put_low(lows, at, count, &mut out[start + LEN..]);
    }
    writer.finish();
    let is_zero = symbols.iter().all(|symbol| *symbol == 0);
    if is_zero && delta.low_bytes() == 0 && delta.form.top.is_none() {
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
    expected: Expected,
    numbers: [u8; 4 * BLOCK],
    lows: [u16; BLOCK],
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
            expected: Expected::new(),
            numbers: [0; 4 * BLOCK],
            lows: [0; BLOCK],
            contexts: [0; BLOCK],
            symbols: [0; BLOCK],
        })
    }

    /// Finds what to expect of the next block and its contexts; whether there is one.
    fn expect(&mut self) -> bool {
        let delta = self.delta;
        self.at += self.len;
        self.len = BLOCK.min(self.count - self.at);
        let pair = delta.pair(self.core.first, &[], self.core.base);
        let expected = self.expected.find(&pair, self.at, self.len);
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
        let (delta, len, unit) = (self.delta, self.len, self.delta.unit());
        let width = number_width(unit);
        let numbers = &mut self.numbers[..len * width];
        match self.coder {
            None => numbers.fill(0),
            Some(_) => {
                let symbols = &self.symbols[..len];
                self.reader.numbers(&delta.buckets, width, symbols, numbers);
            }
        }
        let lows = &mut self.lows[..len];
        get_low(self.low, self.at, self.count, lows);
        let pair = delta.pair(self.core.first, &[], self.core.base);
        let expected = self.expected.found(&pair, self.at, len);
        let out = &mut self.core.bytes[self.at * unit..][..len * unit];
        difference::together(delta.form, expected, numbers, lows, out);
    }

    fn finish(self) -> Result<(), Error> {
        self.reader.finish()?;
        self.coder.map_or(Ok(()), Decoder::finish)
    }
}

/// A frame that is what its base lets expect.
pub(super) fn decode_equal(delta: &Delta, core: Decoded<'_>) -> Result<(), Error> {
    let is_told = delta.low_bytes() > 0 || delta.form.top.is_some();
    if is_told && !core.bytes.is_empty() {
        return Err(ERROR);
    }
    if delta.from == delta.to && delta.low_rank.is_none() {
        core.bytes.copy_from_slice(core.base);
        return Ok(());
    }
    let unit = delta.unit();
    let pair = delta.pair(core.first, &[], core.base);
    let mut expected = Expected::new();
    let blocks = core.bytes.chunks_mut(BLOCK * unit);
    for (at, out) in (0..).step_by(BLOCK).zip(blocks) {
        out.copy_from_slice(expected.find(&pair, at, out.len() / unit));
    }
    Ok(())
}

/// Puts the low bytes of elements from number `at` on into planes of `count` bytes, as many as there are.
fn put_low(lows: &[u16], at: usize, count: usize, planes: &mut [u8]) {
    for (byte, plane) in planes.chunks_exact_mut(count.max(1)).enumerate() {
        put_byte(8 * byte as u32, lows, &mut plane[at..at + lows.len()]);
    }
}

at_widest! {
    fn put_byte(shift: u32, lows: &[u16], plane: &mut [u8]) = put_byte_any
}

#[inline(always)]
fn put_byte_any(shift: u32, lows: &[u16], plane: &mut [u8]) {
    for (to, low) in plane.iter_mut().zip(lows) {
        *to = (low >> shift) as u8;
    }
}

/// The inverse of [`put_low`].
fn get_low(planes: &[u8], at: usize, count: usize, lows: &mut [u16]) {
    for (byte, plane) in planes.chunks_exact(count.max(1)).enumerate() {
        get_byte(8 * byte as u32, &plane[at..at + lows.len()], lows);
    }
}

at_widest! {
    fn get_byte(shift: u32, plane: &[u8], lows: &mut [u16]) = get_byte_any
}

/// The lowest byte is the first one to come, and makes the rest 0.
#[inline(always)]
fn get_byte_any(shift: u32, plane: &[u8], lows: &mut [u16]) {
    for (low, from) in lows.iter_mut().zip(plane) {
        let own = u16::from(*from) << shift;
        *low = if shift == 0 { own } else { *low | own };
    }
}
