//! From groups to the contexts of their quants.

use std::cell::RefCell;

use super::{Axis, Columns, Grid};
use crate::cpu::at_best;
use crate::plan::blocks::groups::Run;
use crate::plan::blocks::half::to_single;
use crate::plan::blocks::kind::Kind;
use crate::plan::blocks::place::Place;

/// Contexts that are found at once: a group is one such word or two.
pub(super) const WORD: usize = 16;

/// Words by group.
type Words<'a, const WORDS: usize> = &'a [[[i16; WORD]; WORDS]];

fn words<const WORDS: usize>(numbers: &[i16]) -> Words<'_, WORDS> {
    numbers.as_chunks().0.as_chunks().0
}

impl Columns {
    /// Logs and means by group.
    pub(super) fn words<const WORDS: usize>(&self) -> (Words<'_, WORDS>, Words<'_, WORDS>) {
        (words(&self.logs), words(&self.means))
    }
}

impl Grid {
    /// The context of each quant of some groups, the first of which is the chunk's group `first`; none where there is only
    /// one.
    pub(in super::super) fn fill(
        &self,
        kind: &Kind,
        place: &Place,
        first: usize,
        groups: Run<'_>,
        out: &mut Vec<u8>,
    ) {
        out.clear();
        if self.contexts() == 1 {
            return;
        }
        out.resize(groups.number * kind.group, 0);
        if self.columns.logs.is_empty() {
            CLASSES.with_borrow_mut(|classes| {
                self.classes(groups, classes);
                spread(classes, kind.group, out);
            });
            return;
        }
        match kind.group {
            16 => self.fill_columns::<1>(place, first, groups, out),
            #[cfg(target_arch = "x86_64")]
            _ if crate::cpu::has_v4() => {
                let out = out.as_chunks_mut::<{ 2 * WORD }>().0;
                // SAFETY: the features were just found.
                #[allow(unsafe_code)]
                unsafe {
                    super::widest::fill(self, place, place.column(first), groups, out);
                }
            }
            _ => self.fill_columns::<2>(place, first, groups, out),
        }
    }

    /// Moves quants of 8 bits by what their columns' means are in steps of their groups: to where they would be about zero,
    /// or back.
    pub(in super::super) fn shift(
        &self,
        place: &Place,
        first: usize,
        groups: Run<'_>,
        back: bool,
        quants: &mut [u8],
    ) {
        let mut column = place.column(first);
        let quants = quants.as_chunks_mut::<{ 2 * WORD }>().0;
        #[cfg(target_arch = "x86_64")]
        if crate::cpu::has_v4() {
            // SAFETY: the features were just found.
            #[allow(unsafe_code)]
            return unsafe { super::widest::shift(self, place, column, groups, back, quants) };
        }
        let (_, means) = self.columns.words::<2>();
        let unit = to_single(self.columns.unit);
        for (own, scale) in quants.iter_mut().zip(groups.scale) {
            let steps = steps(unit, *scale);
            for (quant, mean) in own.iter_mut().zip(means[column].as_flattened()) {
                let by = ((shifted(*mean, steps) + 1) >> 1) as u8;
                *quant = match back {
                    false => quant.wrapping_sub(by),
                    true => quant.wrapping_add(by),
                };
            }
            column = place.after(column);
        }
    }

    /// With columns, the contexts of groups of so many words.
    fn fill_columns<const WORDS: usize>(
        &self,
        place: &Place,
        first: usize,
        groups: Run<'_>,
        out: &mut [u8],
    ) {
        let mut column = place.column(first);
        let out = out.as_chunks_mut::<WORD>().0.as_chunks_mut::<WORDS>().0;
        #[cfg(target_arch = "x86_64")]
        if crate::cpu::has_v3() {
            // SAFETY: the features were just found.
            #[allow(unsafe_code)]
            return unsafe { super::wide::fill(self, place, column, groups, out) };
        }
        for (i, out) in out.iter_mut().enumerate() {
            self.fill_group(column, groups, i, out);
            column = place.after(column);
        }
    }

    /// The context of each group, without columns.
    pub(in super::super) fn classes(&self, groups: Run<'_>, out: &mut Vec<u8>) {
        out.clear();
        out.resize(groups.number, 0);
        if self.ratio.number > 1 {
            classes(self.ratio, groups.ratio, 1, out);
        }
        if self.zero.number > 1 {
            classes(self.zero, groups.zero, self.ratio.number, out);
        }
    }

    /// The contexts of one group's quants.
    fn fill_group<const WORDS: usize>(
        &self,
        column: usize,
        groups: Run<'_>,
        i: usize,
        out: &mut [[u8; WORD]; WORDS],
    ) {
        let (logs, means) = self.columns.words::<WORDS>();
        let zero = groups.zero.get(i).copied().unwrap_or(0);
        let steps = match means {
            [] => 0,
            _ => steps(to_single(self.columns.unit), groups.scale[i]),
        };
        for (j, out) in out.iter_mut().enumerate() {
            let mean = means.get(column).map_or([0; WORD], |means| means[j]);
            let log = logs[column][j];
            *out = std::array::from_fn(|k| {
                let start = self.zero.class(zero + shifted(mean[k], steps)) * self.ratio.number;
                start + self.ratio.class(groups.ratio[i] + log[k])
            });
        }
    }
}

thread_local! {
    /// Room for the classes of groups.
    static CLASSES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

at_best! {
    fn classes(axis: Axis, values: &[i16], times: u8, out: &mut [u8]) = classes_any
}

/// Adds so many times the classes of values; a value that is missing is 0.
#[inline(always)]
fn classes_any(axis: Axis, values: &[i16], times: u8, out: &mut [u8]) {
    if values.is_empty() {
        let class = axis.class(0) * times;
        out.iter_mut().for_each(|out| *out += class);
    }
    for (out, value) in out.iter_mut().zip(values) {
        *out += axis.class(*value) * times;
    }
}

at_best! {
    /// Each class as often as a group has quants.
    fn spread(classes: &[u8], group: usize, out: &mut [u8]) = spread_any
}

#[inline(always)]
fn spread_any(classes: &[u8], group: usize, out: &mut [u8]) {
    match group {
        32 => spread_by::<32>(classes, out),
        16 => spread_by::<16>(classes, out),
        _ => {
            for (class, out) in classes.iter().zip(out.chunks_exact_mut(group)) {
                out.fill(*class);
            }
        }
    }
}

#[inline(always)]
fn spread_by<const GROUP: usize>(classes: &[u8], out: &mut [u8]) {
    for (class, out) in classes.iter().zip(out.as_chunks_mut::<GROUP>().0) {
        *out = [*class; GROUP];
    }
}

/// 512 times how many steps of the quants a mean of 1 is, rounded towards 0 and cut to 15 bits and a
/// sign; 0 for 0 / 0.
#[inline(always)]
pub(super) fn steps(unit: f32, scale: f32) -> i16 {
    ((unit / scale * 512.0) as i32).clamp(-0x7fff, 0x7fff) as i16
}

/// Twice the quants by which a mean moves the zero, cut to 13 bits and a sign: the product, less its lowest 8 bits. All is
/// done in 16 bits, of which a vector has most.
#[inline(always)]
pub(super) fn shifted(mean: i16, steps: i16) -> i16 {
    let product = i32::from(mean) * i32::from(steps);
    let (high, low) = ((product >> 16) as i16, product as u16);
    let middle = high << 8 | (low >> 8) as i16;
    match high {
        32.. => 0x1fff,
        ..-32 => -0x1fff,
        _ => middle.max(-0x1fff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;
    use crate::plan::blocks::groups::Groups;

    #[test]
    fn contexts_of_groups_whatever_is_known() {
        let axis = |number| Axis {
            add: 3,
            shift: 1,
            number,
        };
        let values: Vec<i16> = (-5..20).collect();
        let place = Place::new(&Kind::of(Dtype::GgmlQ4_0).unwrap(), 0, 0);
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
                    grid.fill(
                        &kind,
                        &place,
                        0,
                        groups.run(0..groups.number),
                        &mut contexts,
                    );
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

    /// Numbers from least to most, as a seed has them.
    fn numbers(seed: u64, least: i16, most: i16, number: usize) -> Vec<i16> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            least + ((state >> 33) % (most - least + 1) as u64) as i16
        };
        (0..number).map(|_| next()).collect()
    }

    #[test]
    fn contexts_by_columns_are_the_same_on_any_machine() {
        for dtype in [Dtype::GgmlQ5_1, Dtype::GgmlQ6K] {
            let kind = Kind::of(dtype).unwrap();
            let place = Place::new(&kind, 5 * 256, 256);
            for seed in 0..60 {
                let ratio = numbers(seed, -600, 600, 77);
                let groups = Groups {
                    number: ratio.len(),
                    ratio,
                    zero: numbers(seed + 1, 0, 255, if seed % 3 == 0 { 0 } else { 77 }),
                    scale: numbers(seed + 2, -9, 300, 77)
                        .iter()
                        .map(|scale| f32::from(*scale) / 256.0)
                        .collect(),
                };
                let axis = |number: i16| Axis {
                    add: numbers(seed + 3, -3, 4, 1)[0] << (seed % 14),
                    shift: (seed % 11) as u8,
                    number: number as u8,
                };
                let most = super::super::super::numbers::MOST;
                let grid = Grid {
                    zero: axis(5),
                    ratio: axis(12),
                    columns: Columns {
                        logs: numbers(seed + 4, -4 * most, 4 * most, 5 * 256),
                        means: numbers(
                            seed + 5,
                            -most,
                            most,
                            if seed % 2 == 0 { 5 * 256 } else { 0 },
                        ),
                        unit: 0x3c00 - 99 * seed as u16,
                    },
                };
                let fill = || {
                    let mut contexts = Vec::new();
                    grid.fill(
                        &kind,
                        &place,
                        3,
                        groups.run(0..groups.number),
                        &mut contexts,
                    );
                    contexts
                };
                assert_eq!(fill(), crate::cpu::plainly(fill));
                assert_eq!(fill(), crate::cpu::narrowly(fill));
            }
        }
    }

    #[test]
    fn quants_are_moved_and_moved_back_on_any_machine() {
        let kind = Kind::of(Dtype::GgmlQ8_0).unwrap();
        let place = Place::new(&kind, 5 * 32, 32);
        let most = super::super::super::numbers::MOST;
        for seed in 0..60 {
            let groups = Groups {
                number: 77,
                scale: numbers(seed, -9, 300, 77)
                    .iter()
                    .map(|scale| f32::from(*scale) / 256.0)
                    .collect(),
                ..Groups::default()
            };
            let grid = Grid {
                zero: Axis::ONE,
                ratio: Axis::ONE,
                columns: Columns {
                    logs: Vec::new(),
                    means: numbers(seed + 1, -most, most, 5 * 32),
                    unit: 0x3c00 - 99 * seed as u16,
                },
            };
            let quants: Vec<u8> = (0..77 * 32).map(|i| (i * 7) as u8).collect();
            let shift = |back: bool, from: &[u8]| {
                let mut quants = from.to_vec();
                grid.shift(&place, 3, groups.run(0..77), back, &mut quants);
                quants
            };
            let moved = shift(false, &quants);
            assert!(moved == crate::cpu::plainly(|| shift(false, &quants)));
            assert!(shift(true, &moved) == quants);
            assert!(crate::cpu::plainly(|| shift(true, &moved)) == quants);
        }
    }

    #[test]
    fn a_mean_moves_the_zero() {
        for mean in -500..=500 {
            for steps in (-0x7fff..=0x7fff).step_by(61) {
                let expected = (i32::from(mean) * i32::from(steps)) >> 8;
                let expected = expected.clamp(-0x1fff, 0x1fff) as i16;
                assert_eq!(shifted(mean, steps), expected);
            }
        }
    }
}
