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
//! literals. Symbols lie in rows, as `rows.rs` has them. Nothing writes it any more: [`super::levels`] is as fast
//! and smaller.

mod reader;
mod spec;

#[cfg(test)]
mod tests;

pub(crate) use reader::Reader;

use super::rows::{Plane, ROW, ROW_BYTES, TILE, WORDS};
use crate::Error;

/// Planes of all tiers.
const PLANES: usize = 8;
/// The most bits of a byte that may be raw.
const MAX_RAW: usize = 4;

/// Decodes a payload into exactly `out`.
pub(crate) fn decode(payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let mut reader = Reader::new(payload, out.len())?;
    for tile in out.chunks_mut(TILE) {
        reader.tile(tile)?;
    }
    reader.finish()
}
