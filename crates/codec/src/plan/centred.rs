//! The plan of floats whose rows or columns differ in size: from each exponent is taken what its row and
//! its column are above the others, and the rest has planes.
//!
//! A column's part is in what the frames share, a row's in the frame, so that the header does not grow
//! with the rows.

mod fit;
mod kind;
mod shift;

use super::directory::{self, Writer};
use super::planes::Then;
use super::rows::{MIN_LEN, Rows};
use super::{Code, Core, Decoded, Part, Plan, Planes};
use crate::coder::{self, Coding};
use crate::header::Facts;
use crate::scratch::{self, Scratch};
use crate::{Dtype, Error, Level};
use kind::Kind;

const ERROR: Error = Error::Malformed("centred floats");
/// Columns have parts of their own in rows that are not longer than this.
const MAX_COLUMNS: usize = 1 << 17;
/// That rows have parts.
const ROWS: u8 = 1;
/// That columns have.
const COLUMNS: u8 = 2;

/// Floats whose exponents are moved by row and column.
#[derive(Debug)]
pub(crate) struct Centred {
    kind: Kind,
    planes: Planes,
    rows: Rows,
    /// Whether rows have parts.
    by_row: bool,
    /// Each column's part, signed; none where columns have none.
    columns: Vec<u8>,
    /// About what exponents are without their columns' parts, which only the encoder knows.
    middle: i32,
    /// What frames share, as the header keeps it.
    shared: Vec<u8>,
}

impl Centred {
    /// The plan for a chunk, if a sample says that it is smaller by enough.
    pub(crate) fn fit(raw: &[u8], facts: &Facts) -> Option<Centred> {
        fit::fit(raw, facts)
    }

    /// The exponents of floats; nothing of other kinds.
    pub(crate) fn exponents(units: &[u8], dtype: Dtype) -> Option<Vec<u32>> {
        let kind = Kind::of(dtype)?;
        let mut exponents = vec![0; units.len() / kind.width];
        shift::add_to(kind, units, &mut exponents);
        Some(exponents)
    }

    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Centred, Error> {
        let kind = Kind::of(facts.hint.dtype).ok_or(ERROR)?;
        let (len, rest) = shared.split_first_chunk().ok_or(ERROR)?;
        let (&flags, rest) = rest.split_first().ok_or(ERROR)?;
        let len = u32::from_le_bytes(*len);
        let known = (1..=ROWS | COLUMNS).contains(&flags) && len >= MIN_LEN;
        if !known || facts.base.is_some() {
            return Err(ERROR);
        }
        let columns = match (flags & COLUMNS, rest) {
            (0, []) => Vec::new(),
            (0, _) | (_, []) => return Err(ERROR),
            (_, [coding, payload @ ..]) => read_columns(*coding, payload, len as usize)?,
        };
        Ok(Centred {
            kind,
            planes: Planes::new(facts.hint.dtype, None),
            rows: Rows::new(len, facts.hint.offset),
            by_row: flags & ROWS != 0,
            columns,
            middle: 0,
            shared: shared.to_vec(),
        })
    }

    /// The rows' parts of a frame, and what follows them.
    fn read_rows<'a>(
        &self,
        stored: &'a [u8],
        core: &Decoded<'_>,
    ) -> Result<(Vec<u8>, &'a [u8]), Error> {
        if !self.by_row {
            return Ok((Vec::new(), stored));
        }
        let (planes, rest) = directory::take(1, stored)?;
        let count = core.bytes.len() / self.kind.width;
        let mut parts = vec![0; self.rows.runs(core.first, count).count()];
        for plane in planes {
            coder::decode(plane.coding, plane.payload, &mut parts)?;
        }
        Ok((parts, rest))
    }

    /// Where elements are that begin after so many of the chunk, with the parts of rows from that of some element
    /// on.
    fn place<'a>(&'a self, first: usize, parts: &'a [u8], parts_from: usize) -> shift::Place<'a> {
        let row = |element| self.rows.runs(element, 1).next().map_or(0, |run| run.row);
        shift::Place {
            rows: self.rows,
            first,
            parts: parts
                .get(row(first) - row(parts_from)..)
                .unwrap_or_default(),
            columns: &self.columns,
        }
    }

    /// Gives elements from a number of a frame on back what was taken from them: them as a whole, or their exponents,
    /// if those are bytes of the last plane.
    fn undo(&self, frame_first: usize, at: usize, bytes: &mut [u8], parts: &[u8]) {
        let place = self.place(frame_first + at, parts, frame_first);
        if self.kind.exponents_are_bytes() {
            shift::sums(place, bytes);
        } else {
            shift::add(self.kind, place, bytes);
        }
    }

    fn then<'a>(&self, undo: &'a dyn Fn(usize, &mut [u8])) -> Option<Then<'a>> {
        Some(if self.kind.exponents_are_bytes() {
            Then::Last(undo)
        } else {
            Then::Units(undo)
        })
    }

    /// Takes from elements what their rows and columns are above the others, and gives the rows' parts.
    fn centre(&self, first: usize, units: &mut [u8]) -> Vec<u8> {
        let count = units.len() / self.kind.width;
        let mut parts = Vec::new();
        if self.by_row {
            parts.resize(self.rows.runs(first, count).count(), 0);
        }
        let place = self.place(first, &[], first);
        shift::subtract(self.kind, place, self.middle, units, &mut parts);
        parts
    }
}

/// What the frames share, as [`Centred::read`] takes it.
fn shared(rows: Rows, by_row: bool, columns: &[u8]) -> Vec<u8> {
    let mut out = (rows.len() as u32).to_le_bytes().to_vec();
    let by_column = !columns.is_empty();
    out.push((u8::from(by_row) * ROWS) | (u8::from(by_column) * COLUMNS));
    if by_column {
        let at = out.len();
        out.push(0);
        out[at] = scratch::with(|scratch| {
            coder::encode(columns, Level::Default, &mut scratch.coder, &mut out) as u8
        });
    }
    out
}

fn read_columns(coding: u8, payload: &[u8], len: usize) -> Result<Vec<u8>, Error> {
    if len > MAX_COLUMNS {
        return Err(ERROR);
    }
    let mut columns = vec![0; len];
    let coding = Coding::from_code(coding).ok_or(ERROR)?;
    coder::decode(coding, payload, &mut columns)?;
    Ok(columns)
}

impl Plan for Centred {
    fn code(&self) -> Code {
        Code::Centred
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.shared);
    }

    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let mut units = std::mem::take(&mut scratch.words);
        units.clear();
        units.extend_from_slice(core.bytes);
        let parts = self.centre(core.first, &mut units);
        if self.by_row {
            Writer::new(1, level, &mut scratch.coder, out).add(&parts);
        }
        let core = Core {
            bytes: &units,
            ..core
        };
        self.planes.encode(core, level, scratch, out);
        scratch.words = units;
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        let (rows, rest) = self.read_rows(stored, &core)?;
        let first = core.first;
        let undo = |at: usize, bytes: &mut [u8]| self.undo(first, at, bytes, &rows);
        self.planes
            .decode_then(rest, core, self.then(&undo), scratch)
    }

    fn decode_two(
        &self,
        [(stored_a, a), (stored_b, b)]: [(&[u8], Decoded<'_>); 2],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let (rows_a, rest_a) = self.read_rows(stored_a, &a)?;
        let (rows_b, rest_b) = self.read_rows(stored_b, &b)?;
        let firsts = [a.first, b.first];
        let undo_a = |at: usize, bytes: &mut [u8]| self.undo(firsts[0], at, bytes, &rows_a);
        let undo_b = |at: usize, bytes: &mut [u8]| self.undo(firsts[1], at, bytes, &rows_b);
        let frames = [(rest_a, a), (rest_b, b)];
        self.planes
            .decode_two_then(frames, [self.then(&undo_a), self.then(&undo_b)], scratch)
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        if !self.by_row {
            return self.planes.parts(stored, core_len);
        }
        let (planes, rest) = directory::take(1, stored)?;
        let rows = planes.iter().map(|plane| Part {
            name: "rows",
            raw_len: 0,
            stored_len: plane.payload.len(),
            coding: plane.coding.name(),
        });
        let mut parts: Vec<Part> = rows.collect();
        parts.extend(self.planes.parts(rest, core_len)?);
        Ok(parts)
    }
}

#[cfg(test)]
mod tests;
