//! A code of tiers for values that have few usual forms, above all exponents: made of bit planes, so
//! that no step waits for the symbol before.
//!
//! The usual values of a plane are ranked, the rank is coded in tiers of 1 or 2 bits: a tier that is
//! all ones goes on to the next, the last one's all ones is an escape to a literal byte. The first
//! tier is a whole bit plane; a deeper one has bits only for the symbols that get there, in a dense
//! string that the mask of those spreads out again. Bits of a byte that are as good as random (`raw`)
//! are bit planes of their own beside it.
//!
//! Payload: [`spec`]; the raw bits' planes and those of the first tier; the deeper tiers' strings; the
//! literals. Symbols are taken in tiles, and in rows of 512: bit `t` of byte `b` of a plane's row is
//! symbol `64 t + b`, which makes planes of bytes, and bytes of planes, by shifts and masks.

mod fit;
mod machine;
mod reader;
mod rows;
mod spec;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use fit::{fit, instead};
pub(crate) use reader::Reader;
pub(crate) use spec::Spec;
pub(crate) use writer::Writer;

use crate::Error;

/// Symbols that are coded at once: what is in work stays in the fastest cache.
pub(crate) const TILE: usize = 4096;
/// Symbols of a row of a plane.
const ROW: usize = 512;
/// Bytes of a row of a plane.
const ROW_BYTES: usize = ROW / 8;
/// Rows of a plane of a tile.
const ROWS: usize = TILE / ROW;
/// Words of a plane of a tile.
const WORDS: usize = TILE / 64;
/// Planes of all tiers.
const PLANES: usize = 8;
/// The most bits of a byte that may be raw.
const MAX_RAW: usize = 4;

/// One bit of each symbol of a tile, row by row.
type Plane = [u64; WORDS];

/// Buffers that are used again.
#[derive(Default)]
pub(crate) struct Scratch {
    /// One for each plane of a deeper tier.
    strings: [Vec<u64>; PLANES],
    literals: Vec<u8>,
}

/// Encodes a plane to the end of `out`.
pub(crate) fn encode(plane: &[u8], spec: &Spec, scratch: &mut Scratch, out: &mut Vec<u8>) {
    let mut writer = Writer::new(spec, plane.len(), scratch, out);
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
