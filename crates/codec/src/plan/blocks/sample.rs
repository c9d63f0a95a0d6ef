//! What of a chunk is looked at, and the contexts that suit it: classes and columns by some of the rows, then all
//! quants are counted by those.

mod axes;
mod columns;
mod counts;

use std::ops::Range;

use super::grid::{Axis, Columns, Grid};
use super::groups::{Groups, Needs, Run};
use super::kind::{Fields, Kind};
use super::marks::{self, Ends, Places};
use super::pack::{unpack, unpack_params};
use super::place::Place;
use super::twos::{self, Taken, Twos};
use crate::header::Facts;
use axes::half;
pub(super) use counts::Counts;
use counts::{Summed, bits};

/// Rows that tell whether columns are worth it, and those that tell of them then.
const FEW: usize = 128;
const ROWS: usize = 512;
/// The share of the quants' squares that columns' means must have, for all that these cost in time.
const WORTH: f32 = 0.04;
/// Quants by which classes are chosen; of those of more than 5 bits four times as many, if so many are there.
const QUANTS: usize = 1 << 16;
/// Bits that are enough for a mark's place.
pub(super) const PLACE: u32 = 6;
/// Of so many groups all but one have marks, where a quantiser makes such.
const MARKED: usize = 8;
/// Groups that are looked at as one where there are no rows, whole blocks of any kind.
const RUN: usize = 64;
/// The longest rows of groups whose columns are looked at.
const LONGEST: usize = 4096;

/// What of a chunk is looked at.
#[derive(Default)]
pub(super) struct Sample<'a> {
    /// All blocks' fields but the quants.
    pub params: Fields,
    /// All groups, each beside its row's in its frame.
    pub groups: Groups,
    frames: Vec<Frame<'a>>,
    /// Some of the rows, or of what of them is in a frame.
    parts: Vec<Part>,
    /// The parts' quants.
    quants: Vec<u8>,
    /// Of so many parts, one is for the choice of classes.
    apart: usize,
}

struct Frame<'a> {
    core: &'a [u8],
    /// The chunk's numbers of its groups.
    groups: Range<usize>,
}

/// A run of groups of a frame.
struct Part {
    /// The chunk's numbers of them.
    groups: Range<usize>,
    /// Where their quants are among the sample's.
    quants: Range<usize>,
}

impl<'a> Sample<'a> {
    /// All blocks' fields.
    pub(super) fn take(raw: &'a [u8], facts: &Facts, kind: &Kind, place: &Place) -> Sample<'a> {
        let mut sample = Sample::default();
        let (mut fields, mut groups) = (Fields::default(), Groups::default());
        for frame in 0..facts.frames() {
            let core = &raw[facts.frame_range(frame)][facts.core(frame)];
            unpack_params(kind, core, &mut fields);
            let first = facts.first_unit(frame) * kind.groups();
            groups.find(kind, place, first, &fields, Needs::ALL);
            sample.groups.append(&groups);
            sample.frames.push(Frame {
                core,
                groups: first..first + groups.number,
            });
            let params = &mut sample.params;
            for (to, from) in params.halves.iter_mut().zip(&fields.halves) {
                to.extend_from_slice(from);
            }
            for (to, from) in params.subs.iter_mut().zip(&fields.subs) {
                to.extend_from_slice(from);
            }
        }
        sample
    }

    /// Takes the quants of about so many rows, or of what has as many quants as classes need.
    fn take_parts(&mut self, kind: &Kind, place: &Place, rows: usize) {
        let run = match place.row() {
            row @ 1..=LONGEST => row,
            _ => RUN,
        };
        let enough = QUANTS << (2 * u32::from(kind.bits > 5));
        let rows = rows.max(enough / (run * kind.group));
        let step = (self.groups.number / run / rows).max(1);
        self.parts.clear();
        self.quants.clear();
        let mut quants = Vec::new();
        let mut number = 0usize;
        for own in &self.frames {
            let mut at = own.groups.start;
            while at < own.groups.end {
                let column = place.column(at) % run;
                let end = (at + run - column).min(own.groups.end);
                if number.is_multiple_of(step) {
                    let block = |group| (group - own.groups.start) / kind.groups() * kind.unit;
                    unpack(kind, &own.core[block(at)..block(end)], &mut quants);
                    let start = self.quants.len();
                    self.quants.extend_from_slice(&quants);
                    self.parts.push(Part {
                        groups: at..end,
                        quants: start..self.quants.len(),
                    });
                }
                (at, number) = (end, number + 1);
            }
        }
        self.apart = (self.quants.len() / enough).max(1);
    }

    fn groups(&self, part: &Part) -> Run<'_> {
        self.groups.run(part.groups.clone())
    }

    fn quants(&self, part: &Part) -> &[u8] {
        &self.quants[part.quants.clone()]
    }

    /// The parts by which classes are chosen.
    fn counted(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().step_by(self.apart)
    }

    /// Takes a sample, and what columns are worth telling by it.
    pub(super) fn look(&mut self, kind: &Kind, place: &Place) -> Columns {
        self.take_parts(kind, place, FEW);
        // A row that is longer than what is there says nothing of its columns, however long it is.
        let by_columns = (1..=self.groups.number.min(LONGEST)).contains(&place.row());
        if !by_columns || self.sums(kind, place).told() <= WORTH {
            return Columns::default();
        }
        self.take_parts(kind, place, ROWS);
        self.columns(kind, place)
    }

    /// Whether what is below the upper bits of quants that are no marks says next to nothing.
    pub(super) fn is_smooth(&self, twos: &Twos) -> bool {
        /// Of so many parts one is looked at.
        const APART: usize = 4;
        /// The bits of a quant that may be lost.
        const LOST: f64 = 0.05;
        let mut counts = Counts::new(8, 1);
        for part in self.parts.iter().step_by(APART) {
            counts.add(self.quants(part), &[]);
        }
        let mut all = counts.summed().by_context()[0];
        for end in twos.ends().as_flattened() {
            all[usize::from(*end)] = 0;
        }
        let low = twos.low_len() as u32 * 8 / marks::GROUP as u32;
        let mut upper = [0; 16];
        for (quant, count) in all.iter().enumerate() {
            upper[quant >> low & 15] += count;
        }
        let number: u32 = all.iter().sum();
        let ([by_all, occur], [by_upper, few]) = (bits(&all).into(), bits(&upper).into());
        // What has more symbols is more flattered by a sample.
        let flattered = (occur - few) * std::f64::consts::LOG2_E / 2.0;
        let by_upper = by_upper + f64::from(number * low);
        by_upper <= by_all + flattered + LOST * f64::from(number)
    }

    /// Makes of the sample's quants the upper bits of those that are no marks, told from their columns' means. The marks'
    /// places, and which of its row each group is.
    pub(super) fn keep(
        &mut self,
        kind: &Kind,
        place: &Place,
        twos: &Twos,
        grid: &Grid,
    ) -> (Places, Vec<u8>) {
        let mut places = Places::default();
        let (mut columns, mut own) = (Vec::new(), Vec::new());
        let (mut taken, mut kept) = (Taken::default(), Vec::new());
        for part in &mut self.parts {
            let quants = &mut self.quants[part.quants.clone()];
            let start = columns.len();
            marks::fill_columns(place, part.groups.start, part.groups.len(), &mut own);
            columns.extend_from_slice(&own);
            for (ends, places) in twos.ends().iter().zip(&mut places) {
                marks::find(quants, *ends, places);
            }
            if !grid.columns.means.is_empty() {
                let groups = self.groups.run(part.groups.clone());
                grid.shift(place, part.groups.start, groups, false, quants);
            }
            let spots = twos::spots(&places, start..columns.len());
            twos.split(quants, spots, &[], &mut taken);
            let first = kept.len();
            twos.nibbles(&taken.symbols, part.groups.len(), &mut kept);
            part.quants = first..kept.len();
        }
        self.quants = kept;
        debug_assert_eq!(kind.group, marks::GROUP);
        (places, columns)
    }

    /// How many times as many groups there are as in the sample, all of it.
    pub(super) fn times(&self) -> f64 {
        let groups: usize = self.parts.iter().map(|part| part.groups.len()).sum();
        self.groups.number as f64 / groups.max(1) as f64
    }

    /// How often the sample's quants are in a grid's contexts, by groups.
    pub(super) fn count_sample(&self, bits: u32, grid: &Grid) -> Summed {
        let mut counts = Counts::new(bits, grid.contexts());
        let mut contexts = Vec::new();
        for part in &self.parts {
            grid.classes(self.groups(part), &mut contexts);
            counts.add_groups(self.quants(part), &contexts);
        }
        counts.summed()
    }

    /// The best numbers of classes, given the columns, of at most so many contexts; quants have so many bits.
    pub(super) fn grid(
        &self,
        kind: &Kind,
        place: &Place,
        columns: Columns,
        bits: u32,
        most: usize,
    ) -> Grid {
        let mut grid = Grid {
            zero: Axis::ONE,
            ratio: self.ratio_axis(&columns.logs),
            columns,
        };
        if grid.columns.means.is_empty() || !grid.columns.logs.is_empty() {
            grid.zero = self.zero_axis(kind, place, &grid);
        }
        let (mut counts, times) = self.count(kind, place, &grid, bits);
        let (mut best, mut zero) = ((f64::MAX, Axis::ONE, Axis::ONE), grid.zero);
        loop {
            let (mut finer, mut ratio) = (counts.clone(), grid.ratio);
            loop {
                let contexts = usize::from(zero.number) * usize::from(ratio.number);
                let bits = finer.cost(times);
                if contexts <= most && bits < best.0 {
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
        let (_, zero, ratio) = best;
        Grid {
            zero,
            ratio,
            ..grid
        }
    }

    /// How often quants are in a grid's contexts, by some of them, and how many times as many there are.
    fn count(&self, kind: &Kind, place: &Place, grid: &Grid, bits: u32) -> (Summed, f64) {
        let mut counts = Counts::new(bits, grid.contexts());
        let mut contexts = Vec::new();
        let mut groups = 0;
        for part in self.counted() {
            let own = self.groups(part);
            let quants = self.quants(part);
            count(
                &mut counts,
                kind,
                place,
                grid,
                part.groups.start,
                own,
                quants,
                &mut contexts,
            );
            groups += part.groups.len();
        }
        let times = self.groups.number as f64 / groups.max(1) as f64;
        (counts.summed(), times)
    }

    /// What marks are worth telling.
    pub(super) fn marks(&self, kind: &Kind) -> &'static [Ends] {
        let mut places = Vec::new();
        let is_marked = |ends: &Ends| {
            places.clear();
            for part in self.counted() {
                marks::find(self.quants(part), *ends, &mut places);
            }
            marks::missing(&places) <= places.len() / MARKED
        };
        let ends = kind.ends();
        if ends.iter().all(is_marked) {
            ends
        } else {
            &[]
        }
    }

    /// How often all quants are in a grid's contexts and in those of marks, and where the marks of all groups are.
    pub(super) fn count_all(
        &self,
        kind: &Kind,
        place: &Place,
        grid: &Grid,
        ends: &[Ends],
    ) -> (Summed, Places) {
        let mut counts = Counts::of_many(kind.bits, grid.contexts() + ends.len());
        let (mut contexts, mut quants) = (Vec::new(), Vec::new());
        let mut places = Places::default();
        for frame in &self.frames {
            let tiles = frame.core.chunks(kind.tile() * kind.unit);
            let mut at = frame.groups.start;
            for tile in tiles {
                unpack(kind, tile, &mut quants);
                let groups = at..at + tile.len() / kind.unit * kind.groups();
                let own = self.groups.run(groups.clone());
                count(
                    &mut counts,
                    kind,
                    place,
                    grid,
                    at,
                    own,
                    &quants,
                    &mut contexts,
                );
                for (i, (ends, places)) in ends.iter().zip(&mut places).enumerate() {
                    marks::find(&quants, *ends, places);
                    let own = &places[groups.clone()];
                    counts.mark(&quants, &contexts, own, grid.contexts() + i);
                }
                at = groups.end;
            }
        }
        (counts.summed(), places)
    }
}

/// Counts the quants of some groups, the first of which is the chunk's group `first`. Contexts are those of groups, or
/// of quants where the grid has columns.
#[expect(clippy::too_many_arguments)]
fn count(
    counts: &mut Counts,
    kind: &Kind,
    place: &Place,
    grid: &Grid,
    first: usize,
    groups: Run<'_>,
    quants: &[u8],
    contexts: &mut Vec<u8>,
) {
    if grid.columns.logs.is_empty() {
        grid.classes(groups, contexts);
        counts.add_groups(quants, contexts);
    } else {
        grid.fill(kind, place, first, groups, contexts);
        counts.add(quants, contexts);
    }
}
