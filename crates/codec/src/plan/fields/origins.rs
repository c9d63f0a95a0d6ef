//! What halves were made from.

#[cfg(target_arch = "x86_64")]
mod wide;

#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::cpu::at_widest;
use crate::plan::blocks::Mode;

/// What halves were made from, if they were made so.
pub(super) fn make(mode: Mode, halves: &mut [Vec<u16>; 2]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::make(machine, mode, halves);
    }
    make_plain(mode, halves);
}

/// The halves that are made from what there is.
pub(super) fn undo(mode: Mode, halves: &mut [Vec<u16>; 2]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::undo(machine, mode, halves);
    }
    undo_plain(mode, halves);
}

at_widest! {
    fn make_plain(mode: Mode, halves: &mut [Vec<u16>; 2]) = Mode::forward
}

at_widest! {
    fn undo_plain(mode: Mode, halves: &mut [Vec<u16>; 2]) = Mode::inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_makes_the_same() {
        // All halves and all upper halves of singles, beside many others.
        let all: Vec<u16> = (0..=u16::MAX).chain(0..7).collect();
        let others = |factor: u16| all.iter().map(move |half| half.wrapping_mul(factor));
        let modes = [Mode::Plain, Mode::Brain, Mode::Most(127), Mode::Range(15)];
        for mode in modes.into_iter().chain([Mode::Range(0)]) {
            for factor in [1, 3, 40_503] {
                for way in [make, undo] {
                    let own = [all.clone(), others(factor).collect()];
                    let (mut better, mut plain) = (own.clone(), own);
                    way(mode, &mut better);
                    crate::cpu::narrowly(|| way(mode, &mut plain));
                    assert!(better == plain, "{mode:?} {factor}");
                }
            }
        }
    }
}
