//! The contexts of quants: where a group's zero lies among them, and how large its values can be
//! beside those of its row and its columns.

use super::groups::{Groups, Needs};
use super::half::to_single;
use super::kind::Kind;
use crate::Error;

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
