//! How far the bits of many numbers reach, found without taking each apart.

use super::number::{Bf16, Double, Half, Number, Single};
use crate::cpu::at_best;

/// What is known of some numbers' bits, as powers of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The lowest that any has.
    pub lowest: i32,
    /// The one above the highest.
    pub end: i32,
    /// The one above the highest of each, on average.
    pub usual: i32,
}

/// What a loop gathers, from the bits of floats that are wide enough to hold all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gathered {
    /// The least of each number's lowest bit, as a number of its own.
    least: u64,
    most: u64,
    /// Of all but zeros: the sum of their stored exponents, and how many there are.
    exponents: u64,
    count: u64,
}

/// A kind of number whose extent can be found.
pub(super) trait Reach: Number {
    /// The extent of some numbers: nothing to tell where all are zeros, none at all where one is an
    /// infinity or no number, or too small for its bits to be told.
    fn extent(numbers: &[u8]) -> Option<Option<Extent>>;
}

macro_rules! reach {
    ($number:ident, $wide:ty, $bits:ty, $mantissa:literal, $bias:literal, $above:expr, $widen:expr) => {
        impl Reach for $number {
            fn extent(numbers: &[u8]) -> Option<Option<Extent>> {
                at_best! {
                    fn gather(numbers: &[u8]) -> Gathered = gather_any
                }

                #[inline(always)]
                fn gather_any(numbers: &[u8]) -> Gathered {
                    let (mut least, mut most) = (<$bits>::MAX, 0);
                    let (mut exponents, mut count) = (0, 0);
                    for number in numbers.as_chunks::<{ $number::WIDTH }>().0 {
                        let bits: $bits = $widen(*number);
                        // Without its lowest bit a number is less by just that. A power of two is
                        // all lowest bit.
                        let rest = <$wide>::from_bits(bits & bits.wrapping_sub(1));
                        let low = (<$wide>::from_bits(bits) - rest).to_bits();
                        let power = bits & ((1 << $mantissa) - 1) == 0;
                        let low = if power { bits } else { low };
                        let low = if bits == 0 { <$bits>::MAX } else { low };
                        least = least.min(low);
                        most = most.max(bits);
                        exponents += bits >> $mantissa;
                        count += <$bits>::from(bits != 0);
                    }
                    Gathered {
                        least: least.into(),
                        most: most.into(),
                        exponents: exponents.into(),
                        count: count.into(),
                    }
                }

                let found = gather(numbers);
                if found.count == 0 {
                    return Some(None);
                }
                let stored = |bits: u64| (bits >> $mantissa) as i32;
                if found.most >= u64::from($above) || stored(found.least) == 0 {
                    return None;
                }
                Some(Some(Extent {
                    lowest: stored(found.least) - $bias,
                    end: stored(found.most) - $bias + 1,
                    usual: (found.exponents / found.count) as i32 - $bias + 1,
                }))
            }
        }
    };
}

reach!(Single, f32, u32, 23, 127, 0xff_u32 << 23, |number| {
    u32::from_le_bytes(number) & 0x7fff_ffff
});
reach!(Bf16, f32, u32, 23, 127, 0xff_u32 << 23, |number| {
    (u32::from(u16::from_le_bytes(number)) & 0x7fff) << 16
});
// A single's exponent has 112 more, which makes halves that are not normal so too. An infinity
// becomes 2^16.
reach!(Half, f32, u32, 23, 127, 143_u32 << 23, |number| {
    let bits = (u32::from(u16::from_le_bytes(number)) & 0x7fff) << 13;
    (f32::from_bits(bits) * f32::from_bits((127 + 112) << 23)).to_bits()
});
reach!(Double, f64, u64, 52, 1023, 0x7ff_u64 << 52, |number| {
    u64::from_le_bytes(number) & (u64::MAX >> 1)
});

#[cfg(test)]
mod tests {
    use super::super::number::{Apart, Word, apart};
    use super::*;

    /// The same from each number taken apart.
    fn plainly<N: Number>(numbers: &[u8]) -> Option<Option<Extent>> {
        let apart = numbers
            .chunks_exact(N::WIDTH)
            .map(|x| apart::<N>(N::load(x)));
        let apart: Vec<Apart<N::Word>> = apart.collect();
        if apart.iter().any(|x| !x.finite) {
            return None;
        }
        let some = apart.iter().filter(|x| x.mantissa != N::Word::default());
        let ends = some.clone().map(|x| x.exponent + x.mantissa.len() as i32);
        let lowest = some.map(|x| x.exponent + x.mantissa.trailing_zeros() as i32);
        let Some(lowest) = lowest.min() else {
            return Some(None);
        };
        let sum: i64 = ends.clone().map(i64::from).sum();
        Some(Some(Extent {
            lowest,
            end: ends.clone().max()?,
            usual: sum.div_euclid(ends.count() as i64) as i32,
        }))
    }

    #[test]
    fn every_half() {
        for bits in 0..=u16::MAX {
            let bytes = bits.to_le_bytes();
            assert_eq!(Half::extent(&bytes), plainly::<Half>(&bytes), "{bits:x}");
            let found = Bf16::extent(&bytes);
            // The smallest are given up.
            if found.is_some() || bits & 0x7fff > 8 << 7 {
                assert_eq!(found, plainly::<Bf16>(&bytes), "{bits:x}");
            }
        }
    }

    #[test]
    fn many_numbers() {
        let numbers = |places: i32| {
            (0..1000).map(move |i| {
                let x = (f64::from(i) * 0.37).sin() * 0.1;
                (x * 2f64.powi(places)).floor() / 2f64.powi(places)
            })
        };
        for places in [4, 9, 23, 40] {
            let double: Vec<u8> = numbers(places).flat_map(f64::to_le_bytes).collect();
            assert_eq!(Double::extent(&double), plainly::<Double>(&double));
            let single = numbers(places).map(|x| x as f32);
            let single: Vec<u8> = single.flat_map(f32::to_le_bytes).collect();
            assert_eq!(Single::extent(&single), plainly::<Single>(&single));
            for len in [0, 4, 8, 1000] {
                let few = &single[..len];
                assert_eq!(Single::extent(few), plainly::<Single>(few));
            }
        }
        for bad in [f32::INFINITY, f32::NAN, -f32::NAN] {
            assert_eq!(Single::extent(&bad.to_le_bytes()), None);
        }
        let zeros = [0.0_f32, -0.0].map(f32::to_le_bytes).concat();
        assert_eq!(Single::extent(&zeros), Some(None));
    }
}
