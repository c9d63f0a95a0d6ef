//! The plan of quantised blocks: each field of the blocks is coded for itself, the quants last and by
//! what the scales say of them.
//!
//! A quant stands for `scale * quant + minimum`. Weights are spread about zero, so that a group's zero
//! (`-minimum / scale`) and its scale beside those of its row say a good deal about where its quants
//! are; the columns' scales, where the chunk has them, say some more.

mod decode;
mod direct;
mod fit;
mod grid;
mod groups;
mod half;
mod kind;
mod marks;
mod numbers;
mod pack;
mod place;
mod sample;
mod scales;
mod set;
mod shared;
#[cfg(test)]
mod tests;
mod twos;
mod upper;
mod words;

use std::ops::Range;

use super::{Code, Core, Decoded, Part, Plan};
use crate::coder::rans::{Tables, encode_segments};
use crate::cpu::at_best;
use crate::scratch::Scratch;
use crate::{Error, Level};
use fit::Known;
use grid::Grid;
use groups::Groups;
#[cfg(test)]
pub(in crate::plan) use half::from_single;
pub(in crate::plan) use half::to_single;
use kind::{Fields, Kind};
use marks::{Marks, Places};
use place::Place;
pub(in crate::plan) use scales::Mode;
use set::Set;
use twos::{Taken, Twos};
use words::{Symbols, Words};

/// What a frame begins with that is stored as it is.
const RAW: u8 = 0;
/// What a coded frame begins with.
const CODED: u8 = 1;

/// What columns' logs are told in: a quarter of an octave.
const STEP: i16 = 4;

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
    /// The quants that have contexts behind the grid's.
    marks: Marks,
    /// What the quants' tables are written as: where a symbol has several parts, those of one.
    written: Tables,
    quants: Set,
    /// Where two quants are a symbol without their marks, how.
    twos: Option<Twos>,
    known: Known,
    /// About how many bytes all takes; 0 where it was read.
    pub expected_len: usize,
}

/// Buffers that are used again: for two frames that are decoded side by side.
#[derive(Debug, Default)]
pub(crate) struct Buffers([Frame; 2]);

/// Buffers of a frame.
#[derive(Debug, Default)]
struct Frame {
    fields: Fields,
    groups: Groups,
    contexts: Vec<u8>,
    sub_contexts: Vec<u8>,
    classes: Vec<u8>,
    /// Where marks are, and the contexts of that.
    places: Places,
    columns: Vec<u8>,
    symbols: [Symbols; 2],
    /// By twos, some groups' symbols and what is below them.
    taken: Taken,
    /// What lies where marks left place, and of that the scales' part.
    extras: Vec<u8>,
    lent: Vec<u8>,
}

impl Blocks {
    /// The chunk's number of the first group of a frame.
    fn first_group(&self, first_unit: usize) -> usize {
        first_unit * self.kind.groups()
    }

    /// Encodes a frame to the end of `out`; whether the tables have all its symbols.
    fn encode_fields(
        &self,
        core: &[u8],
        first: usize,
        buffers: &mut Frame,
        out: &mut Vec<u8>,
    ) -> bool {
        let known = &self.known;
        let blocks = first..first + core.len() / self.kind.unit;
        let groups = self.first_group(blocks.start)..self.first_group(blocks.end);
        if groups.end > known.groups.number {
            return false;
        }
        pack::unpack(&self.kind, core, &mut buffers.fields.quants);
        let mut segments = Vec::with_capacity(8);
        for (words, symbols) in self.halves.iter().zip(&known.symbols) {
            segments.extend(words.segments(symbols, blocks.clone()));
        }
        let of_subs = [&[], known.sub_contexts.as_slice()];
        for ((set, subs), contexts) in self.subs.iter().zip(&known.subs).zip(of_subs) {
            let contexts = contexts.get(groups.clone()).unwrap_or_default();
            segments.push(set.segment(&subs[groups.clone()], contexts));
        }
        if let Some(twos) = &self.twos {
            self.take_twos(twos, groups, buffers);
            let Frame {
                taken,
                contexts,
                places,
                columns,
                ..
            } = buffers;
            let exceptions = taken.exceptions.len() as u32;
            out.extend_from_slice(&exceptions.to_le_bytes()[..3]);
            out.extend_from_slice(&taken.exceptions);
            out.extend_from_slice(&taken.low);
            let all = 0..places[0].len();
            segments.extend(self.marks.segments(places, columns, all));
            let symbols = &taken.symbols[..contexts.len()];
            segments.push(self.quants.segment(symbols, contexts));
            return encode_segments(&segments, out);
        }
        let contexts = &mut buffers.contexts;
        self.fill_contexts(0, groups.clone(), (&known.groups, &known.places), contexts);
        segments.extend(self.marks.segments(&known.places, &known.columns, groups));
        segments.push(self.quants.segment(&buffers.fields.quants, contexts));
        encode_segments(&segments, out)
    }

    /// Takes a frame's quants, of these groups of the chunk, apart by twos.
    fn take_twos(&self, twos: &Twos, groups: Range<usize>, frame: &mut Frame) {
        let Frame {
            fields,
            contexts,
            classes,
            places,
            columns,
            taken,
            extras,
            ..
        } = frame;
        let (quants, run) = (&mut fields.quants, self.known.groups.run(groups.clone()));
        places.iter_mut().for_each(Vec::clear);
        for (ends, places) in twos.ends().iter().zip(&mut *places) {
            marks::find(quants, *ends, places);
        }
        if self.marks.by_column() {
            marks::fill_columns(&self.place, groups.start, groups.len(), columns);
        }
        let spots = twos::spots(places, 0..groups.len());
        let lent = self.known.lent.get(groups.clone()).unwrap_or_default();
        taken.exceptions.clear();
        twos.extras(quants, spots, lent, extras, &mut taken.exceptions);
        if !self.grid.columns.means.is_empty() {
            self.grid
                .shift(&self.place, groups.start, run, false, quants);
        }
        twos.split(quants, spots, extras, taken);
        self.grid.classes(run, classes);
        twos.contexts(classes, self.grid.contexts(), contexts);
    }

    /// What the other fields of a frame say of its groups.
    fn find_groups(&self, first: usize, frame: &mut Frame) {
        let Frame { fields, groups, .. } = frame;
        groups.find(&self.kind, &self.place, first, fields, self.grid.needs());
    }

    /// The contexts of the marks' places.
    fn find_columns(&self, first: usize, frame: &mut Frame) {
        if self.marks.by_column() {
            marks::fill_columns(&self.place, first, frame.groups.number, &mut frame.columns);
        }
    }

    /// The contexts of some groups' quants, of groups whose marks are known, the first of which is the chunk's group
    /// `first`.
    fn fill_contexts(
        &self,
        first: usize,
        run: Range<usize>,
        (groups, places): (&Groups, &Places),
        contexts: &mut Vec<u8>,
    ) {
        let Blocks {
            kind, place, grid, ..
        } = self;
        grid.fill(
            kind,
            place,
            first + run.start,
            groups.run(run.clone()),
            contexts,
        );
        if self.marks.number() > 0 {
            contexts.resize(run.len() * kind.group, 0);
        }
        for (i, places) in places[..self.marks.number()].iter().enumerate() {
            marks::set(contexts, &places[run.clone()], (grid.contexts() + i) as u8);
        }
    }

    /// The classes of a frame's blocks.
    fn find_classes(&self, first: usize, blocks: usize, buffers: &mut Frame) {
        let Blocks {
            kind,
            place,
            classes,
            ..
        } = self;
        fill_classes(classes, kind, place, first, blocks, &mut buffers.classes);
    }
}

impl Plan for Blocks {
    fn code(&self) -> Code {
        Code::Blocks
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.write_shared(out);
    }

    fn encode(&self, core: Core<'_>, _: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(CODED);
        let coded = self.encode_fields(core.bytes, core.first, &mut scratch.blocks.0[0], out);
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
            Some((&CODED, payload)) => self.decode_fields(payload, core, &mut scratch.blocks),
            _ => Err(Error::Malformed("frame of blocks")),
        }
    }

    fn decode_two(
        &self,
        [(stored_a, core_a), (stored_b, core_b)]: [(&[u8], Decoded<'_>); 2],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        if let ([CODED, a @ ..], [CODED, b @ ..]) = (stored_a, stored_b) {
            return self.decode_two_fields([a, b], [core_a, core_b], &mut scratch.blocks);
        }
        self.decode(stored_a, core_a, scratch)?;
        self.decode(stored_b, core_b, scratch)
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
    fn make(mode: Mode, halves: &mut [Vec<u16>; 2]) = Mode::forward
}

at_best! {
    fn undo(mode: Mode, halves: &mut [Vec<u16>; 2]) = Mode::inverse
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
    let mut row = &classes[place.column(first) / kind.groups()..];
    while to.len() < blocks {
        to.extend_from_slice(&row[..row.len().min(blocks - to.len())]);
        row = classes;
    }
}
