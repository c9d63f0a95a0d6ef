//! Half-precision numbers, by operations whose results are the same on every machine.

/// The number as a single, where an exponent of 31 is nothing special.
#[inline(always)]
pub(in crate::plan) fn to_single(half: u16) -> f32 {
    // As the bits of a single it is too small by the difference of both formats' biases.
    let scale = f32::from_bits((127 + 127 - 15) << 23);
    let magnitude = f32::from_bits(u32::from(half & 0x7fff) << 13) * scale;
    f32::from_bits(magnitude.to_bits() | u32::from(half & 0x8000) << 16)
}

/// The nearest half, the even one of two; infinity where it is too large.
#[inline(always)]
pub(in crate::plan) fn from_single(single: f32) -> u16 {
    let bits = single.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let sign = (bits >> 16) as u16 & 0x8000;
    // Below the least normal half: the sum with a half has that one's place for the last bit.
    let small = (f32::from_bits(magnitude) + 0.5)
        .to_bits()
        .wrapping_sub(0x3f00_0000);
    let rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    let normal = rounded.wrapping_sub((127 - 15) << 23) >> 13;
    let magnitude = match magnitude {
        0..0x3880_0000 => small as u16,
        0x3880_0000..0x477f_f000 => normal as u16,
        0x477f_f000..=0x7f80_0000 => 0x7c00,
        // Not a number: its sign differs from machine to machine.
        _ => return 0x7e00,
    };
    sign | magnitude
}

/// The upper half of a single as a single.
#[inline(always)]
pub(super) fn from_brain(brain: u16) -> f32 {
    f32::from_bits(u32::from(brain) << 16)
}

/// The nearest number that [`from_brain`] gives.
#[inline(always)]
pub(super) fn to_brain(single: f32) -> u16 {
    let bits = single.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// About 16 times the log2 of a half's magnitude, 0 for the least.
#[inline(always)]
pub(super) fn log(half: u16) -> i16 {
    ((half & 0x7fff) >> 6) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_singles() {
        for half in 0..=u16::MAX {
            if half & 0x7c00 != 0x7c00 {
                assert_eq!(from_single(to_single(half)), half);
            }
        }
        assert_eq!(to_single(0x3c00), 1.0);
        assert_eq!(to_single(0xc001), -2.001_953_1);
        assert_eq!(from_single(65_519.0), 0x7bff);
        assert_eq!(from_single(65_520.0), 0x7c00);
        assert_eq!(from_single(f32::INFINITY), 0x7c00);
        assert_eq!(from_single(-f32::NAN), 0x7e00);
        assert_eq!(from_single(1.0 + 1.0 / 2048.0), 0x3c00);
        assert_eq!(from_single(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!(from_single(2f32.powi(-25)), 0);
        assert_eq!(from_single(1.5 * 2f32.powi(-24)), 2);
    }
}
