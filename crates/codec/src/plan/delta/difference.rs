//! An element against what was expected of it: how far it is, in the order of the numbers, and away
//! from zero.

use crate::cpu::at_best;

/// How differences are taken, and which part of them is kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Bits of an element: 8, 16 or 32.
    pub bits: u32,
    /// How many low bits of a difference are kept apart: 0, 8 or 16, and less than an element has.
    pub low: u32,
    /// Whether differences are rounded to multiples of 2^low, not down.
    pub rounds: bool,
}

impl Form {
    #[inline(always)]
    fn mask(self) -> u32 {
        u32::MAX >> (32 - self.bits)
    }

    #[inline(always)]
    fn top(self) -> u32 {
        1 << (self.bits - 1)
    }

    #[inline(always)]
    fn offset(self) -> u32 {
        if self.rounds { (1 << self.low) >> 1 } else { 0 }
    }

    /// Sign and magnitude to a number that grows with the float.
    #[inline(always)]
    fn order(self, x: u32) -> u32 {
        if x & self.top() == 0 {
            x | self.top()
        } else {
            !x & self.mask()
        }
    }

    #[inline(always)]
    fn unorder(self, x: u32) -> u32 {
        if x & self.top() == 0 {
            !x & self.mask()
        } else {
            x ^ self.top()
        }
    }

    /// The multiple of 2^low, small ones of either sign as small numbers; and the low bits.
    #[inline(always)]
    fn apart(self, x: u32, expected: u32) -> (u32, u32) {
        let d = self.order(x).wrapping_sub(self.order(expected));
        let away = if expected & self.top() == 0 {
            d
        } else {
            d.wrapping_neg()
        };
        let moved = away.wrapping_add(self.offset());
        let signed = ((moved << (32 - self.bits)) as i32) >> (32 - self.bits);
        let multiple = signed >> self.low;
        let folded = (multiple << 1) ^ (multiple >> 31);
        (folded as u32, moved & ((1 << self.low) - 1))
    }

    /// The inverse of [`Form::apart`]; whatever the numbers, an element comes out.
    #[inline(always)]
    fn together(self, folded: u32, low: u32, expected: u32) -> u32 {
        let multiple = (folded >> 1) ^ (folded & 1).wrapping_neg();
        let away = ((multiple << self.low) | low).wrapping_sub(self.offset());
        let d = if expected & self.top() == 0 {
            away
        } else {
            away.wrapping_neg()
        };
        self.unorder(self.order(expected).wrapping_add(d) & self.mask())
    }
}

/// Runs something with a form whose bits and low bits the compiler knows.
macro_rules! with_known {
    ($form:expr, $name:ident => $run:expr) => {
        match ($form.bits, $form.low) {
            (8, _) => {
                let $name = Form {
                    bits: 8,
                    low: 0,
                    ..$form
                };
                $run
            }
            (16, 0) => {
                let $name = Form {
                    bits: 16,
                    low: 0,
                    ..$form
                };
                $run
            }
            (16, _) => {
                let $name = Form {
                    bits: 16,
                    low: 8,
                    ..$form
                };
                $run
            }
            (_, 0) => {
                let $name = Form {
                    bits: 32,
                    low: 0,
                    ..$form
                };
                $run
            }
            (_, 8) => {
                let $name = Form {
                    bits: 32,
                    low: 8,
                    ..$form
                };
                $run
            }
            _ => {
                let $name = Form {
                    bits: 32,
                    low: 16,
                    ..$form
                };
                $run
            }
        }
    };
}

at_best! {
    /// Takes elements apart: `words` become the folded multiples, `lows` gets the low bits.
    pub(super) fn apart(form: Form, expected: &[u32], words: &mut [u32], lows: &mut [u32]) = apart_any
}

#[inline(always)]
fn apart_any(form: Form, expected: &[u32], words: &mut [u32], lows: &mut [u32]) {
    with_known!(form, form => {
        for ((word, expected), low) in words.iter_mut().zip(expected).zip(lows) {
            (*word, *low) = form.apart(*word, *expected);
        }
    });
}

at_best! {
    /// Puts elements together: folded multiples become elements.
    pub(super) fn together(form: Form, expected: &[u32], words: &mut [u32], lows: &[u32]) = together_any
}

#[inline(always)]
fn together_any(form: Form, expected: &[u32], words: &mut [u32], lows: &[u32]) {
    with_known!(form, form => {
        for ((word, expected), low) in words.iter_mut().zip(expected).zip(lows) {
            *word = form.together(*word, *low, *expected);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forms() -> impl Iterator<Item = Form> {
        let pairs = [(8, 0), (16, 0), (16, 8), (32, 0), (32, 8), (32, 16)];
        pairs
            .into_iter()
            .flat_map(|(bits, low)| [false, true].map(|rounds| Form { bits, low, rounds }))
    }

    #[test]
    fn near_is_small() {
        let form = Form {
            bits: 16,
            low: 0,
            rounds: false,
        };
        assert_eq!(form.apart(0x3f80, 0x3f80), (0, 0));
        assert_eq!(form.apart(0x3f81, 0x3f80), (2, 0));
        assert_eq!(form.apart(0xbf81, 0xbf80), (2, 0));
        assert_eq!(form.apart(0xbf7f, 0xbf80), (1, 0));
        assert_eq!(form.apart(0x8000, 0x0000), (1, 0));
        let form = Form {
            bits: 32,
            low: 16,
            rounds: true,
        };
        assert_eq!(form.apart(0x3f80_7fff, 0x3f80_0000), (0, 0xffff));
        assert_eq!(form.apart(0x3f7f_8000, 0x3f80_0000), (0, 0));
    }

    proptest! {
        #[test]
        fn together_undoes_apart(pairs: Vec<(u32, u32)>) {
            for form in forms() {
                let mask = form.mask();
                let expected: Vec<u32> = pairs.iter().map(|pair| pair.0 & mask).collect();
                let elements: Vec<u32> = pairs.iter().map(|pair| pair.1 & mask).collect();
                let (mut words, mut lows) = (elements.clone(), vec![0; pairs.len()]);
                apart(form, &expected, &mut words, &mut lows);
                let (mut plain, mut plain_lows) = (elements.clone(), vec![0; pairs.len()]);
                apart_any(form, &expected, &mut plain, &mut plain_lows);
                prop_assert_eq!((&words, &lows), (&plain, &plain_lows));
                prop_assert!(words.iter().all(|z| u64::from(*z) < 1 << (form.bits - form.low)));
                together(form, &expected, &mut words, &lows);
                prop_assert_eq!(words, elements);
            }
        }
    }
}
