//! Floats as sign and magnitude times a power of two.

use std::ops::{BitAnd, BitOr, Shl, Shr};

/// An integer that holds a float's bits, or a magnitude.
pub(super) trait Word:
    Copy
    + Default
    + PartialEq
    + From<u8>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    const BITS: u32;
    fn low_byte(self) -> u8;
    fn low_half(self) -> u32;
    fn mask(bits: u32) -> Self;
    #[cfg(test)]
    fn len(self) -> u32;
    #[cfg(test)]
    fn trailing_zeros(self) -> u32;
}

macro_rules! word {
    ($word:ty) => {
        impl Word for $word {
            const BITS: u32 = <$word>::BITS;
            #[inline(always)]
            fn low_byte(self) -> u8 {
                self as u8
            }
            #[inline(always)]
            fn low_half(self) -> u32 {
                self as u32
            }
            #[inline(always)]
            fn mask(bits: u32) -> Self {
                (1 << bits) - 1
            }
            #[cfg(test)]
            fn len(self) -> u32 {
                <$word>::BITS - self.leading_zeros()
            }
            #[cfg(test)]
            fn trailing_zeros(self) -> u32 {
                self.trailing_zeros()
            }
        }
    };
}
word!(u32);
word!(u64);

/// A kind of float: the sign is its highest bit, then come exponent and mantissa.
pub(super) trait Number {
    /// Bytes.
    const WIDTH: usize;
    /// Stored bits of mantissa.
    const MANTISSA: u32;
    /// What the stored exponent of 1 is.
    const BIAS: i32;
    /// What holds its bits.
    type Word: Word;

    /// The bits of the number that these are, of [`Number::WIDTH`] bytes.
    fn load(bytes: &[u8]) -> Self::Word;

    /// Stores `magnitude` times 2^-`places`, of at most [`PLACES`] either way; the magnitude has at
    /// most [`max_bits`]. Where the format has no such number another one is stored.
    fn store(negative: bool, magnitude: Self::Word, places: i32, bytes: &mut [u8]);
}

/// The most places, before or behind the point.
pub(super) const PLACES: i32 = 64;

/// The most bits of a magnitude: as many as are sure to be exact on their way to a float and back.
pub(super) fn max_bits<N: Number>() -> u32 {
    N::Word::BITS - 2
}

/// A float taken apart, without its sign: `mantissa` times 2^`exponent`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Apart<W> {
    pub mantissa: W,
    pub exponent: i32,
    #[cfg(test)]
    /// Whether it is neither an infinity nor no number.
    pub finite: bool,
}

/// Whether the sign bit is set.
#[inline(always)]
pub(super) fn is_negative<N: Number>(bits: N::Word) -> bool {
    bits >> (8 * N::WIDTH as u32 - 1) != N::Word::default()
}

/// Takes a float apart.
#[inline(always)]
pub(super) fn apart<N: Number>(bits: N::Word) -> Apart<N::Word> {
    let exponent_bits = 8 * N::WIDTH as u32 - 1 - N::MANTISSA;
    let exponent = (bits >> N::MANTISSA & N::Word::mask(exponent_bits)).low_half();
    let hidden = N::Word::from(u8::from(exponent != 0)) << N::MANTISSA;
    Apart {
        mantissa: bits & N::Word::mask(N::MANTISSA) | hidden,
        exponent: exponent.max(1) as i32 - N::BIAS - N::MANTISSA as i32,
        #[cfg(test)]
        finite: exponent != (1 << exponent_bits) - 1,
    }
}

/// The magnitude of a float in units of 2^-`places`, where it is a whole number that fits.
#[inline(always)]
pub(super) fn magnitude<N: Number>(bits: N::Word, places: i32) -> N::Word {
    let Apart {
        mantissa, exponent, ..
    } = apart::<N>(bits);
    let up = exponent + places;
    let most = N::Word::BITS - 1;
    let left = up.max(0) as u32;
    let right = (-up).max(0) as u32;
    // Only a zero is moved by more bits than there are.
    mantissa << left.min(most) >> right.min(most)
}

/// Single floats.
pub(super) struct Single;
/// Double floats.
pub(super) struct Double;
/// Half floats.
pub(super) struct Half;
/// The upper halves of single floats.
pub(super) struct Bf16;

/// What all kinds of number do in the same way, each with its own bits, stored as a `$stored`.
macro_rules! number {
    ($number:ident, $stored:ty, $word:ty, $mantissa:literal, $bias:literal, $bits:path) => {
        impl Number for $number {
            const WIDTH: usize = size_of::<$stored>();
            const MANTISSA: u32 = $mantissa;
            const BIAS: i32 = $bias;
            type Word = $word;

            #[inline(always)]
            fn load(bytes: &[u8]) -> $word {
                bytes.try_into().map_or(0, <$stored>::from_le_bytes).into()
            }

            #[inline(always)]
            fn store(negative: bool, magnitude: $word, places: i32, bytes: &mut [u8]) {
                let bits = $bits(negative, magnitude, places) as $stored;
                bytes.copy_from_slice(&bits.to_le_bytes());
            }
        }
    };
}
number!(Single, u32, u32, 23, 127, single);
number!(Bf16, u16, u32, 7, 127, bf16);
number!(Half, u16, u32, 10, 15, half);
number!(Double, u64, u64, 52, 1023, double);

/// The bits of a bf16.
#[inline(always)]
fn bf16(negative: bool, magnitude: u32, places: i32) -> u32 {
    single(negative, magnitude, places) >> 16
}

/// The bits of a half.
#[inline(always)]
fn half(negative: bool, magnitude: u32, places: i32) -> u32 {
    let bits = single(false, magnitude, places);
    // A half's exponent is 112 less. Below that a half counts multiples of 2^-24.
    let normal = (bits >> 13).wrapping_sub(112 << 10);
    let tiny = (f32::from_bits(bits) * 2f32.powi(24)) as u32;
    let half = if bits < 113 << 23 { tiny } else { normal };
    half & 0x7fff | u32::from(negative) << 15
}

/// The bits of a double.
#[inline(always)]
fn double(negative: bool, magnitude: u64, places: i32) -> u64 {
    let scale = f64::from_bits(((Double::BIAS - places) as u64) << Double::MANTISSA);
    (magnitude as i64 as f64 * scale).to_bits() | u64::from(negative) << 63
}

/// The bits of a single. Powers of two make the product exact where a single can be that.
#[inline(always)]
fn single(negative: bool, magnitude: u32, places: i32) -> u32 {
    let scale = f32::from_bits(((Single::BIAS - places) as u32) << Single::MANTISSA);
    (magnitude as i32 as f32 * scale).to_bits() | u32::from(negative) << 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number that fits comes back, and the sign of a zero too.
    fn check<N: Number>(bits: u64, places: i32) {
        let bytes = &bits.to_le_bytes()[..N::WIDTH];
        let word = N::load(bytes);
        let Apart {
            mantissa,
            exponent,
            finite,
        } = apart::<N>(word);
        let up = exponent + places;
        let is_zero = mantissa == N::Word::default();
        let is_whole = up >= -(mantissa.trailing_zeros() as i32);
        let fits = mantissa.len() as i32 + up <= max_bits::<N>() as i32;
        if !finite || !(is_zero || is_whole && fits) {
            return;
        }
        let mut back = vec![0; N::WIDTH];
        N::store(
            is_negative::<N>(word),
            magnitude::<N>(word, places),
            places,
            &mut back,
        );
        assert_eq!(back, bytes, "{places}");
    }

    #[test]
    fn every_short_float() {
        for bits in 0..1 << 16 {
            for places in [-5, 0, 1, 8, 14, 20, 24, 30, 64] {
                check::<Half>(bits, places);
                check::<Bf16>(bits, places);
            }
        }
    }

    #[test]
    fn long_floats() {
        for i in 0..1 << 16 {
            let bits = (i as f32 / 65536.0 - 0.3).to_bits();
            check::<Single>(bits.into(), 24);
            check::<Single>((bits & !0xfff).into(), 23);
            let bits = (i as f64 / 65536.0 - 0.3).to_bits();
            check::<Double>(bits, 60);
            check::<Double>(bits & !0xf_ffff, 52);
        }
        check::<Single>(0x8000_0000, 7);
        check::<Double>(1 << 63, -64);
    }
}
