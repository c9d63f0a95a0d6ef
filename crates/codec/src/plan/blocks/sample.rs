//! What of a chunk is looked at, and the contexts that suit it.

use super::STEP;
use super::grid::{Axis, Columns, Grid};
use super::groups::{Groups, Needs};
use super::half::{from_single, to_single};
use super::kind::{Fields, Form, Kind};
use super::numbers::MOST;
use super::pack::unpack;
use super::place::Place;
use super::shared::write_grid;
use crate::coder::rans::{MAX_CONTEXTS, count};
use crate::header::Facts;

/// The most classes of zeros.
const ZEROS: u8 = 16;
/// The most classes of ratios that are tried, a power of two.
const RATIOS: u8 = 16;

/// What of a chunk is looked at.
#[derive(Default)]
pub(super) struct Sample {
    /// All blocks' fields but the quants.
    pub params: Fields,
    /// Frames with quants.
    frames: Vec<Frame>,
}

struct Frame {
    /// The chunk's number of its first group.
    first: usize,
    groups: Groups,
    quants: Vec<u8>,
}

/// A grid, how often it has each quant, and about how many bits those take with the tables.
pub(super) struct Choice {
    pub bits: f64,
    pub grid: Grid,
    pub counts: Vec<[u32; 256]>,
}

impl Sample {
    /// All blocks of each frame.
    pub(super) fn take(raw: &[u8], facts: &Facts, kind: &Kind, place: &Place) -> Sample {
        let mut sample = Sample::default();
        let mut fields = Fields::default();
        for frame in 0..facts.frames() {
            let core = &raw[facts.frame_range(frame)][facts.core(frame)];
            unpack(kind, core, &mut fields);
            let first = facts.first_unit(frame) * kind.groups();
            let mut groups = Groups::default();
            groups.find(kind, place, first, &fields, Needs::ALL);
            sample.frames.push(Frame {
                first,
                groups,
                quants: std::mem::take(&mut fields.quants),
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

    /// The cheapest contexts.
    pub(super) fn grid(&self, kind: &Kind, place: &Place) -> Choice {
        let mut best = self.with_columns(kind, place, Columns::default());
        // A row that is longer than what is there says nothing of its columns, however long it is.
        let groups = self.frames.iter().map(|frame| frame.groups.ratio.len());
        if !(1..=groups.sum()).contains(&place.row()) {
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
            write_grid(&other.grid, Form::Each, &mut written);
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
        let mut counts = self.count(kind, place, &grid);
        let mut best: Option<Choice> = None;
        loop {
            let (mut finer, mut ratio) = (counts.clone(), grid.ratio);
            loop {
                let grid = Grid {
                    ratio,
                    ..grid.clone()
                };
                let bits = self.cost(&finer);
                let is_better = best.as_ref().is_none_or(|best| bits < best.bits);
                let fits = grid.contexts() <= MAX_CONTEXTS;
                let next = halved(&finer, 1);
                if fits && is_better {
                    best = Some(Choice {
                        bits,
                        grid,
                        counts: finer,
                    });
                }
                if ratio.number == 1 {
                    break;
                }
                (finer, ratio) = (next, half(ratio));
            }
            if grid.zero.number == 1 {
                break;
            }
            counts = halved(&counts, usize::from(grid.ratio.number));
            grid.zero = half(grid.zero);
        }
        best.unwrap_or(Choice {
            bits: f64::MAX,
            grid: Grid {
                zero: Axis::ONE,
                ratio: Axis::ONE,
                columns: Columns::default(),
            },
            counts: vec![[1; 256]],
        })
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
            let all = groups.run(0..groups.number);
            grid.fill(kind, place, *first, all, &mut contexts);
            let own = count(quants, &contexts, grid.contexts());
            for (to, own) in counts.iter_mut().zip(&own) {
                to.iter_mut().zip(own).for_each(|(to, own)| *to += own);
            }
        }
        counts
    }

    /// About how many bits symbols of such counts take, with their share of the tables.
    fn cost(&self, counts: &[[u32; 256]]) -> f64 {
        counts.iter().map(|counts| bits(counts, 5.0)).sum()
    }

    /// Classes of one quant each, about the middle of what there is.
    fn zero_axis(&self, kind: &Kind, place: &Place, grid: &Grid) -> Axis {
        let zeros = self
            .frames
            .iter()
            .flat_map(|frame| grid.zeros(kind, place, frame.first, &frame.groups));
        let (least, most) = match range(zeros, 0.01) {
            Some([least, most]) if least < most => (least, most),
            _ => return Axis::ONE,
        };
        let mut axis = Axis {
            add: (-least).saturating_add(1),
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

    /// What the columns' values are like: their means, and how far they are from those beside the
    /// others'.
    fn columns(&self, kind: &Kind, place: &Place) -> Columns {
        let mut sums = vec![Sums::default(); place.row() * kind.group];
        let mut numbers = vec![0u32; place.row()];
        for frame in &self.frames {
            let groups = frame.quants.chunks_exact(kind.group);
            for (i, quants) in groups.enumerate() {
                let column = place.column(frame.first + i);
                let by = (f32::from(frame.groups.ratio[i]) * (-1.0 / 16.0)).exp2();
                let zero = match frame.groups.zero.get(i) {
                    Some(twice) => f32::from(*twice) / 2.0,
                    None => f32::from(1u16 << (kind.bits - 1)),
                };
                numbers[column] += 1;
                let sums = &mut sums[column * kind.group..];
                add(quants, zero, by, frame.groups.scale[i], sums);
            }
        }
        let each = sums.iter().enumerate();
        let each = each.map(|(i, sums)| sums.means(numbers[i / kind.group].max(1) as f32));
        let each: Vec<(f32, f32)> = each.collect();
        let mean_log = each.iter().map(|(log, _)| log).sum::<f32>() / each.len() as f32;
        let unit = from_single(self.step());
        let most = f32::from(MOST);
        let whole = |value: f32| value.round().clamp(-most, most) as i16;
        let log = |log: &f32| whole((log - mean_log) * 16.0 / f32::from(STEP)) * STEP;
        let mean = |mean: &f32| whole(mean / to_single(unit));
        Columns {
            logs: each.iter().map(|(value, _)| log(value)).collect(),
            means: each.iter().map(|(_, value)| mean(value)).collect(),
            unit,
        }
    }

    /// A scale in the middle of the groups' own.
    fn step(&self) -> f32 {
        let scales = self.frames.iter().flat_map(|frame| &frame.groups.scale);
        let mut scales: Vec<f32> = scales
            .map(|scale| scale.abs())
            .filter(|s| *s > 0.0)
            .collect();
        let middle = scales.len() / 2;
        if scales.is_empty() {
            return 1.0;
        }
        *scales.select_nth_unstable_by(middle, f32::total_cmp).1
    }
}

/// Sums over the values of a column.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    values: f32,
    /// Beside those of their rows.
    ratios: f32,
    squares: f32,
}

impl Sums {
    /// The log2 of how far values are from their mean, and the mean.
    fn means(&self, number: f32) -> (f32, f32) {
        let ratio = self.ratios / number;
        let variance = (self.squares / number - ratio * ratio).max(1e-9);
        (variance.log2() / 2.0, self.values / number)
    }
}

fn add(quants: &[u8], zero: f32, by: f32, scale: f32, sums: &mut [Sums]) {
    for (sums, quant) in sums.iter_mut().zip(quants) {
        let steps = f32::from(*quant) - zero;
        let ratio = steps * by;
        sums.values += steps * scale;
        sums.ratios += ratio;
        sums.squares += ratio * ratio;
    }
}

/// Each two neighbouring classes in one.
fn half(axis: Axis) -> Axis {
    Axis {
        shift: axis.shift + 1,
        number: axis.number.div_ceil(2),
        ..axis
    }
}

/// The counts then, where the classes' contexts are runs of so many.
fn halved(counts: &[[u32; 256]], run: usize) -> Vec<[u32; 256]> {
    let mut sums = Vec::with_capacity(counts.len() / 2 + run);
    for pair in counts.chunks(2 * run) {
        let (first, second) = pair.split_at(run);
        let start = sums.len();
        sums.extend_from_slice(first);
        for (to, from) in sums[start..]
            .iter_mut()
            .flatten()
            .zip(second.iter().flatten())
        {
            *to += from;
        }
    }
    sums
}

/// About how many bits symbols of such counts take, with so many for each that occurs.
fn bits(counts: &[u32; 256], each: f64) -> f64 {
    let (mut total, mut sum, mut number) = (0, 0.0, 0.0);
    for &count in counts.iter().filter(|count| **count > 0) {
        total += count;
        sum += f64::from(count as f32 * (count as f32).log2());
        number += 1.0;
    }
    if total == 0 {
        return 0.0;
    }
    let total = f64::from(total);
    total * total.log2() - sum + each * number
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
