//! What of a chunk is looked at, and the contexts that suit it: classes and columns by some of the rows, then all
//! quants are counted by those.

mod axes;
mod columns;
mod counts;

use std::ops::Range;

use super::grid::{Axis, Columns, Grid};
use super::groups::{Groups, Needs, Run};
use super::kind::{Fields, Form, Kind};
use super::marks::{self, Ends};
use super::pack::{unpack, unpack_params};
use super::place::Place;
use super::shared::write_grid;
use crate::coder::rans::MAX_CONTEXTS;
use crate::header::Facts;
use axes::half;
pub(super) use counts::Counts;
use counts::Summed;

/// Rows that tell of columns.
const ROWS: usize = 512;
/// Quants of 4 bits by which classes are chosen; of those that have more bits, up to four times as many.
const QUANTS: usize = 1 << 16;
/// Bits that are enough for a mark's place.
pub(super) const PLACE: u32 = 6;
/// Groups that are looked at as one where there are no rows, whole blocks of any kind.
const RUN: usize = 64;
/// The longest rows of groups whose columns are looked at.
const LONGEST: usize = 4096;

/// What of a chunk is looked at.
#[derive(Default)]
pub(super) struct Sample<'a> {
    /// All blocks' fields but the quants.
    pub params: Fields,
    frames: Vec<Frame<'a>>,
    /// Some of the rows, or of what of them is in a frame.
    parts: Vec<Part>,
    /// The parts' quants.
    quants: Vec<u8>,
    /// Of so many parts, one is for the choice of classes.
    apart: usize,
    /// How many groups there are.
    groups: usize,
}

struct Frame<'a> {
    core: &'a [u8],
    /// The chunk's number of its first group.
    first: usize,
    groups: Groups,
}

/// A run of groups of a frame.
struct Part {
    frame: usize,
    /// The chunk's number of its first group.
    first: usize,
    /// The frame's numbers of them.
    groups: Range<usize>,
    /// Where their quants are among the sample's.
    quants: Range<usize>,
}

/// A grid, and about how many bits quants take by it with the tables.
pub(super) struct Choice {
    pub bits: f64,
    pub grid: Grid,
}

impl<'a> Sample<'a> {
    /// All blocks' fields, and some quants.
    pub(super) fn take(raw: &'a [u8], facts: &Facts, kind: &Kind, place: &Place) -> Sample<'a> {
        let mut sample = Sample::default();
        let mut fields = Fields::default();
        for frame in 0..facts.frames() {
            let core = &raw[facts.frame_range(frame)][facts.core(frame)];
            unpack_params(kind, core, &mut fields);
            let first = facts.first_unit(frame) * kind.groups();
            let mut groups = Groups::default();
            groups.find(kind, place, first, &fields, Needs::ALL);
            sample.groups += groups.number;
            sample.frames.push(Frame {
                core,
                first,
                groups,
            });
            let params = &mut sample.params;
            for (to, from) in params.halves.iter_mut().zip(&fields.halves) {
                to.extend_from_slice(from);
            }
            for (to, from) in params.subs.iter_mut().zip(&fields.subs) {
                to.extend_from_slice(from);
            }
        }
        sample.take_parts(kind, place);
        sample
    }

    fn take_parts(&mut self, kind: &Kind, place: &Place) {
        let run = match place.row() {
            row @ 1..=LONGEST => row,
            _ => RUN,
        };
        let step = (self.groups / run / ROWS).max(1);
        let mut fields = Fields::default();
        let mut number = 0usize;
        for (frame, own) in self.frames.iter().enumerate() {
            let mut at = 0;
            while at < own.groups.number {
                let column = place.column(own.first + at) % run;
                let end = (at + run - column).min(own.groups.number);
                if number.is_multiple_of(step) {
                    let blocks = at / kind.groups()..end / kind.groups();
                    let core = &own.core[blocks.start * kind.unit..blocks.end * kind.unit];
                    unpack(kind, core, &mut fields);
                    let start = self.quants.len();
                    self.quants.extend_from_slice(&fields.quants);
                    self.parts.push(Part {
                        frame,
                        first: own.first + at,
                        groups: at..end,
                        quants: start..self.quants.len(),
                    });
                }
                (at, number) = (end, number + 1);
            }
        }
        let enough = QUANTS << (kind.bits - 4).min(2);
        self.apart = (self.quants.len() / enough).max(1);
    }

    fn groups(&self, part: &Part) -> Run<'_> {
        self.frames[part.frame].groups.run(part.groups.clone())
    }

    fn quants(&self, part: &Part) -> &[u8] {
        &self.quants[part.quants.clone()]
    }

    /// The parts by which classes are chosen.
    fn counted(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().step_by(self.apart)
    }

    /// The cheapest contexts.
    pub(super) fn grid(&self, kind: &Kind, place: &Place) -> Choice {
        let mut best = self.with_columns(kind, place, Columns::default());
        // A row that is longer than what is there says nothing of its columns, however long it is.
        if !(1..=self.groups.min(LONGEST)).contains(&place.row()) {
            return best;
        }
        let columns = self.columns(kind, place);
        let logs = Columns {
            logs: columns.logs.clone(),
            ..Columns::default()
        };
        let mut told = best.bits;
        for columns in [logs, columns] {
            let other = self.with_columns(kind, place, columns);
            let mut written = Vec::new();
            write_grid(&other.grid, Form::Each, 0, &mut written);
            let bits = other.bits + 8.0 * written.len() as f64 + 100.0;
            if bits < told {
                (best, told) = (other, bits);
            }
        }
        best
    }

    /// The best numbers of classes, given the columns.
    fn with_columns(&self, kind: &Kind, place: &Place, columns: Columns) -> Choice {
        let mut grid = Grid {
            zero: Axis::ONE,
            ratio: self.ratio_axis(&columns.logs),
            columns,
        };
        grid.zero = self.zero_axis(kind, place, &grid);
        let (mut counts, times) = self.count(kind, place, &grid);
        let (mut best, mut zero) = ((f64::MAX, Axis::ONE, Axis::ONE), grid.zero);
        loop {
            let (mut finer, mut ratio) = (counts.clone(), grid.ratio);
            loop {
                let contexts = usize::from(zero.number) * usize::from(ratio.number);
                let bits = finer.cost(times);
                if contexts <= MAX_CONTEXTS - marks::MOST && bits < best.0 {
                    best = (bits, zero, ratio);
                }
                if ratio.number == 1 {
                    break;
                }
                (finer, ratio) = (finer.halved(1), half(ratio));
            }
            if zero.number == 1 {
                break;
            }
            counts = counts.halved(usize::from(grid.ratio.number));
            zero = half(zero);
        }
        let (bits, zero, ratio) = best;
        Choice {
            bits,
            grid: Grid {
                zero,
                ratio,
                ..grid
            },
        }
    }

    /// How often quants are in a grid's contexts, by some of them, and how many times as many there are.
    fn count(&self, kind: &Kind, place: &Place, grid: &Grid) -> (Summed, f64) {
        let mut counts = Counts::new(kind.bits, grid.contexts());
        let mut contexts = Vec::new();
        let mut groups = 0;
        for part in self.counted() {
            grid.fill(kind, place, part.first, self.groups(part), &mut contexts);
            counts.add(self.quants(part), &contexts);
            groups += part.groups.len();
        }
        (counts.summed(), self.groups as f64 / groups.max(1) as f64)
    }

    /// What marks are worth telling where quants take so many bits without, and how many bits they take then.
    pub(super) fn marks(
        &self,
        kind: &Kind,
        place: &Place,
        grid: &Grid,
        bits: f64,
    ) -> (f64, &'static [Ends]) {
        let ends = kind.ends();
        if ends.is_empty() {
            return (bits, ends);
        }
        let columns = marks::columns(place);
        let mut counts = Counts::new(kind.bits, grid.contexts() + ends.len());
        let of_place = || Counts::new(PLACE, columns);
        let mut of_places: Vec<_> = ends.iter().map(|_| of_place()).collect();
        let (mut contexts, mut places, mut own) = (Vec::new(), Vec::new(), Vec::new());
        let mut groups = 0;
        for part in self.counted() {
            let quants = self.quants(part);
            grid.fill(kind, place, part.first, self.groups(part), &mut contexts);
            contexts.resize(quants.len(), 0);
            if columns > 1 {
                marks::fill_columns(place, part.first, part.groups.len(), &mut own);
            }
            for (i, (ends, of_places)) in ends.iter().zip(&mut of_places).enumerate() {
                places.clear();
                marks::find(quants, *ends, &mut places);
                marks::set(&mut contexts, &places, (grid.contexts() + i) as u8);
                of_places.add(&places, &own);
            }
            counts.add(quants, &contexts);
            groups += part.groups.len();
        }
        let times = self.groups as f64 / groups.max(1) as f64;
        let of_places = of_places.iter().map(|counts| {
            let [by_column, all] = [counts.summed(), counts.in_one()];
            by_column.cost(times).min(all.cost(times))
        });
        let with = counts.summed().cost(times) + of_places.sum::<f64>();
        if with < bits {
            (with, ends)
        } else {
            (bits, &[])
        }
    }

    /// How often all quants are in a grid's contexts and in those of marks, and where the marks of all groups are.
    pub(super) fn count_all(
        &self,
        kind: &Kind,
        place: &Place,
        grid: &Grid,
        ends: &[Ends],
    ) -> (Vec<[u32; 256]>, Vec<Vec<u8>>) {
        let mut counts = Counts::new(kind.bits, grid.contexts() + ends.len());
        let (mut contexts, mut fields) = (Vec::new(), Fields::default());
        let mut places = vec![Vec::with_capacity(self.groups); ends.len()];
        for frame in &self.frames {
            let tiles = frame.core.chunks(kind.tile() * kind.unit);
            for (i, tile) in tiles.enumerate() {
                unpack(kind, tile, &mut fields);
                let at = i * kind.tile() * kind.groups();
                let groups = at..at + tile.len() / kind.unit * kind.groups();
                let groups = frame.groups.run(groups);
                grid.fill(kind, place, frame.first + at, groups, &mut contexts);
                if !ends.is_empty() {
                    contexts.resize(fields.quants.len(), 0);
                }
                for (i, (ends, places)) in ends.iter().zip(&mut places).enumerate() {
                    let start = places.len();
                    marks::find(&fields.quants, *ends, places);
                    let context = (grid.contexts() + i) as u8;
                    marks::set(&mut contexts, &places[start..], context);
                }
                counts.add(&fields.quants, &contexts);
            }
        }
        (counts.summed().by_context(), places)
    }
}
