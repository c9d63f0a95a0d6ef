//! The contexts of quants: where a group's zero lies among them, and how large its values can be
//! beside those of its row and its columns.

mod fill;
#[cfg(target_arch = "x86_64")]
mod wide;
#[cfg(target_arch = "x86_64")]
mod widest;

use super::groups::{Needs, Run};
use super::half::to_single;
use super::kind::Kind;
use super::place::Place;
use crate::Error;
use fill::{shifted, steps};

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
            scale: with_columns || !self.columns.means.is_empty(),
        }
    }

    /// What zeros may be, by some of the quants.
    pub(super) fn zeros(
        &self,
        kind: &Kind,
        place: &Place,
        first: usize,
        groups: Run<'_>,
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
