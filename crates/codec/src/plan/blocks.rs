//! The plan of quantised blocks: each field of the blocks is coded for itself, the quants last and by
//! what the scales say of them.
//!
//! A quant stands for `scale * quant + minimum`. Weights are spread about zero, so that a group's zero
//! (`-minimum / scale`) and its scale beside those of its row say a good deal about where its quants
//! are; the columns' scales, where the chunk has them, say some more.

mod direct;
mod fit;
mod grid;
mod half;
mod kind;
mod pack;
mod quick;
mod scales;
mod set;
#[cfg(test)]
mod tests;
mod upper;
mod words;

use super::{Code, Core, Decoded, Part, Plan};
use crate::coder::rans::{Decoder, MAX_CONTEXTS, Tables, bits, encode_segments};
use crate::cpu::at_best;
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Error, Level};
use grid::{Axis, Columns, Grid, Groups, Place};
use kind::{Fields, Form, Kind};
use scales::Mode;
use set::Set;
use words::{Symbols, Words};

/// What a frame begins with that is stored as it is.
const RAW: u8 = 0;
/// What a coded frame begins with.
const CODED: u8 = 1;

/// Says that a chunk has logs of columns.
const COLUMNS: u8 = 1;
/// Says that quants are taken in pairs.
const PAIRED: u8 = 2;
/// Says that it has means of columns too.
const MEANS: u8 = 3;
/// Says that symbols are quants' upper bits.
const UPPER: u8 = 4;

/// Quantised blocks.
#[derive(Debug)]
pub(crate) struct Blocks {
    kind: Kind,
    place: Place,
    mode: Mode,
    /// For each block of a row, how large its scale is as a rule; or nothing.
    classes: Vec<u8>,
    /// The scales and minimums, as many as the kind has.
    halves: Vec<Words>,
    /// The groups' scales and minimums; the latter by the former.
    subs: Vec<Set>,
    grid: Grid,
    /// What the quants' tables are written as: where a symbol has several parts, those of one.
    written: Tables,
    quants: Set,
    /// About how many bytes all takes; 0 where it was read.
    pub expected_len: usize,
}

/// Buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    fields: Fields,
    groups: Groups,
    contexts: Vec<u8>,
    sub_contexts: Vec<u8>,
    classes: Vec<u8>,
    symbols: [Symbols; 2],
}

impl Blocks {
    /// Reads what frames share.
    pub(super) fn read(mut shared: &[u8], facts: &Facts) -> Result<Blocks, Error> {
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
        let halves = (0..kind.halves)
            .map(|_| Words::read(bytes))
            .collect::<Result<_, Error>>()?;
        let subs = (0..kind.subs)
            .map(|_| Set::read(bytes))
            .collect::<Result<_, Error>>()?;
        let (grid, form) = read_grid(&kind, &place, bytes)?;
        let (written, len) = Tables::read(bytes)?;
        if bytes.len() != len || written.contexts() != grid.contexts() {
            return Err(ERROR);
        }
        let kind = match form {
            Form::Each => kind,
            Form::Pairs => kind.paired().ok_or(ERROR)?,
            Form::Upper => kind.upper(),
        };
        let quants = symbol_tables(&kind, &written).ok_or(ERROR)?;
        Ok(Blocks {
            kind,
            place,
            mode,
            classes,
            halves,
            subs,
            grid,
            written,
            quants: Set::new(quants),
            expected_len: 0,
        })
    }

    /// The chunk's number of the first group of a frame.
    fn first_group(&self, first_unit: usize) -> usize {
        first_unit * self.kind.groups()
    }

    /// Decodes all fields.
    fn decode_fields(
        &self,
        payload: &[u8],
        first: usize,
        blocks: usize,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let Buffers {
            fields,
            groups,
            contexts,
            sub_contexts,
            classes,
            symbols,
        } = buffers;
        fields.resize(&self.kind, blocks, true);
        let (low, payload) = payload
            .split_at_checked(fields.low.len())
            .ok_or(Error::Malformed("lower bits"))?;
        fields.low.copy_from_slice(low);
        let mut decoder = Decoder::new(payload)?;
        fill_classes(
            &self.classes,
            &self.kind,
            &self.place,
            first,
            blocks,
            classes,
        );
        let (mut before, mut symbols) = (classes.as_slice(), symbols.iter_mut());
        for ((words, half), symbols) in self.halves.iter().zip(&mut fields.halves).zip(&mut symbols)
        {
            words.decode(&mut decoder, before, symbols, half)?;
            before = &symbols.high;
        }
        let [scales, minimums] = &mut fields.subs;
        if let [set, rest @ ..] = self.subs.as_slice() {
            set.decode(&mut decoder, &[], scales)?;
            if let [set] = rest {
                fill_sub_contexts(scales, sub_contexts);
                set.decode(&mut decoder, sub_contexts, minimums)?;
            }
        }
        undo(self.mode, fields);
        groups.find(&self.kind, &self.place, first, fields, self.grid.needs());
        fill(&self.grid, &self.kind, &self.place, first, groups, contexts);
        self.quants
            .decode(&mut decoder, contexts, &mut fields.quants)?;
        decoder.finish()
    }

    /// Encodes a frame to the end of `out`; whether the tables have all its symbols.
    fn encode_fields(
        &self,
        core: &[u8],
        first: usize,
        buffers: &mut Buffers,
        out: &mut Vec<u8>,
    ) -> bool {
        let Buffers {
            fields,
            groups,
            contexts,
            sub_contexts,
            classes,
            symbols,
        } = buffers;
        pack::unpack(&self.kind, core, fields);
        groups.find(&self.kind, &self.place, first, fields, self.grid.needs());
        fill(&self.grid, &self.kind, &self.place, first, groups, contexts);
        make(self.mode, fields);
        let blocks = core.len() / self.kind.unit;
        fill_classes(
            &self.classes,
            &self.kind,
            &self.place,
            first,
            blocks,
            classes,
        );
        let mut before = classes.as_slice();
        for ((words, half), symbols) in
            (self.halves.iter().zip(&fields.halves)).zip(symbols.iter_mut())
        {
            words.symbols(half, before, symbols);
            before = &symbols.high;
        }
        let mut segments = Vec::with_capacity(8);
        for (words, symbols) in self.halves.iter().zip(symbols.iter()) {
            segments.extend(words.segments(symbols));
        }
        fill_sub_contexts(&fields.subs[0], sub_contexts);
        let sub_contexts = [&[], sub_contexts.as_slice()];
        for ((set, subs), contexts) in self.subs.iter().zip(&fields.subs).zip(sub_contexts) {
            segments.push(set.segment(subs, contexts));
        }
        segments.push(self.quants.segment(&fields.quants, contexts));
        out.extend_from_slice(&fields.low);
        encode_segments(&segments, out)
    }
}

impl Plan for Blocks {
    fn code(&self) -> Code {
        Code::Blocks
    }

    fn write(&self, out: &mut Vec<u8>) {
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
        write_grid(&self.grid, self.kind.form, out);
        self.written.write(out);
    }

    fn encode(&self, core: Core<'_>, _: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(CODED);
        let first = self.first_group(core.first);
        let coded = self.encode_fields(core.bytes, first, &mut scratch.blocks, out);
        if !coded || out.len() - start > core.bytes.len() {
            out.truncate(start);
            out.push(RAW);
            out.extend_from_slice(core.bytes);
        }
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        match stored.split_first() {
            Some((&RAW, bytes)) if bytes.len() == core.bytes.len() => {
                core.bytes.copy_from_slice(bytes);
                Ok(())
            }
            Some((&CODED, payload)) => {
                let first = self.first_group(core.first);
                let blocks = core.bytes.len() / self.kind.unit;
                self.decode_fields(payload, first, blocks, &mut scratch.blocks)?;
                pack::pack(&self.kind, &mut scratch.blocks.fields, core.bytes);
                Ok(())
            }
            _ => Err(Error::Malformed("frame of blocks")),
        }
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let coding = match stored.first() {
            Some(&RAW) => "raw",
            Some(&CODED) => "contexts",
            _ => return Err(Error::Malformed("frame of blocks")),
        };
        Ok(vec![Part {
            name: "blocks",
            raw_len: core_len,
            stored_len: stored.len(),
            coding,
        }])
    }
}

at_best! {
    fn make(mode: Mode, fields: &mut Fields) = Mode::forward
}

at_best! {
    fn undo(mode: Mode, fields: &mut Fields) = Mode::inverse
}

at_best! {
    fn fill(grid: &Grid, kind: &Kind, place: &Place, first: usize, groups: &Groups, out: &mut Vec<u8>) = Grid::fill
}

/// The tables of symbols by those of their parts, where there can be such.
fn symbol_tables(kind: &Kind, written: &Tables) -> Option<Tables> {
    match (kind.form, kind.part_bits()) {
        (Form::Each, _) => Some(written.clone()),
        (_, 4) => Some(written.pairs()),
        _ => written.fours(),
    }
}

/// The contexts of the groups' minimums: their scales' upper bits.
fn fill_sub_contexts(scales: &[u8], to: &mut Vec<u8>) {
    to.clear();
    to.extend(scales.iter().map(|scale| scale >> 2 & 15));
}

/// The class of each block of a frame by where it is in its row; nothing where there are none.
fn fill_classes(
    classes: &[u8],
    kind: &Kind,
    place: &Place,
    first: usize,
    blocks: usize,
    to: &mut Vec<u8>,
) {
    to.clear();
    if classes.is_empty() {
        return;
    }
    let mut column = place.column(first) / kind.groups();
    for _ in 0..blocks {
        to.push(classes[column]);
        column += 1;
        if column == classes.len() {
            column = 0;
        }
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

fn write_grid(grid: &Grid, form: Form, out: &mut Vec<u8>) {
    grid.zero.write(out);
    grid.ratio.write(out);
    let Columns { logs, means, unit } = &grid.columns;
    out.push(match (form, logs.is_empty(), means.is_empty()) {
        (Form::Pairs, ..) => PAIRED,
        (Form::Upper, ..) => UPPER,
        (_, true, _) => 0,
        (_, _, true) => COLUMNS,
        _ => MEANS,
    });
    if !logs.is_empty() {
        write_numbers(logs.iter().map(|log| log / STEP), out);
    }
    if !means.is_empty() {
        out.extend(unit.to_le_bytes());
        write_numbers(means.iter().copied(), out);
    }
}

/// What columns' logs are told in: a quarter of an octave.
const STEP: i16 = 4;
/// The most that is told of a column, either way.
const MOST: i16 = 500;

/// Signed numbers, folded, after the parameter that is best for them.
fn write_numbers(numbers: impl Iterator<Item = i16> + Clone, out: &mut Vec<u8>) {
    let folded = numbers.map(|number| u32::from((number << 1 ^ number >> 15) as u16));
    let writers = (0..10).map(|low| {
        let mut writer = bits::Writer::default();
        folded
            .clone()
            .for_each(|number| writer.put_rice(number, low));
        (low, writer)
    });
    if let Some((low, writer)) = writers.min_by_key(|(_, writer)| writer.len) {
        out.push(low as u8);
        out.extend(writer.finish());
    }
}

fn read_numbers(number: usize, bytes: &mut &[u8]) -> Result<Vec<i16>, Error> {
    const ERROR: Error = Error::Malformed("columns");
    let &[low @ 0..10, ref rest @ ..] = *bytes else {
        return Err(ERROR);
    };
    // Each takes a bit at least, so that there are no more of them than the header can have.
    if number > rest.len() * 8 {
        return Err(ERROR);
    }
    let mut reader = bits::Reader::new(rest);
    let numbers = (0..number)
        .map(|_| {
            let folded = reader.get_rice(low.into()) as i32;
            let number = folded >> 1 ^ -(folded & 1);
            number.clamp(-i32::from(MOST), MOST.into()) as i16
        })
        .collect();
    *bytes = &rest[reader.finish()?..];
    Ok(numbers)
}

fn read_grid(kind: &Kind, place: &Place, bytes: &mut &[u8]) -> Result<(Grid, Form), Error> {
    const ERROR: Error = Error::Malformed("columns");
    let zero = Axis::read(bytes)?;
    let ratio = Axis::read(bytes)?;
    if usize::from(zero.number) * usize::from(ratio.number) > MAX_CONTEXTS {
        return Err(ERROR);
    }
    let (&more, rest) = bytes.split_first().ok_or(ERROR)?;
    *bytes = rest;
    let number = place.row() * kind.group;
    let mut columns = Columns::default();
    match more {
        0 | PAIRED | UPPER => {}
        COLUMNS | MEANS if number > 0 => {
            columns.logs = read_numbers(number, bytes)?;
            columns.logs.iter_mut().for_each(|log| *log *= STEP);
        }
        _ => return Err(ERROR),
    }
    if more == MEANS {
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
        _ => Form::Each,
    };
    Ok((grid, form))
}
