//! What the columns of a chunk are like, by a sample of its rows.

use super::Sample;
use crate::cpu::at_best;
use crate::plan::blocks::STEP;
use crate::plan::blocks::grid::Columns;
use crate::plan::blocks::half::{from_single, to_single};
use crate::plan::blocks::kind::Kind;
use crate::plan::blocks::numbers::MOST;
use crate::plan::blocks::place::Place;

impl Sample<'_> {
    /// What the columns' values are, by the sample's quants.
    pub(super) fn sums(&self, kind: &Kind, place: &Place) -> Sums {
        let mut sums = Sums::new(kind.group, place.row());
        for part in &self.parts {
            let groups = self.groups(part);
            let mut column = place.column(part.groups.start);
            for (i, quants) in self.quants(part).chunks_exact(kind.group).enumerate() {
                let by = (f32::from(groups.ratio[i]) * (-1.0 / 16.0)).exp2();
                let zero = match groups.zero.get(i) {
                    Some(twice) => f32::from(*twice) / 2.0,
                    None => f32::from(1u16 << (kind.bits - 1)),
                };
                sums.add(column, quants, [zero, by, groups.scale[i]]);
                column = place.after(column);
            }
        }
        sums
    }

    /// How far the columns' values are from their means beside the others', and those means.
    pub(super) fn columns(&self, kind: &Kind, place: &Place) -> Columns {
        let sums = self.sums(kind, place);
        let each: Vec<(f32, f32)> = (0..sums.values.len()).map(|i| sums.means(i)).collect();
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
        let scales = self.parts.iter().flat_map(|part| self.groups(part).scale);
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

/// Sums over the values of each column.
pub(super) struct Sums {
    group: usize,
    /// How many values there are, by the columns of a group.
    numbers: Vec<u32>,
    values: Vec<f32>,
    /// Beside those of their rows.
    ratios: Vec<f32>,
    squares: Vec<f32>,
}

impl Sums {
    fn new(group: usize, groups: usize) -> Sums {
        let none = || vec![0.0; group * groups];
        Sums {
            group,
            numbers: vec![0; groups],
            values: none(),
            ratios: none(),
            squares: none(),
        }
    }

    /// Adds the quants of a group, by which of its row it is.
    fn add(&mut self, column: usize, quants: &[u8], of: [f32; 3]) {
        self.numbers[column] += 1;
        let columns = column * self.group..(column + 1) * self.group;
        let values = &mut self.values[columns.clone()];
        let ratios = &mut self.ratios[columns.clone()];
        add(quants, of, values, ratios, &mut self.squares[columns]);
    }

    /// The log2 of how far values of a column are from their mean, and the mean.
    fn means(&self, column: usize) -> (f32, f32) {
        let number = self.number(column);
        let ratio = self.ratios[column] / number;
        let variance = (self.squares[column] / number - ratio * ratio).max(1e-9);
        (variance.log2() / 2.0, self.values[column] / number)
    }

    fn number(&self, column: usize) -> f32 {
        self.numbers[column / self.group].max(1) as f32
    }

    /// The part of all squares that is in the columns' means, less what chance puts there.
    pub(super) fn told(&self) -> f32 {
        let (mut told, mut all) = (0.0, 0.0);
        for (i, (ratio, square)) in self.ratios.iter().zip(&self.squares).enumerate() {
            let number = self.number(i);
            let of_mean = ratio * ratio / number;
            told += of_mean - (square - of_mean) / number;
            all += square;
        }
        told / f32::max(all, f32::MIN_POSITIVE)
    }
}

at_best! {
    fn add(quants: &[u8], of: [f32; 3], values: &mut [f32], ratios: &mut [f32], squares: &mut [f32]) = add_all
}

#[inline(always)]
fn add_all(
    quants: &[u8],
    [zero, by, scale]: [f32; 3],
    values: &mut [f32],
    ratios: &mut [f32],
    squares: &mut [f32],
) {
    let sums = values.iter_mut().zip(ratios).zip(squares);
    for (quant, ((value, ratios), squares)) in quants.iter().zip(sums) {
        let steps = f32::from(*quant) - zero;
        let ratio = steps * by;
        *value += steps * scale;
        *ratios += ratio;
        *squares += ratio * ratio;
    }
}
