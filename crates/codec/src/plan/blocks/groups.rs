//! What is known of groups before their quants: their scales, beside those of their row, and their zeros.

use std::ops::Range;

use super::half::{log, to_single};
use super::kind::{Fields, Kind};
use super::place::Place;
use crate::cpu::at_best;

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

/// What is known of some of a frame's groups, one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub number: usize,
    pub ratio: &'a [i16],
    pub zero: &'a [i16],
    pub scale: &'a [f32],
}

/// What of groups is needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    pub ratio: bool,
    pub zero: bool,
    pub scale: bool,
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
    /// Puts the next frame's groups behind these.
    pub(super) fn append(&mut self, next: &Groups) {
        self.number += next.number;
        self.ratio.extend_from_slice(&next.ratio);
        self.zero.extend_from_slice(&next.zero);
        self.scale.extend_from_slice(&next.scale);
    }

    /// Some of the groups.
    pub(super) fn run(&self, groups: Range<usize>) -> Run<'_> {
        Run {
            number: groups.len(),
            ratio: self.ratio.get(groups.clone()).unwrap_or_default(),
            zero: self.zero.get(groups.clone()).unwrap_or_default(),
            scale: self.scale.get(groups).unwrap_or_default(),
        }
    }

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
        let (subs, to) = (&fields.subs[0], &mut self.ratio);
        match kind.subs {
            0 => {
                for (to, scale) in to.iter_mut().zip(scales) {
                    *to = log(*scale);
                }
            }
            1 => product_logs::<16>(scales, subs, |sub| (sub ^ 0x80) as i8, to),
            _ => product_logs::<8>(scales, subs, |sub| sub as i8, to),
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
        let mut next = match place.row() {
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
            next = place.row();
        }
    }
}

/// Twice a quotient, rounded towards 0 and cut to 0 to 255; 0 for 0 / 0.
#[inline(always)]
fn twice_zero(above: f32, scale: f32) -> i16 {
    // The conversion saturates, and takes what is no number as 0.
    ((above / scale * 2.0) as i32).clamp(0, 255) as i16
}

/// The logs of the products of blocks' scales with numbers of their groups.
#[inline(always)]
fn product_logs<const GROUPS: usize>(
    scales: &[u16],
    subs: &[u8],
    number: impl Fn(u8) -> i8,
    to: &mut [i16],
) {
    let from = scales.iter().zip(subs.as_chunks::<GROUPS>().0);
    for (to, (scale, subs)) in to.as_chunks_mut::<GROUPS>().0.iter_mut().zip(from) {
        for (to, sub) in to.iter_mut().zip(subs) {
            *to = product_log(*scale, number(*sub));
        }
    }
}

/// 16 times the log2 of a scale's product with a small number, about; 0 when that is 0.
#[inline(always)]
fn product_log(scale: u16, by: i8) -> i16 {
    let magnitude = i32::from(by).abs() as f32;
    // Linear between powers of two, as in a half's bits: the exponent and 4 bits of the fraction.
    let by_log = (magnitude.to_bits() >> 19) as i16 - (127 << 4);
    if by == 0 || log(scale) == 0 {
        return 0;
    }
    log(scale) + by_log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_products() {
        for by in i8::MIN..=i8::MAX {
            let magnitude = i16::from(by).abs();
            let expected = magnitude.checked_ilog2().map_or(0, |whole| {
                15 * 16 + 16 * whole as i16 + ((magnitude * 16) >> whole) - 16
            });
            assert_eq!(product_log(0x3c00, by), expected);
            assert_eq!(product_log(0xbc00, by), expected);
            assert_eq!(product_log(0x003f, by), 0);
        }
    }
}
