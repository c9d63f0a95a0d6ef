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
    let unit = delta.unit();
    let count = core.bytes.len() / unit;
    let [low, raw, payload] = delta.split(stored, count)?;
    let mut symbols = match payload {
        [] => None,
        payload => Some(Symbols {
            delta,
            coder: Decoder::new(payload)?,
            contexts: [0; BLOCK],
            symbols: [0; BLOCK],
        }),
    };
    let mut reader = Reader::new(raw);
    let pair = delta.pair(core.first, &[], core.base);
    let mut block = Block::new();
    let blocks = core.bytes.chunks_mut(BLOCK * unit);
    for (at, out) in (0..).step_by(BLOCK).zip(blocks) {
        let len = out.len() / unit;
        let (expected, words) = (&mut block.expected[..len], &mut block.words[..len]);
        pair.expect(at, expected);
        match &mut symbols {
            None => words.fill(0),
            Some(symbols) => {
                let symbols = symbols.next(core.first + at, expected)?;
                get_numbers(&delta.buckets, symbols, &mut reader, words);
            }
        }
        get_low(low, at, count, &mut block.lows[..len]);
        difference::together(delta.form, expected, words, &block.lows[..len]);
        predict::store(words, out);
    }
    reader.finish()?;
    symbols.map_or(Ok(()), |symbols| symbols.coder.finish())
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

/// The symbols of a frame that is decoded, block by block.
struct Symbols<'a> {
    delta: &'a Delta,
    coder: Decoder<'a>,
    contexts: [u8; BLOCK],
    symbols: [u8; BLOCK],
}

impl Symbols<'_> {
    /// The next block's symbols: those of elements from number `first` of the chunk on.
    fn next(&mut self, first: usize, expected: &[u32]) -> Result<&[u8], Error> {
        let delta = self.delta;
        let mut contexts: &[u8] = &[];
        if delta.has_contexts() {
            let own = &mut self.contexts[..expected.len()];
            delta.contexts.fill(delta.place, first, expected, own);
            contexts = own;
        }
        let symbols = &mut self.symbols[..expected.len()];
        self.coder.decode(contexts, delta.decoder(), symbols)?;
        Ok(symbols)
    }
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
