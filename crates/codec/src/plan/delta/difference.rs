//! An element against what was expected of it: how far it is, in the order of the numbers, and away
//! from zero.
//!
//! Elements are bytes here, and so are *numbers*, the folded differences, of [`number_width`] bytes each.

use crate::cpu::at_widest;

/// How differences are taken, and which part of them is kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Bits of an element: 8, 16 or 32.
    pub bits: u32,
    /// How many low bits of a difference are kept apart: 0, 8 or 16, and less than an element has.
    pub low: u32,
    /// Whether differences are rounded to multiples of 2^low, not down.
    pub rounds: bool,
    /// Where elements are not subtracted, since the base is only like them: the most that a magnitude's
    /// bits above the low ones are. What an element is below that and whether its sign is another than the
    /// base's make its number.
    pub top: Option<u32>,
}

impl Form {
    fn offset(self) -> u32 {
        if self.rounds { (1 << self.low) >> 1 } else { 0 }
    }
}

/// The bytes of a number whose element has so many.
pub(super) const fn number_width(unit: usize) -> usize {
    if unit == 4 { 4 } else { 2 }
}

/// Differences of elements of one width.
macro_rules! width {
    ($module:ident, $word:ty, $signed:ty, $number:ty) => {
        mod $module {
            const UNIT: usize = size_of::<$word>();
            const NUMBER: usize = size_of::<$number>();
            const TOP: $word = 1 << (<$word>::BITS - 1);

            /// An element whose sign is not the expected one's is counted on from zero; the sum with a
            /// difference is turned the same way.
            #[inline(always)]
            fn turned(x: $word, expected: $word) -> $word {
                let other = (x ^ expected) & TOP != 0;
                if other { x ^ (TOP - 1) } else { x }
            }

            /// The multiple of 2^LOW, small ones of either sign as small numbers; and the low bits.
            #[inline(always)]
            pub(super) fn apart_one<const LOW: u32>(
                x: $word,
                expected: $word,
                offset: $word,
            ) -> ($word, $word) {
                let away = turned(x, expected).wrapping_sub(expected);
                let moved = away.wrapping_add(offset);
                let multiple = (moved as $signed) >> LOW;
                let folded = (multiple << 1) ^ (multiple >> (<$word>::BITS - 1));
                (folded as $word, moved & ((1 << LOW) - 1))
            }

            /// The inverse; whatever the numbers, an element comes out.
            #[inline(always)]
            pub(super) fn together_one<const LOW: u32>(
                folded: $word,
                low: $word,
                expected: $word,
                offset: $word,
            ) -> $word {
                let multiple = (folded >> 1) ^ (folded & 1).wrapping_neg();
                let away = ((multiple << LOW) | low).wrapping_sub(offset);
                turned(expected.wrapping_add(away), expected)
            }

            /// How far a magnitude's upper bits are below `top`, and whether the sign is not the expected
            /// one; and the low bits.
            #[inline(always)]
            pub(super) fn below<const LOW: u32>(
                x: $word,
                expected: $word,
                top: $word,
            ) -> ($word, $word) {
                let magnitude = x & (TOP - 1);
                let other = (x ^ expected) >> (<$word>::BITS - 1);
                let below = top.wrapping_sub(magnitude >> LOW);
                (below << 1 | other, magnitude & ((1 << LOW) - 1))
            }

            /// The inverse; whatever the numbers, an element comes out.
            #[inline(always)]
            pub(super) fn above<const LOW: u32>(
                number: $word,
                low: $word,
                expected: $word,
                top: $word,
            ) -> $word {
                let upper = top.wrapping_sub(number >> 1);
                let sign = (expected & TOP) ^ (number << (<$word>::BITS - 1));
                sign | (upper << LOW | low) & (TOP - 1)
            }

            #[inline(always)]
            pub(super) fn apart<const LOW: u32, const TOLD: bool>(
                by: u32,
                raw: &[u8],
                expected: &[u8],
                numbers: &mut [u8],
                lows: &mut [u16],
            ) {
                let both = raw.as_chunks().0.iter().zip(expected.as_chunks().0);
                let outs = numbers.as_chunks_mut::<NUMBER>().0.iter_mut().zip(lows);
                for ((x, expected), (number, to)) in both.zip(outs) {
                    let (x, expected) = (
                        <$word>::from_le_bytes(*x),
                        <$word>::from_le_bytes(*expected),
                    );
                    let (folded, low) = match TOLD {
                        true => below::<LOW>(x, expected, by as $word),
                        false => apart_one::<LOW>(x, expected, by as $word),
                    };
                    *number = <$number>::from(folded).to_le_bytes();
                    if LOW > 0 {
                        *to = low as u16;
                    }
                }
            }

            #[inline(always)]
            pub(super) fn together<const LOW: u32, const TOLD: bool>(
                by: u32,
                expected: &[u8],
                numbers: &[u8],
                lows: &[u16],
                out: &mut [u8],
            ) {
                let both = expected
                    .as_chunks::<UNIT>()
                    .0
                    .iter()
                    .zip(numbers.as_chunks().0);
                let outs = out.as_chunks_mut().0.iter_mut().zip(lows);
                for ((expected, number), (to, low)) in both.zip(outs) {
                    let folded = <$number>::from_le_bytes(*number) as $word;
                    let low = if LOW > 0 { *low as $word } else { 0 };
                    let expected = <$word>::from_le_bytes(*expected);
                    let x = match TOLD {
                        true => above::<LOW>(folded, low, expected, by as $word),
                        false => together_one::<LOW>(folded, low, expected, by as $word),
                    };
                    *to = x.to_le_bytes();
                }
            }
        }
    };
}

width!(bytes, u8, i8, u16);
width!(halves, u16, i16, u16);
width!(singles, u32, i32, u32);

/// Calls the function of a form's width and low bits.
macro_rules! of_form {
    ($form:expr, $name:ident, $($arg:expr),*) => {
        match $form.top {
            Some(top) => of_width!($form, $name, true, top, $($arg),*),
            None => of_width!($form, $name, false, $form.offset(), $($arg),*),
        }
    };
}

macro_rules! of_width {
    ($form:expr, $name:ident, $told:literal, $by:expr, $($arg:expr),*) => {
        match ($form.bits, $form.low) {
            (8, _) => bytes::$name::<0, $told>($by, $($arg),*),
            (16, 0) => halves::$name::<0, $told>($by, $($arg),*),
            (16, _) => halves::$name::<8, $told>($by, $($arg),*),
            (_, 0) => singles::$name::<0, $told>($by, $($arg),*),
            (_, 8) => singles::$name::<8, $told>($by, $($arg),*),
            _ => singles::$name::<16, $told>($by, $($arg),*),
        }
    };
}

at_widest! {
    /// The largest magnitude of elements.
    pub(super) fn largest(bits: u32, raw: &[u8]) -> u32 = largest_any
}

#[inline(always)]
fn largest_any(bits: u32, raw: &[u8]) -> u32 {
    match bits {
        8 => most::<1>(raw, |[byte]| u32::from(byte & 0x7f)),
        16 => most::<2>(raw, |half| u32::from(u16::from_le_bytes(half) & 0x7fff)),
        _ => most::<4>(raw, |single| u32::from_le_bytes(single) & 0x7fff_ffff),
    }
}

#[inline(always)]
fn most<const W: usize>(raw: &[u8], magnitude: impl Fn([u8; W]) -> u32) -> u32 {
    let all = raw.as_chunks().0.iter();
    all.fold(0, |most, element| most.max(magnitude(*element)))
}

at_widest! {
    /// The numbers of elements, and their low bits where those are kept apart; `lows` are at least as many.
    pub(super) fn apart(form: Form, raw: &[u8], expected: &[u8], numbers: &mut [u8], lows: &mut [u16]) = apart_any
}

#[inline(always)]
fn apart_any(form: Form, raw: &[u8], expected: &[u8], numbers: &mut [u8], lows: &mut [u16]) {
    of_form!(form, apart, raw, expected, numbers, lows);
}

at_widest! {
    /// The elements of numbers and low bits.
    pub(super) fn together(form: Form, expected: &[u8], numbers: &[u8], lows: &[u16], out: &mut [u8]) = together_any
}

#[inline(always)]
fn together_any(form: Form, expected: &[u8], numbers: &[u8], lows: &[u16], out: &mut [u8]) {
    of_form!(form, together, expected, numbers, lows, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forms() -> impl Iterator<Item = Form> {
        let pairs = [(8, 0), (16, 0), (16, 8), (32, 0), (32, 8), (32, 16)];
        pairs.into_iter().flat_map(|(bits, low)| {
            let top = (1 << (bits - low - 1)) - 1;
            let ways = [(false, None), (true, None), (false, Some(top))];
            ways.map(|(rounds, top)| Form {
                bits,
                low,
                rounds,
                top,
            })
        })
    }

    #[test]
    fn near_is_small() {
        let half = |x, expected| halves::apart_one::<0>(x, expected, 0);
        assert_eq!(half(0x3f80, 0x3f80), (0, 0));
        assert_eq!(half(0x3f81, 0x3f80), (2, 0));
        assert_eq!(half(0xbf81, 0xbf80), (2, 0));
        assert_eq!(half(0xbf7f, 0xbf80), (1, 0));
        assert_eq!(half(0x8000, 0x0000), (1, 0));
        assert_eq!(half(0x0000, 0x8000), (1, 0));
        assert_eq!(half(0x8001, 0x0001), (5, 0));
        // How far below, and whether the sign is another.
        assert_eq!(halves::below::<0>(0x3f80, 0x0001, 0x3f82), (4, 0));
        assert_eq!(halves::below::<0>(0xbf81, 0x0001, 0x3f82), (3, 0));
        let single = |x, expected| singles::apart_one::<16>(x, expected, 0x8000);
        assert_eq!(single(0x3f80_7fff, 0x3f80_0000), (0, 0xffff));
        assert_eq!(single(0x3f7f_8000, 0x3f80_0000), (0, 0));
    }

    #[test]
    fn the_largest_magnitude() {
        let raw = [0x3f80u16, 0xbf81, 0x8000].map(u16::to_le_bytes);
        assert_eq!(largest(16, raw.as_flattened()), 0x3f81);
        assert_eq!(largest(32, &(-1f32).to_le_bytes()), 0x3f80_0000);
        assert_eq!(largest(8, &[0x85, 0x04]), 5);
    }

    /// The definition, as the format has it.
    fn in_order(x: u16, expected: u16) -> u16 {
        let order = |x: u16| if x >> 15 == 0 { x | 0x8000 } else { !x };
        let difference = order(x).wrapping_sub(order(expected));
        let away = if expected >> 15 == 0 {
            difference
        } else {
            difference.wrapping_neg()
        };
        let signed = away as i16;
        ((signed << 1) ^ (signed >> 15)) as u16
    }

    proptest! {
        #[test]
        fn differences_are_those_of_the_order(x: u16, expected: u16) {
            prop_assert_eq!(halves::apart_one::<0>(x, expected, 0).0, in_order(x, expected));
        }

        #[test]
        fn together_undoes_apart(
            bytes in prop::collection::vec(any::<[u8; 4]>(), 0..300),
            other in prop::collection::vec(any::<[u8; 4]>(), 300),
            near: bool,
        ) {
            let raw = bytes.as_flattened();
            let mut expected = other.as_flattened()[..raw.len()].to_vec();
            if near {
                expected.copy_from_slice(raw);
                expected.iter_mut().step_by(5).for_each(|byte| *byte ^= 0x81);
            }
            for form in forms() {
                let unit = form.bits as usize / 8;
                let mut numbers = vec![0; raw.len() / unit * number_width(unit)];
                let mut lows = vec![0; raw.len() / unit];
                apart(form, raw, &expected, &mut numbers, &mut lows);
                let (mut plain, mut plain_lows) = (vec![0; numbers.len()], vec![0; lows.len()]);
                apart_any(form, raw, &expected, &mut plain, &mut plain_lows);
                prop_assert_eq!((&numbers, &lows), (&plain, &plain_lows));
                let (mut back, mut plain_back) = (vec![0; raw.len()], vec![0; raw.len()]);
                together(form, &expected, &numbers, &lows, &mut back);
                together_any(form, &expected, &numbers, &lows, &mut plain_back);
                prop_assert_eq!(&back, raw);
                prop_assert_eq!(&plain_back, raw);
            }
        }
    }
}
