//! Scales and minimums, as what they were made from: models are trained in bfloat16, so that the
//! largest or the least value of a block has fewer bits than the scale that was computed from it.

use super::half::{from_brain, from_single, to_brain, to_single};
use crate::Error;

/// What the halves of a chunk's blocks are computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Mode {
    /// They are what they are.
    Plain,
    /// The scale is a bfloat16.
    Brain,
    /// The scale is a bfloat16 divided by a number.
    Most(u8),
    /// Minimum and maximum are bfloat16; the scale is their distance divided by a number.
    Range(u8),
}

impl Mode {
    pub(in crate::plan) fn code(self) -> [u8; 2] {
        match self {
            Mode::Plain => [0, 0],
            Mode::Brain => [1, 0],
            Mode::Most(by) => [2, by],
            Mode::Range(by) => [3, by],
        }
    }

    pub(in crate::plan) fn from_code(code: [u8; 2], halves: usize) -> Result<Mode, Error> {
        match code {
            [0, 0] => Ok(Mode::Plain),
            [1, 0] => Ok(Mode::Brain),
            [2, by] if by > 0 => Ok(Mode::Most(by)),
            [3, by] if by > 0 && halves == 2 => Ok(Mode::Range(by)),
            _ => Err(Error::Malformed("scales")),
        }
    }

    /// The halves' origins in their place.
    #[inline(always)]
    pub(in crate::plan) fn forward(self, halves: &mut [Vec<u16>; 2]) {
        let [scales, minimums] = halves;
        match self {
            Mode::Plain => {}
            Mode::Brain => scales.iter_mut().for_each(|s| *s = to_brain(to_single(*s))),
            Mode::Most(by) => {
                let by = f32::from(by);
                scales
                    .iter_mut()
                    .for_each(|s| *s = to_brain(to_single(*s) * by));
            }
            Mode::Range(by) => {
                let by = f32::from(by);
                for (scale, minimum) in scales.iter_mut().zip(minimums) {
                    let least = to_single(*minimum);
                    let most = to_single(*scale) * by + least;
                    (*scale, *minimum) = (to_brain(most), to_brain(least));
                }
            }
        }
    }

    /// Undoes [`Mode::forward`], if the halves were made that way.
    #[inline(always)]
    pub(in crate::plan) fn inverse(self, halves: &mut [Vec<u16>; 2]) {
        let [scales, minimums] = halves;
        match self {
            Mode::Plain => {}
            Mode::Brain => scales
                .iter_mut()
                .for_each(|s| *s = from_single(from_brain(*s))),
            Mode::Most(by) => {
                let by = f32::from(by);
                scales
                    .iter_mut()
                    .for_each(|s| *s = from_single(from_brain(*s) / by));
            }
            Mode::Range(by) => {
                let by = f32::from(by);
                for (scale, minimum) in scales.iter_mut().zip(minimums) {
                    let (most, least) = (from_brain(*scale), from_brain(*minimum));
                    *scale = from_single((most - least) / by);
                    *minimum = from_single(least);
                }
            }
        }
    }
}
