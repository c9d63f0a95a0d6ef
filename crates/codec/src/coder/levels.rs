//! A Huffman code whose bits lie in planes, level by level, so that no step waits for the symbol before.
//!
//! Level `d` has bit `d` of the codes that are longer than that. The levels that all codes have are whole
//! bit planes; a deeper one has bits only for the symbols that get there, in a dense string that the mask of
//! those spreads out again. As codes are canonical, a symbol gets there if its bits so far, as a number, are
//! not below a bound. What is rare shares one code, an escape, and is coded apart: so there are at most 8
//! levels. Bits of a byte that are as good as random (`raw`) are bit planes of their own.
//!
//! Payload: [`spec`]; how many symbols get to each deeper level; the planes; the strings; the literals.
//! Symbols lie in rows, as `rows.rs` has them.

mod bytes;
mod code;
mod fit;
mod literals;
pub(crate) mod quarters;
mod reader;
mod spec;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use code::Code;
pub(crate) use fit::{Fit, fit, fit_symbols};
pub(crate) use reader::Reader;
use writer::Buffers;
pub(crate) use writer::{Scratch, Writer};

#[cfg(target_arch = "x86_64")]
use super::rows::ROWS;
use super::rows::{Plane, ROW, ROW_BYTES, TILE, WORDS};
use crate::Error;

/// The most levels, those of the raw bits included: a byte for each symbol.
const LEVELS: usize = 8;
/// The most bits of a byte that may be raw.
pub(crate) const MAX_RAW: usize = 4;
/// Bytes of a number of symbols.
const COUNT_LEN: usize = 3;

/// Encodes a plane to the end of `out`.
pub(crate) fn encode(plane: &[u8], code: &Code, scratch: &mut Scratch, out: &mut Vec<u8>) {
    let mut writer = Writer::new(code, plane.len(), scratch, out);
    for tile in plane.chunks(TILE) {
        writer.tile(tile);
    }
    writer.finish();
}

/// Decodes a payload into exactly `out`.
pub(crate) fn decode(payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let mut reader = Reader::new(payload, out.len())?;
    for tile in out.chunks_mut(TILE) {
        reader.tile(tile)?;
    }
    reader.finish()
}

fn count_bytes(count: usize) -> [u8; COUNT_LEN] {
    let [low, middle, high, _] = (count as u32).to_le_bytes();
    [low, middle, high]
}

fn count_of([low, middle, high]: [u8; COUNT_LEN]) -> usize {
    u32::from_le_bytes([low, middle, high, 0]) as usize
}
