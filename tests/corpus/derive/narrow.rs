//! From fp32 to narrower floats, rounding to nearest, ties to even, as every framework does.

/// A float with a sign, fewer bits of exponent or mantissa than fp32, and subnormals.
#[derive(Debug, Clone, Copy)]
pub struct Narrow {
    exponent_bits: u32,
    mantissa_bits: u32,
    /// Without infinities, all but one of the highest exponent's codes are numbers (e4m3fn).
    infinities: bool,
}

pub const BF16: Narrow = Narrow::ieee(8, 7);
pub const F16: Narrow = Narrow::ieee(5, 10);
pub const E5M2: Narrow = Narrow::ieee(5, 2);
pub const E4M3: Narrow = Narrow {
    infinities: false,
    ..Narrow::ieee(4, 3)
};

const F32_MANTISSA_BITS: u32 = 23;
const F32_BIAS: i32 = 127;

impl Narrow {
    const fn ieee(exponent_bits: u32, mantissa_bits: u32) -> Self {
        Self {
            exponent_bits,
            mantissa_bits,
            infinities: true,
        }
    }

    /// The bits of the nearest value.
    pub fn round(self, value: f32) -> u16 {
        let sign = u16::from(value.is_sign_negative()) << (self.exponent_bits + self.mantissa_bits);
        if value.is_nan() {
            return sign | self.nan();
        }
        let magnitude = if value.is_infinite() {
            self.overflow()
        } else {
            self.magnitude(value.to_bits() & 0x7fff_ffff)
        };
        sign | magnitude
    }

    fn magnitude(self, bits: u32) -> u16 {
        let stored = (bits >> F32_MANTISSA_BITS) as i32;
        let hidden = u32::from(stored > 0) << F32_MANTISSA_BITS;
        let significand = (bits & ((1 << F32_MANTISSA_BITS) - 1)) | hidden;
        let exponent = stored.max(1) - F32_BIAS;
        // Below the smallest normal number, each step down takes a bit of the mantissa.
        let above = (exponent - self.min_exponent()).max(0) as u32;
        let below = (self.min_exponent() - exponent).max(0) as u32;
        let dropped = F32_MANTISSA_BITS - self.mantissa_bits + below;
        // A carry out of the mantissa goes into the exponent, as it should.
        let rounded = u64::from(above << self.mantissa_bits) + shift_to_even(significand, dropped);
        if rounded > u64::from(self.largest()) {
            return self.overflow();
        }
        rounded as u16
    }

    fn min_exponent(self) -> i32 {
        2 - (1 << (self.exponent_bits - 1))
    }

    fn largest(self) -> u16 {
        if self.infinities {
            self.highest_exponent() - 1
        } else {
            self.nan() - 1
        }
    }

    fn highest_exponent(self) -> u16 {
        ((1 << self.exponent_bits) - 1) << self.mantissa_bits
    }

    fn overflow(self) -> u16 {
        if self.infinities {
            self.highest_exponent()
        } else {
            self.nan()
        }
    }

    fn nan(self) -> u16 {
        let mantissa = (1 << self.mantissa_bits) - 1;
        if self.infinities {
            // The quiet bit alone.
            self.highest_exponent() | ((mantissa + 1) >> 1)
        } else {
            self.highest_exponent() | mantissa
        }
    }

    /// The value of bits that stand for a finite number; every such value is exact in fp32.
    pub fn widen(self, bits: u16) -> f32 {
        let magnitude = u32::from(bits) & ((1 << (self.exponent_bits + self.mantissa_bits)) - 1);
        let exponent = (magnitude >> self.mantissa_bits) as i32;
        let hidden = u32::from(exponent > 0) << self.mantissa_bits;
        let significand = (magnitude & ((1 << self.mantissa_bits) - 1)) | hidden;
        let scale = exponent.max(1) - 1 + self.min_exponent() - self.mantissa_bits as i32;
        let value = (f64::from(significand) * 2f64.powi(scale)) as f32;
        if u32::from(bits) == magnitude {
            value
        } else {
            -value
        }
    }
}

/// `value / 2^bits`, rounded to nearest, ties to even.
fn shift_to_even(value: u32, bits: u32) -> u64 {
    let value = u64::from(value);
    // So far away that it rounds to zero; a longer shift would not be defined.
    let bits = bits.min(40);
    if bits == 0 {
        return value;
    }
    let half = 1 << (bits - 1);
    let odd = (value >> bits) & 1;
    (value + half - 1 + odd) >> bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_have_their_known_bits() {
        for (format, value, bits) in [
            (BF16, 1.0, 0x3f80),
            (BF16, -2.0, 0xc000),
            (BF16, 0.1, 0x3dcd),
            (BF16, 3.389_531_4e38, 0x7f7f),
            (BF16, f32::MAX, 0x7f80),
            (BF16, f32::from_bits(0x3f80_8000), 0x3f80),
            (BF16, f32::from_bits(0x3f81_8000), 0x3f82),
            (BF16, f32::from_bits(1), 0),
            (BF16, f32::from_bits(0x8000), 0),
            (BF16, f32::from_bits(0x8001), 1),
            (F16, 1.0, 0x3c00),
            (F16, 0.1, 0x2e66),
            (F16, 65504.0, 0x7bff),
            (F16, 65519.0, 0x7bff),
            (F16, 65520.0, 0x7c00),
            (F16, 5.960_464_5e-8, 0x0001),
            (F16, 2.980_232_2e-8, 0x0000),
            (F16, 2.980_232_6e-8, 0x0001),
            (F16, 6.103_515_6e-5, 0x0400),
            (F16, 1e-30, 0x0000),
            (E4M3, 1.0, 0x38),
            (E4M3, 448.0, 0x7e),
            (E4M3, 464.0, 0x7e),
            (E4M3, 465.0, 0x7f),
            (E4M3, 0.015_625, 0x08),
            (E4M3, 0.001_953_125, 0x01),
            (E4M3, 0.000_976_562_5, 0x00),
            (E4M3, 0.1, 0x1d),
            (E5M2, 1.0, 0x3c),
            (E5M2, 57344.0, 0x7b),
            (E5M2, 61440.0, 0x7c),
            (E5M2, 1.525_878_9e-5, 0x01),
            (E5M2, 0.1, 0x2e),
        ] {
            assert_eq!(format.round(value), bits, "{value} in {format:?}");
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        assert_eq!(BF16.round(f32::INFINITY), 0x7f80);
        assert_eq!(F16.round(f32::NEG_INFINITY), 0xfc00);
        assert_eq!(E4M3.round(f32::INFINITY), 0x7f);
        assert_eq!(F16.round(f32::NAN) & 0x7fff, 0x7e00);
        assert_eq!(E5M2.round(-0.0), 0x80);
    }

    #[test]
    fn every_value_survives_and_every_tie_goes_to_even() {
        for format in [BF16, F16, E4M3, E5M2] {
            for bits in 0..=format.largest() {
                let value = format.widen(bits);
                assert_eq!(format.round(value), bits, "{format:?}");
                let sign = 1 << (format.exponent_bits + format.mantissa_bits);
                assert_eq!(format.round(-value), bits | sign, "{format:?}");
                assert_eq!(format.widen(bits | sign), -value);
                if bits < format.largest() {
                    let tie = value + (format.widen(bits + 1) - value) / 2.0;
                    assert_eq!(format.round(tie), bits + (bits & 1), "{tie} in {format:?}");
                }
            }
        }
    }

    #[test]
    fn a_bf16_is_the_upper_half_of_an_fp32() {
        for bits in [0x3f80, 0x0001, 0x7f7f, 0xc2f7] {
            let value = f32::from_bits(u32::from(bits) << 16);
            assert_eq!(BF16.round(value), bits);
            assert_eq!(BF16.widen(bits), value);
        }
    }
}
