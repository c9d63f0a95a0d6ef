//! What classes there are, by what values a sample has.

use super::Sample;
use crate::plan::blocks::grid::{Axis, Grid};
use crate::plan::blocks::kind::Kind;
use crate::plan::blocks::place::Place;

/// The most classes of zeros.
const ZEROS: u8 = 16;
/// The most classes of ratios that are tried, a power of two.
const RATIOS: u8 = 16;

impl Sample<'_> {
    /// Classes of one quant each, about the middle of what there is.
    pub(super) fn zero_axis(&self, kind: &Kind, place: &Place, grid: &Grid) -> Axis {
        let zeros = self
            .counted()
            .flat_map(|part| grid.zeros(kind, place, part.groups.start, self.groups(part)));
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

    pub(super) fn ratio_axis(&self, columns: &[i16]) -> Axis {
        let ratios = self.counted().flat_map(|part| self.groups(part).ratio);
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
}

/// Each two neighbouring classes in one.
pub(super) fn half(axis: Axis) -> Axis {
    Axis {
        shift: axis.shift + 1,
        number: axis.number.div_ceil(2),
        ..axis
    }
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
