//! The contexts of quants: where a group's zero lies among them, and how large its values can be
//! beside those of its row and its columns.

use super::half::{log, to_single};
use super::kind::{Fields, Kind};
use crate::Error;
use crate::cpu::at_best;

/// A number's class: moved, divided by a power of two, and cut to a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    pub add: i16,
    pub shift: u8,
    pub number: u8,
}

impl Axis {
    /// All are one class.
    pub(super) const ONE: Axis = Axis {
        add: 0,
        shift: 0,
        number: 1,
    };

    #[inline(always)]
    pub(super) fn class(&self, value: i16) -> u8 {
        let class = value.saturating_add(self.add) >> self.shift;
        class.clamp(0, i16::from(self.number) - 1) as u8
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.add.to_le_bytes());
        out.extend([self.shift, self.number]);
    }

    pub(super) fn read(bytes: &mut &[u8]) -> Result<Axis, Error> {
        let &[a, b, shift @ 0..=15, number @ 1..=64, ref rest @ ..] = *bytes else {
            return Err(Error::Malformed("classes"));
        };
        *bytes = rest;
        Ok(Axis {
            add: i16::from_le_bytes([a, b]),
            shift,
            number,
        })
    }
}

/// Where a chunk's blocks are in their tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Groups of a row; 0 when there are no rows.
    row: usize,
    /// Groups of its first row that came before the chunk.
    phase: usize,
}

impl Place {
    pub(super) fn new(kind: &Kind, row: u32, offset: u64) -> Place {
        let row = row as usize;
        let whole = row.is_multiple_of(kind.quants) && offset.is_multiple_of(kind.quants as u64);
        if row == 0 || !whole {
            return Place { row: 0, phase: 0 };
        }
        Place {
            row: row / kind.group,
            phase: (offset % row as u64) as usize / kind.group,
        }
    }

    /// Groups of a row; 0 when there are no rows.
    pub(super) fn row(&self) -> usize {
        self.row
    }

    /// Which group of its row a chunk's group is.
    pub(super) fn column(&self, group: usize) -> usize {
        match self.row {
            0 => 0,
            row => (self.phase + group) % row,
        }
    }
}

/// What is known of a frame's groups before their quants.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// How many there are. What is not needed of them is of no meaning, or missing.
    pub number: usize,
    /// 16 times the log2 of their row's scales over theirs, about.
    pub ratio: Vec<i16>,
    /// Twice the quant that stands for zero.
    pub zero: Vec<i16>,
    /// What a step of the quants is worth.
    pub scale: Vec<f32>,
}

/// What of groups is needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    ratio: bool,
    zero: bool,
    scale: bool,
}

impl Needs {
    /// All.
    pub(super) const ALL: Needs = Needs {
        ratio: true,
        zero: true,
        scale: true,
    };
}

at_best! {
    fn collect(groups: &mut Groups, kind: &Kind, fields: &Fields, needs: Needs) = Groups::collect
}

impl Groups {
    /// Finds out about the groups of a frame, the first of which is the chunk's group `first`, what a
    /// grid needs.
    pub(super) fn find(
        &mut self,
        kind: &Kind,
        place: &Place,
        first: usize,
        fields: &Fields,
        needs: Needs,
    ) {
        collect(self, kind, fields, needs);
        if needs.ratio {
            self.beside_rows(place, first);
        }
    }

    #[inline(always)]
    fn collect(&mut self, kind: &Kind, fields: &Fields, needs: Needs) {
        self.number = fields.halves[0].len() * kind.groups();
        if needs.ratio {
            self.ratio.resize(self.number, 0);
            self.ratios(kind, fields);
        }
        if needs.scale || needs.zero && kind.halves == 2 {
            self.scale.resize(self.number, 0.0);
            self.scales(kind, fields);
        }
        self.zero.clear();
        if needs.zero && kind.halves == 2 {
            self.zero.resize(self.number, 0);
            self.zeros(kind, fields);
        }
    }

    /// The logs of scales.
    #[inline(always)]
    fn ratios(&mut self, kind: &Kind, fields: &Fields) {
        let scales = &fields.halves[0];
        let by_block = |numbers: fn(u8) -> i8, to: &mut [i16]| {
            let to = to.chunks_exact_mut(kind.groups());
            let from = scales
                .iter()
                .zip(fields.subs[0].chunks_exact(kind.groups()));
            for (to, (scale, subs)) in to.zip(from) {
                for (to, sub) in to.iter_mut().zip(subs) {
                    *to = product_log(*scale, numbers(*sub));
                }
            }
        };
        match kind.subs {
            0 => {
                for (to, scale) in self.ratio.iter_mut().zip(scales) {
                    *to = log(*scale);
                }
            }
            1 => by_block(|sub| (sub ^ 0x80) as i8, &mut self.ratio),
            _ => by_block(|sub| sub as i8, &mut self.ratio),
        }
    }

    #[inline(always)]
    fn scales(&mut self, kind: &Kind, fields: &Fields) {
        let scales = &fields.halves[0];
        if kind.subs == 0 {
            for (to, scale) in self.scale.iter_mut().zip(scales) {
                *to = to_single(*scale);
            }
            return;
        }
        let from = scales
            .iter()
            .zip(fields.subs[0].chunks_exact(kind.groups()));
        let to = self.scale.chunks_exact_mut(kind.groups());
        for (to, (scale, subs)) in to.zip(from) {
            let by = to_single(*scale);
            for (to, sub) in to.iter_mut().zip(subs) {
                let sub = if kind.subs == 1 {
                    f32::from((sub ^ 0x80) as i8)
                } else {
                    f32::from(*sub)
                };
                *to = by * sub;
            }
        }
    }

    /// The zeros, by the scales.
    #[inline(always)]
    fn zeros(&mut self, kind: &Kind, fields: &Fields) {
        let minimums = &fields.halves[1];
        if kind.subs == 0 {
            let from = self.scale.iter().zip(minimums);
            for (to, (scale, minimum)) in self.zero.iter_mut().zip(from) {
                *to = twice_zero(-to_single(*minimum), *scale);
            }
            return;
        }
        let from = minimums
            .iter()
            .zip(fields.subs[1].chunks_exact(kind.groups()));
        let scales = self.scale.chunks_exact(kind.groups());
        let to = self.zero.chunks_exact_mut(kind.groups()).zip(scales);
        for ((to, scales), (minimum, subs)) in to.zip(from) {
            let below = to_single(*minimum);
            for ((to, scale), sub) in to.iter_mut().zip(scales).zip(subs) {
                *to = twice_zero(below * f32::from(*sub), *scale);
            }
        }
    }

    /// From logs to ratios: the mean log of the row's groups in this frame, less the group's own.
    /// Groups without a scale count for nothing and get 0.
    fn beside_rows(&mut self, place: &Place, first: usize) {
        let mut rest = self.ratio.as_mut_slice();
        let mut next = match place.row {
            0 => rest.len(),
            row => row - place.column(first),
        };
        while !rest.is_empty() {
            let (row, after) = rest.split_at_mut(next.min(rest.len()));
            let sum: i32 = row.iter().map(|log| i32::from(*log)).sum();
            let number = row.iter().filter(|log| **log > 0).count() as i32;
            let mean = (sum / number.max(1)) as i16;
            for log in row.iter_mut() {
                *log = if *log > 0 { mean - *log } else { 0 };
            }
            rest = after;
            next = place.row;
        }
    }
}

/// Twice a quotient, rounded towards 0 and cut to 0 to 255; 0 for 0 / 0.
#[inline(always)]
fn twice_zero(above: f32, scale: f32) -> i16 {
    // The conversion saturates, and takes what is no number as 0.
    ((above / scale * 2.0) as i32).clamp(0, 255) as i16
}

/// 16 times the log2 of a scale's product with a small number, about; 0 when that is 0.
#[inline(always)]
fn product_log(scale: u16, by: i8) -> i16 {
    let by = i16::from(by).abs();
    if by == 0 || log(scale) == 0 {
        return 0;
    }
    let whole = by.ilog2() as i16;
    // Linear between powers of two, as in a half's bits.
    let part = (by << 4 >> whole) - 16;
    log(scale) + 16 * whole + part
}

/// 512 times how many steps of the quants a mean of 1 is, rounded towards 0 and cut to 15 bits and a
/// sign; 0 for 0 / 0.
#[inline(always)]
fn steps(unit: f32, scale: f32) -> i32 {
    ((unit / scale * 512.0) as i32).clamp(-0x7fff, 0x7fff)
}

/// What is known of the columns of a tensor, each the place of one quant of a row.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// 16 times the log2 of how much larger than others their values are, about.
    pub logs: Vec<i16>,
    /// Their means, in units of a number; or nothing.
    pub means: Vec<i16>,
    /// That number, as a half.
    pub unit: u16,
}

/// Contexts that are written at once.
const WORD: usize = 8;

/// The contexts of a chunk's quants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    pub zero: Axis,
    pub ratio: Axis,
    /// Columns, where they are told.
    pub columns: Columns,
}

impl Grid {
    /// How many contexts there are.
    pub(super) fn contexts(&self) -> usize {
        usize::from(self.zero.number) * usize::from(self.ratio.number)
    }

    /// What it must know of groups.
    pub(super) fn needs(&self) -> Needs {
        let with_columns = !self.columns.logs.is_empty();
        Needs {
            ratio: with_columns || self.ratio.number > 1,
            zero: with_columns || self.zero.number > 1,
            scale: with_columns,
        }
    }

    /// The context of each quant of a frame's groups; none where there is only one.
    #[inline(always)]
    pub(super) fn fill(
        &self,
        kind: &Kind,
        place: &Place,
        first: usize,
        groups: &Groups,
        out: &mut Vec<u8>,
    ) {
        out.clear();
        if self.contexts() == 1 {
            return;
        }
        out.resize(groups.number * kind.group, 0);
        if self.columns.logs.is_empty() && kind.group.is_multiple_of(WORD) {
            return self.fill_words(kind.group / WORD, groups, out.as_chunks_mut().0);
        }
        let mut column = place.column(first);
        for (i, out) in out.chunks_exact_mut(kind.group).enumerate() {
            let [zero, ratio] = [&groups.zero, &groups.ratio];
            let [zero, ratio] = [zero, ratio].map(|values| values.get(i).copied().unwrap_or(0));
            let scale = groups.scale.get(i).copied().unwrap_or(0.0);
            self.fill_group([zero, ratio], scale, column * kind.group, out);
            column += 1;
            if column == place.row {
                column = 0;
            }
        }
    }

    /// The contexts of groups that have so many words of quants each, without columns.
    #[inline(always)]
    fn fill_words(&self, number: usize, groups: &Groups, out: &mut [[u8; WORD]]) {
        let start = |i: usize| match groups.zero.get(i) {
            Some(zero) if self.zero.number > 1 => self.zero.class(*zero) * self.ratio.number,
            _ => self.zero.class(0) * self.ratio.number,
        };
        let ratio = |i: usize| match groups.ratio.get(i) {
            Some(ratio) if self.ratio.number > 1 => self.ratio.class(*ratio),
            _ => 0,
        };
        for (i, words) in out.chunks_exact_mut(number).enumerate() {
            words.fill([start(i) + ratio(i); WORD]);
        }
    }

    /// The contexts of a group's quants, of which the first is in some column.
    #[inline(always)]
    fn fill_group(&self, [zero, ratio]: [i16; 2], scale: f32, column: usize, out: &mut [u8]) {
        let Columns { logs, means, unit } = &self.columns;
        let start = self.zero.class(zero) * self.ratio.number;
        let Some(logs) = logs.get(column..column + out.len()) else {
            out.fill(start + self.ratio.class(ratio));
            return;
        };
        let Some(means) = means.get(column..column + out.len()) else {
            for (to, log) in out.iter_mut().zip(logs) {
                *to = start + self.ratio.class(ratio + log);
            }
            return;
        };
        let steps = steps(to_single(*unit), scale);
        for ((to, log), mean) in out.iter_mut().zip(logs).zip(means) {
            let zero = zero + shifted(*mean, steps);
            *to = self.zero.class(zero) * self.ratio.number + self.ratio.class(ratio + log);
        }
    }

    /// What zeros may be, by some of the quants.
    pub(super) fn zeros(
        &self,
        kind: &Kind,
        place: &Place,
        first: usize,
        groups: &Groups,
    ) -> Vec<i16> {
        let unit = to_single(self.columns.unit);
        let mut zeros = Vec::new();
        for (i, scale) in groups.scale.iter().enumerate() {
            let zero = groups.zero.get(i).copied().unwrap_or(0);
            if self.columns.means.is_empty() {
                zeros.push(zero);
            } else {
                // Each group another of its columns.
                let column = place.column(first + i) * kind.group + i % kind.group;
                zeros.push(zero + shifted(self.columns.means[column], steps(unit, *scale)));
            }
        }
        zeros
    }
}

/// Twice the quants by which a mean moves the zero.
#[inline(always)]
fn shifted(mean: i16, steps: i32) -> i16 {
    ((i32::from(mean) * steps) >> 8).clamp(-0x1fff, 0x1fff) as i16
}
