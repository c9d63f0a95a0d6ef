//! The plan for the smallest floats: each element is a symbol (sign, exponent, the mantissa's first
//! bits), coded by a table that its row and its column choose, and raw low bits.
//!
//! Rows and columns are put into a few classes each; a map says which context an element of a row's
//! and a column's class has. What is said of a row (its class, and with how many zeros its elements
//! end) is in the frames, so that the header does not grow with the rows.

mod coarse;
mod contexts;
mod ends;
mod escapes;
mod fit;
mod frame;
mod grid;
mod log;
mod low;
mod merge;
mod pack;
mod range;
mod shared;
mod split;

use std::sync::OnceLock;

use super::rows::Rows;
use super::{Code, Core, Decoded, Part, Plan};
use crate::coder::rans::{DecodeTables, EncodeTables, Tables};
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Error, Level};
use split::Split;

pub(crate) use frame::Buffers;

/// The most classes of rows, of columns, and of numbers of zeros.
const MAX_CLASSES: usize = 8;

/// Floats as symbols whose tables are chosen by row and column.
#[derive(Debug)]
pub(crate) struct Classes {
    /// Bits of the mantissa that are in the symbol.
    kept: u8,
    split: Split,
    rows: Rows,
    /// The numbers of zeros with which a row's elements can end.
    zeros: Vec<u8>,
    row_classes: usize,
    column_classes: usize,
    /// By class of the row, then class of the column: the context.
    map: Vec<u8>,
    /// Each column's class; none where there is one class.
    columns: Vec<u8>,
    /// What codes a row's symbol, its class and 8 times which zeros; none where there is one.
    row_tables: Option<Tables>,
    /// By context, what codes symbols.
    tables: Tables,
    /// Each row's symbol, which only the encoder has.
    row_symbols: Vec<u8>,
    /// All elements' symbols, which only the encoder has.
    symbols: Vec<u8>,
    /// What the frames share, as it is written, which only the encoder has at hand.
    written: Vec<u8>,
    /// About how many bytes the chunk takes, which only the encoder knows.
    pub(crate) expected_len: usize,
    made: OnceLock<Made>,
}

/// What is made of the rest at the first use.
struct Made {
    /// By class of the row: the contexts along it, as a row has them. None where there is one context.
    lines: Vec<Vec<u8>>,
    /// Whether any table has the escape.
    escapes: bool,
    decoder: OnceLock<[Option<DecodeTables>; 2]>,
    encoder: OnceLock<[Option<EncodeTables>; 2]>,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Made")
    }
}

impl Classes {
    /// Fits the plan to a chunk; nothing where it has no use.
    pub(crate) fn fit(raw: &[u8], facts: &Facts) -> Option<Classes> {
        fit::fit(raw, facts)
    }

    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Classes, Error> {
        if facts.base.is_some() {
            return Err(Error::Malformed("classes have no base"));
        }
        Classes::read_shared(shared, facts)
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| Made {
            lines: self.lines(),
            escapes: self.split.can_escape(&self.tables),
            decoder: OnceLock::new(),
            encoder: OnceLock::new(),
        })
    }

    /// The tables of rows and of symbols as the decoder has them.
    fn decoder(&self) -> &[Option<DecodeTables>; 2] {
        let made = self.made();
        made.decoder.get_or_init(|| {
            let rows = self.row_tables.as_ref();
            [rows.map(Tables::decoder), Some(self.tables.decoder())]
        })
    }

    fn encoder(&self) -> &[Option<EncodeTables>; 2] {
        let made = self.made();
        made.encoder.get_or_init(|| {
            let rows = self.row_tables.as_ref();
            [rows.map(Tables::encoder), Some(self.tables.encoder())]
        })
    }
}

impl Plan for Classes {
    fn code(&self) -> Code {
        Code::Classes
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self.written.as_slice() {
            [] => self.write_shared(out),
            written => out.extend_from_slice(written),
        }
    }

    fn encode(&self, core: Core<'_>, _: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        self.encode_frame(core, &mut scratch.classes, out);
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        self.decode_frame(stored, core, &mut scratch.classes)
    }

    fn decode_two(
        &self,
        frames: [(&[u8], Decoded<'_>); 2],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.decode_two_frames(frames, &mut scratch.classes)
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let (symbols, rest) = frame::take_apart(stored)?;
        let low = core_len * self.split.low as usize / (8 * self.split.width);
        let part = |name, raw_len, stored_len, coding| Part {
            name,
            raw_len,
            stored_len,
            coding,
        };
        let mut parts = vec![part("symbols", core_len - low, symbols.len(), "rans")];
        if !rest.is_empty() {
            parts.push(part("low bits", low, rest.len(), "raw"));
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests;
