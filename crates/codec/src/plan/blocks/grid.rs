//! The contexts of quants: where a group's zero lies among them, and how large its values can be
//! beside those of its row and its columns.

use super::half::{log, to_single};
use super::kind::{Fields, Kind};
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

/// What is known of a frame's groups before their quants.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// 16 times the log2 of their row's scales over theirs, about.
    pub ratio: Vec<i16>,
    /// Twice the quant that stands for zero.
    pub zero: Vec<i16>,
}

impl Groups {
    /// Finds out about the groups of a frame, the first of which is the chunk's group `first`.
    pub(super) fn find(&mut self, kind: &Kind, place: &Place, first: usize, fields: &Fields) {
        self.ratio.clear();
        self.zero.clear();
        match (kind.subs, kind.halves) {
            (0, 1) => self.ratio.extend(fields.halves[0].iter().map(|s| log(*s))),
            (0, _) => self.with_minimums(fields),
            (1, _) => self.with_scales(kind, fields),
            _ => self.with_both(kind, fields),
        }
        self.beside_rows(place, first);
    }

    fn with_minimums(&mut self, fields: &Fields) {
        let [scales, minimums] = &fields.halves;
        self.ratio.extend(scales.iter().map(|s| log(*s)));
        let zeros = scales.iter().zip(minimums);
        let zeros = zeros.map(|(s, m)| twice_zero(-to_single(*m), to_single(*s)));
        self.zero.extend(zeros);
    }

    fn with_scales(&mut self, kind: &Kind, fields: &Fields) {
        let subs = fields.subs[0].chunks(kind.groups());
        for (scale, subs) in fields.halves[0].iter().zip(subs) {
            let logs = subs
                .iter()
                .map(|sub| product_log(*scale, (sub ^ 0x80) as i8));
            self.ratio.extend(logs);
        }
    }

    fn with_both(&mut self, kind: &Kind, fields: &Fields) {
        let [scales, minimums] = &fields.halves;
        let subs = fields.subs[0].chunks(kind.groups());
        let sub_minimums = fields.subs[1].chunks(kind.groups());
        let blocks = scales.iter().zip(minimums).zip(subs.zip(sub_minimums));
        for ((&scale, &minimum), (subs, sub_minimums)) in blocks {
            let (by, below) = (to_single(scale), to_single(minimum));
            for (&sub, &sub_minimum) in subs.iter().zip(sub_minimums) {
                self.ratio.push(product_log(scale, sub as i8));
                let least = below * f32::from(sub_minimum);
                self.zero.push(twice_zero(least, by * f32::from(sub)));
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

/// The contexts of a chunk's quants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grid {
    pub zero: Axis,
    pub ratio: Axis,
    /// For each column of the tensor, 16 times the log2 of how much larger than others it is, about; or
    /// nothing.
    pub columns: Vec<i16>,
}

impl Grid {
    /// How many contexts there are.
    pub(super) fn contexts(&self) -> usize {
        usize::from(self.zero.number) * usize::from(self.ratio.number)
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
        out.resize(groups.ratio.len() * kind.group, 0);
        let mut column = place.column(first);
        for (i, out) in out.chunks_exact_mut(kind.group).enumerate() {
            let zero = groups.zero.get(i).copied().unwrap_or(0);
            let start = self.zero.class(zero) * self.ratio.number;
            let columns = self.columns.get(column * kind.group..).unwrap_or_default();
            if columns.is_empty() {
                out.fill(start + self.ratio.class(groups.ratio[i]));
            } else {
                for (to, more) in out.iter_mut().zip(columns) {
                    *to = start + self.ratio.class(groups.ratio[i] + more);
                }
            }
            column += 1;
            if column == place.row {
                column = 0;
            }
        }
    }
}
