//! What the frames of blocks share, as the header has it.

use super::fit::Known;
use super::grid::{Axis, Columns, Grid};
use super::kind::{Form, Kind};
use super::marks::{self, Marks};
use super::numbers::{read_numbers, write_numbers};
use super::place::Place;
use super::scales::Mode;
use super::set::Set;
use super::twos::Twos;
use super::words::Words;
use super::{Blocks, STEP};
use crate::Error;
use crate::coder::rans::{MAX_CONTEXTS, Tables};
use crate::header::Facts;

/// Says that a chunk has logs of columns.
const COLUMNS: u8 = 1;
/// Says that quants are taken in pairs.
const PAIRED: u8 = 2;
/// Says that it has means of columns too.
const MEANS: u8 = 3;
/// Says that symbols are quants' upper bits.
const UPPER: u8 = 4;
/// Says that symbols are two quants' upper bits, without their marks.
const TWOS: u8 = 5;
/// Says so, and that quants are told from what their columns' means are.
const SHIFTED: u8 = 6;
/// Bits of the tables of those.
pub(super) const TWOS_BITS: u32 = 12;
/// Says, added to the others where symbols are quants, how many marks groups have: once or twice this.
const MARK: u8 = 8;

impl Blocks {
    /// Reads what frames share.
    pub(in crate::plan) fn read(mut shared: &[u8], facts: &Facts) -> Result<Blocks, Error> {
        const ERROR: Error = Error::Malformed("blocks");
        let kind = Kind::of(facts.hint.dtype).filter(|_| facts.base.is_none());
        let kind = kind.ok_or(ERROR)?;
        let place = Place::new(&kind, facts.hint.row, facts.hint.offset);
        let bytes = &mut shared;
        let &[code, by, ref rest @ ..] = *bytes else {
            return Err(ERROR);
        };
        *bytes = rest;
        let mode = Mode::from_code([code, by], kind.halves)?;
        let classes = read_classes(&kind, &place, bytes)?;
        let mut halves = (0..kind.halves)
            .map(|_| Words::read(bytes))
            .collect::<Result<Vec<_>, Error>>()?;
        let subs = (0..kind.subs)
            .map(|_| Set::read(bytes))
            .collect::<Result<_, Error>>()?;
        let (grid, form, number) = read_grid(&kind, &place, bytes)?;
        let marks = Marks::read(number, &kind, &place, bytes)?;
        let (written, len) = Tables::read(bytes)?;
        let of_marks = if form == Form::Twos { 0 } else { number };
        if bytes.len() != len || written.contexts() != grid.contexts() + of_marks {
            return Err(ERROR);
        }
        let twos = match form {
            Form::Twos => Some(Twos::of(&kind, number).ok_or(ERROR)?),
            _ => None,
        };
        let kind = match form {
            Form::Each | Form::Twos => kind,
            Form::Pairs => kind.paired().ok_or(ERROR)?,
            Form::Upper => kind.upper(),
        };
        let quants = match &twos {
            Some(twos) => {
                halves[0].lend(twos.lent())?;
                written.pairs_and(twos.has_single())
            }
            None => symbol_tables(&kind, &written),
        };
        Ok(Blocks {
            kind,
            place,
            mode,
            classes,
            halves,
            subs,
            grid,
            marks,
            written,
            quants: Set::new(quants.ok_or(ERROR)?),
            twos,
            known: Known::default(),
            expected_len: 0,
        })
    }

    /// Writes what frames share.
    pub(super) fn write_shared(&self, out: &mut Vec<u8>) {
        out.extend(self.mode.code());
        out.push(u8::from(!self.classes.is_empty()));
        if !self.classes.is_empty() {
            write_numbers(self.classes.iter().map(|class| i16::from(*class)), out);
        }
        for words in &self.halves {
            words.write(out);
        }
        for set in &self.subs {
            set.tables.write(out);
        }
        let form = match self.twos {
            Some(_) => Form::Twos,
            None => self.kind.form,
        };
        write_grid(&self.grid, form, self.marks.number(), out);
        self.marks.write(out);
        self.written.write(out);
    }
}

/// The tables of symbols by those of their parts, where there can be such.
pub(super) fn symbol_tables(kind: &Kind, written: &Tables) -> Option<Tables> {
    match (kind.form, kind.part_bits()) {
        (Form::Each | Form::Twos, _) => Some(written.clone()),
        (_, 4) => Some(written.pairs()),
        _ => written.fours(),
    }
}

fn read_classes(kind: &Kind, place: &Place, bytes: &mut &[u8]) -> Result<Vec<u8>, Error> {
    let (&has_classes, rest) = bytes.split_first().ok_or(Error::Malformed("blocks"))?;
    *bytes = rest;
    match has_classes {
        0 => Ok(Vec::new()),
        1 if place.row() > 0 => {
            let numbers = read_numbers(place.row() / kind.groups(), bytes)?;
            Ok(numbers
                .iter()
                .map(|class| (*class).clamp(0, 15) as u8)
                .collect())
        }
        _ => Err(Error::Malformed("blocks")),
    }
}

/// How contexts are made.
pub(super) fn write_grid(grid: &Grid, form: Form, marks: usize, out: &mut Vec<u8>) {
    grid.zero.write(out);
    grid.ratio.write(out);
    let Columns { logs, means, unit } = &grid.columns;
    let how = match (form, logs.is_empty(), means.is_empty()) {
        (Form::Twos, _, true) => TWOS,
        (Form::Twos, ..) => SHIFTED,
        (Form::Pairs, ..) => PAIRED,
        (Form::Upper, ..) => UPPER,
        (_, true, _) => 0,
        (_, _, true) => COLUMNS,
        _ => MEANS,
    };
    out.push(how + MARK * marks as u8);
    if !logs.is_empty() {
        write_numbers(logs.iter().map(|log| log / STEP), out);
    }
    if !means.is_empty() {
        out.extend(unit.to_le_bytes());
        write_numbers(means.iter().copied(), out);
    }
}

/// How contexts are made, and how many marks groups have.
fn read_grid(kind: &Kind, place: &Place, bytes: &mut &[u8]) -> Result<(Grid, Form, usize), Error> {
    const ERROR: Error = Error::Malformed("columns");
    let zero = Axis::read(bytes)?;
    let ratio = Axis::read(bytes)?;
    if usize::from(zero.number) * usize::from(ratio.number) > MAX_CONTEXTS - marks::MOST {
        return Err(ERROR);
    }
    let (&more, rest) = bytes.split_first().ok_or(ERROR)?;
    *bytes = rest;
    let (more, marks) = (more % MARK, usize::from(more / MARK));
    let number = place.row() * kind.group;
    let mut columns = Columns::default();
    match more {
        0 | PAIRED | UPPER | TWOS => {}
        SHIFTED if number > 0 && kind.bits == 8 => {}
        COLUMNS | MEANS if number > 0 => {
            columns.logs = read_numbers(number, bytes)?;
            columns.logs.iter_mut().for_each(|log| *log *= STEP);
        }
        _ => return Err(ERROR),
    }
    if more == MEANS || more == SHIFTED {
        let &[a, b, ref rest @ ..] = *bytes else {
            return Err(ERROR);
        };
        *bytes = rest;
        columns.unit = u16::from_le_bytes([a, b]);
        columns.means = read_numbers(number, bytes)?;
    }
    let grid = Grid {
        zero,
        ratio,
        columns,
    };
    let form = match more {
        PAIRED => Form::Pairs,
        UPPER => Form::Upper,
        TWOS | SHIFTED => Form::Twos,
        _ => Form::Each,
    };
    let marked = matches!(form, Form::Each | Form::Twos);
    if marks > 0 && !marked || marks > marks::MOST {
        return Err(ERROR);
    }
    Ok((grid, form, marks))
}
