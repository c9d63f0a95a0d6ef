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
        match number {
            1 => self.fill_runs::<1>(groups, out),
            2 => self.fill_runs::<2>(groups, out),
            _ => {
                for (i, words) in out.chunks_exact_mut(number).enumerate() {
                    words.fill([self.class(groups, i); WORD]);
                }
            }
        }
    }

    /// The same where the number is known, so that a context is found without a look at what there is.
    #[inline(always)]
    fn fill_runs<const WORDS: usize>(&self, groups: &Groups, out: &mut [[u8; WORD]]) {
        let runs = out.as_chunks_mut::<WORDS>().0;
        if self.zero.number == 1 {
            let start = self.zero.class(0) * self.ratio.number;
            for (to, ratio) in runs.iter_mut().zip(&groups.ratio) {
                *to = [[start + self.ratio.class(*ratio); WORD]; WORDS];
            }
        } else if self.ratio.number == 1 && !groups.zero.is_empty() {
            for (to, zero) in runs.iter_mut().zip(&groups.zero) {
                *to = [[self.zero.class(*zero); WORD]; WORDS];
            }
        } else {
            for (i, to) in runs.iter_mut().enumerate() {
                *to = [[self.class(groups, i); WORD]; WORDS];
            }
        }
    }

    /// The context of a group, without columns.
    #[inline(always)]
    fn class(&self, groups: &Groups, i: usize) -> u8 {
        let start = match groups.zero.get(i) {
            Some(zero) if self.zero.number > 1 => self.zero.class(*zero),
            _ => self.zero.class(0),
        };
        let ratio = match groups.ratio.get(i) {
            Some(ratio) if self.ratio.number > 1 => self.ratio.class(*ratio),
            _ => 0,
        };
        start * self.ratio.number + ratio
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;

    #[test]
    fn contexts_of_groups_whatever_is_known() {
        let axis = |number| Axis {
            add: 3,
            shift: 1,
            number,
        };
        let values: Vec<i16> = (-5..20).collect();
        let place = Place { row: 0, phase: 0 };
        for dtype in [Dtype::GgmlQ5_0, Dtype::GgmlQ6K, Dtype::GgmlQ8_0] {
            let kind = Kind::of(dtype).unwrap();
            for kind in [kind, kind.upper()] {
                for (zero, ratio, has_zeros) in
                    [(1, 4, false), (4, 1, true), (4, 1, false), (3, 5, true)]
                {
                    let groups = Groups {
                        number: values.len(),
                        ratio: values.clone(),
                        zero: if has_zeros {
                            values.clone()
                        } else {
                            Vec::new()
                        },
                        scale: Vec::new(),
                    };
                    let grid = Grid {
                        zero: axis(zero),
                        ratio: axis(ratio),
                        columns: Columns::default(),
                    };
                    let mut contexts = vec![77; 5];
                    grid.fill(&kind, &place, 0, &groups, &mut contexts);
                    assert_eq!(contexts.len(), values.len() * kind.group);
                    for (i, own) in contexts.chunks(kind.group).enumerate() {
                        let zero = if has_zeros { values[i] } else { 0 };
                        let class = |value: i16, number: u8| {
                            ((value + 3) >> 1).clamp(0, i16::from(number) - 1) as u8
                        };
                        let ratio = class(values[i], grid.ratio.number);
                        let expected = class(zero, grid.zero.number) * grid.ratio.number + ratio;
                        assert!(own.iter().all(|context| *context == expected));
                    }
                }
            }
        }
    }
}
