//! Finding the tables and the contexts that suit a chunk.

use super::grid::{Axis, Grid, Groups, Place};
use super::kind::{Fields, Kind};
use super::pack::unpack;
use super::scales::Mode;
use super::set::Set;
use super::words::Words;
use super::{Blocks, STEP};
use crate::Level;
use crate::coder::rans::{MAX_CONTEXTS, Tables, count};
use crate::header::Facts;

/// Bits of the tables of groups' scales.
const SUB_BITS: u32 = 12;
/// The most classes of ratios that are tried.
const RATIOS: u8 = 16;
/// The most classes of zeros.
const ZEROS: u8 = 16;

impl Blocks {
    /// The plan for a chunk, where its blocks are known.
    pub(crate) fn fit(raw: &[u8], facts: &Facts, level: Level) -> Option<Blocks> {
        let kind = Kind::of(facts.hint.dtype)?;
        let place = Place::new(&kind, facts.hint.row, facts.hint.offset);
        let sample = Sample::take(raw, facts, &kind, &place, level);
        if sample.params.halves[0].is_empty() {
            return None;
        }
        let mut params = sample.params.clone();
        let mode = mode(&kind, &mut params);
        let mut halves: Vec<Words> = Vec::new();
        let mut before = Vec::new();
        for half in &params.halves[..kind.halves] {
            let (words, high) = Words::fit(half, &before, mode);
            halves.push(words);
            before = high;
        }
        let subs = sub_tables(&kind, &params.subs);
        let (grid, tables) = sample.grid(&kind, &place, level);
        Some(Blocks {
            kind,
            place,
            mode,
            halves,
            subs,
            grid,
            quants: Set::new(tables),
        })
    }
}

/// What the halves were made from, if all of them were; puts that in their place.
fn mode(kind: &Kind, params: &mut Fields) -> Mode {
    let halves = params.halves.clone();
    kind.mode.forward(params);
    let origins = params.halves.clone();
    kind.mode.inverse(params);
    if params.halves == halves {
        params.halves = origins;
        return kind.mode;
    }
    params.halves = halves;
    Mode::Plain
}

fn sub_tables(kind: &Kind, subs: &[Vec<u8>; 2]) -> Vec<Set> {
    let mut contexts = Vec::new();
    let mut sets = Vec::new();
    for sub in &subs[..kind.subs] {
        let number = if contexts.is_empty() { 1 } else { 16 };
        let tables = Tables::new(SUB_BITS, &count(sub, &contexts, number));
        sets.push(Set::new(tables));
        super::fill_sub_contexts(sub, &mut contexts);
    }
    sets
}

/// What of a chunk is looked at.
#[derive(Default)]
struct Sample {
    /// All blocks' fields but the quants.
    params: Fields,
    frames: Vec<Frame>,
}

struct Frame {
    /// The chunk's number of its first group.
    first: usize,
    groups: Groups,
    quants: Vec<u8>,
}

impl Sample {
    fn take(raw: &[u8], facts: &Facts, kind: &Kind, place: &Place, _: Level) -> Sample {
        let mut sample = Sample::default();
        for frame in 0..facts.frames() {
            let core = &raw[facts.frame_range(frame)][facts.core(frame)];
            let mut fields = Fields::default();
            unpack(kind, core, &mut fields);
            let first = facts.first_unit(frame) * kind.groups();
            let mut groups = Groups::default();
            groups.find(kind, place, first, &fields);
            let params = &mut sample.params;
            for (to, from) in params.halves.iter_mut().zip(&fields.halves) {
                to.extend_from_slice(from);
            }
            for (to, from) in params.subs.iter_mut().zip(&fields.subs) {
                to.extend_from_slice(from);
            }
            sample.frames.push(Frame {
                first,
                groups,
                quants: fields.quants,
            });
        }
        sample
    }

    /// The cheapest contexts, and their tables.
    fn grid(&self, kind: &Kind, place: &Place, level: Level) -> (Grid, Tables) {
        let zero = self.zero_axis();
        let (cost, mut best) = self.with_columns(kind, place, zero, Vec::new());
        if level == Level::Max && place.row() > 0 {
            let columns = self.columns(kind, place);
            let mut written = Vec::new();
            let (with, other) = self.with_columns(kind, place, zero, columns);
            super::write_grid(&other.0, &mut written);
            if with + 8.0 * written.len() as f64 + 100.0 < cost {
                best = other;
            }
        }
        best
    }

    /// The best number of classes, given the columns: bits, and what they are for.
    fn with_columns(
        &self,
        kind: &Kind,
        place: &Place,
        zero: Axis,
        columns: Vec<i16>,
    ) -> (f64, (Grid, Tables)) {
        let mut grid = Grid {
            zero,
            ratio: self.ratio_axis(&columns),
            columns,
        };
        let mut counts = self.count(kind, place, &grid);
        let mut best: Option<(f64, Grid, Vec<[u32; 256]>)> = None;
        loop {
            let bits = cost(&counts);
            let fits = grid.contexts() <= MAX_CONTEXTS;
            if fits && best.as_ref().is_none_or(|(least, ..)| bits < *least) {
                best = Some((bits, grid.clone(), counts.clone()));
            }
            if grid.ratio.number > 1 {
                counts = halved(&counts);
                grid.ratio = half(grid.ratio);
            } else {
                break;
            }
        }
        let (bits, grid, counts) = best.unwrap_or((0.0, grid, counts));
        let tables = Tables::new(table_bits(kind), &counts);
        (bits, (grid, tables))
    }

    fn count(&self, kind: &Kind, place: &Place, grid: &Grid) -> Vec<[u32; 256]> {
        let mut counts = vec![[0; 256]; grid.contexts()];
        let mut contexts = Vec::new();
        for frame in &self.frames {
            let Frame {
                first,
                groups,
                quants,
            } = frame;
            super::fill(grid, kind, place, *first, groups, &mut contexts);
            let own = count(quants, &contexts, grid.contexts());
            for (to, from) in counts.iter_mut().flatten().zip(own.iter().flatten()) {
                *to += from;
            }
        }
        counts
    }

    /// Classes of one quant each, about the middle of what there is.
    fn zero_axis(&self) -> Axis {
        let zeros = self.frames.iter().flat_map(|frame| &frame.groups.zero);
        let Some([least, most]) = range(zeros.copied(), 0.01) else {
            return Axis::ONE;
        };
        let mut axis = Axis {
            add: -least + 1,
            shift: 1,
            number: 1,
        };
        while (most - least) >> axis.shift >= i16::from(ZEROS) {
            axis.shift += 1;
        }
        axis.number = ((most - least + 1) >> axis.shift) as u8 + 1;
        axis.number = axis.number.min(ZEROS);
        axis
    }

    fn ratio_axis(&self, columns: &[i16]) -> Axis {
        let ratios = self.frames.iter().flat_map(|frame| &frame.groups.ratio);
        let Some([mut least, mut most]) = range(ratios.copied(), 0.005) else {
            return Axis::ONE;
        };
        if let Some([lower, upper]) = range(columns.iter().copied(), 0.02) {
            least += lower;
            most += upper;
        }
        let mut axis = Axis {
            add: 0,
            shift: 0,
            number: RATIOS,
        };
        while (most - least) >> axis.shift >= i16::from(RATIOS) {
            axis.shift += 1;
        }
        let middle = (most + least) / 2;
        axis.add = (i16::from(RATIOS) << axis.shift >> 1) - middle;
        axis
    }

    /// How large the values of each column are, beside those of the others.
    fn columns(&self, kind: &Kind, place: &Place) -> Vec<i16> {
        let mut sums = vec![0f32; place.row() * kind.group];
        let mut numbers = vec![0u32; place.row()];
        for frame in &self.frames {
            let groups = frame.quants.chunks_exact(kind.group);
            for (i, quants) in groups.enumerate() {
                let column = place.column(frame.first + i);
                let by = (f32::from(frame.groups.ratio[i]) * (-2.0 / 16.0)).exp2();
                let zero = match frame.groups.zero.get(i) {
                    Some(twice) => f32::from(*twice) / 2.0,
                    None => f32::from(1u16 << (kind.bits - 1)),
                };
                numbers[column] += 1;
                let sums = &mut sums[column * kind.group..];
                for (sum, quant) in sums.iter_mut().zip(quants) {
                    *sum += (f32::from(*quant) - zero).powi(2) * by;
                }
            }
        }
        let logs = sums.iter().enumerate().map(|(i, sum)| {
            let number = numbers[i / kind.group].max(1) as f32;
            (sum / number + 1e-9).log2() / 2.0
        });
        let logs: Vec<f32> = logs.collect();
        let mean = logs.iter().sum::<f32>() / logs.len() as f32;
        let steps = logs.iter().map(|log| (log - mean) * 16.0 / f32::from(STEP));
        steps
            .map(|step| step.round().clamp(-60.0, 60.0) as i16 * STEP)
            .collect()
    }
}

/// Bits of the quants' tables: as few as will do, so that the decoder's stay small.
fn table_bits(kind: &Kind) -> u32 {
    if kind.bits > 5 { 12 } else { 11 }
}

/// Two neighbouring classes of ratios in one.
fn half(axis: Axis) -> Axis {
    Axis {
        shift: axis.shift + 1,
        number: axis.number / 2,
        ..axis
    }
}

fn halved(counts: &[[u32; 256]]) -> Vec<[u32; 256]> {
    let pairs = counts.as_chunks::<2>().0.iter();
    pairs
        .map(|[a, b]| std::array::from_fn(|i| a[i] + b[i]))
        .collect()
}

/// About how many bits symbols of such counts take, with the tables.
fn cost(counts: &[[u32; 256]]) -> f64 {
    let costs = counts.iter().map(|counts| {
        let present = counts.iter().filter(|count| **count > 0);
        let (mut total, mut sum, mut number) = (0.0, 0.0, 0.0);
        for count in present.map(|count| f64::from(*count)) {
            total += count;
            sum += count * count.log2();
            number += 1.0;
        }
        if total > 0.0 {
            total * total.log2() - sum + 5.0 * number
        } else {
            0.0
        }
    });
    costs.sum()
}

/// The values that a share of all lies below, and above.
fn range(values: impl Iterator<Item = i16>, share: f64) -> Option<[i16; 2]> {
    let mut values: Vec<i16> = values.collect();
    if values.is_empty() {
        return None;
    }
    let skip = (values.len() as f64 * share) as usize;
    let upper = values.len() - 1 - skip;
    let most = *values.select_nth_unstable(upper).1;
    let least = *values.select_nth_unstable(skip).1;
    Some([least, most])
}
