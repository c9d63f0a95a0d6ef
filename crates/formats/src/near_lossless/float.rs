//! Floats by their bits: which are in range, and which is the next multiple below.

use sheaf_codec::Dtype;

/// The bits of a float format whose sign is the highest, then the exponent, then the mantissa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Float {
    /// Bytes.
    pub width: usize,
    /// Bits of mantissa that are stored.
    mantissa: u32,
    /// What the stored exponent of 1 is.
    bias: u32,
}

impl Float {
    /// The formats of weights. Floats of 8 bits and less have too few bits to give any away, and
    /// parts of complex numbers are no weights on their own.
    pub fn of(dtype: Dtype) -> Option<Float> {
        let (width, mantissa, bias) = match dtype {
            Dtype::F16 => (2, 10, 15),
            Dtype::Bf16 => (2, 7, 127),
            Dtype::F32 => (4, 23, 127),
            Dtype::F64 => (8, 52, 1023),
            _ => return None,
        };
        Some(Float {
            width,
            mantissa,
            bias,
        })
    }

    #[inline(always)]
    fn sign(self) -> u64 {
        1 << (8 * self.width - 1)
    }

    #[inline(always)]
    fn power_of_two(self, below_one: u32) -> u64 {
        u64::from(self.bias - below_one) << self.mantissa
    }

    /// Whether a number is neither beyond 1 on either side nor infinite nor no number.
    #[inline(always)]
    pub fn is_small(self, bits: u64) -> bool {
        // Without their signs floats are in the order of their bits, infinity and what is no number
        // above all others.
        bits & !self.sign() <= self.power_of_two(0)
    }

    /// The greatest multiple of 2^-`places` that is not above a number of at most 1 either way, for
    /// `places` up to [`super::Bits::MAX`]. A zero has no sign.
    ///
    /// It is always one of the format's own numbers. Where the number has no bits below 2^-`places`
    /// it is itself. Where all its bits are below, it is 0 or -2^-`places`, and the format has that
    /// as a normal number, since its numbers go on below it. Else those bits are cleared, for numbers
    /// below 0 after a carry that at most reaches the next power of two, as the mantissa's carry goes
    /// into the exponent.
    #[inline(always)]
    pub fn floor(self, bits: u64, places: u32) -> u64 {
        let magnitude = bits & !self.sign();
        let sign = bits & self.sign();
        if magnitude == 0 {
            return 0;
        }
        let exponent = ((magnitude >> self.mantissa) as u32).max(1);
        // How many bits of the mantissa are below.
        let below = (self.bias + self.mantissa).saturating_sub(places + exponent);
        if below > self.mantissa {
            return match sign {
                0 => 0,
                sign => sign | self.power_of_two(places),
            };
        }
        let mask = (1 << below) - 1;
        let up = if sign == 0 { 0 } else { mask };
        sign | ((magnitude + up) & !mask)
    }

    /// Whether all of some numbers are small.
    pub fn are_small(self, bytes: &[u8]) -> bool {
        match self.width {
            2 => bytes
                .as_chunks()
                .0
                .iter()
                .all(|x| self.is_small(u16::from_le_bytes(*x).into())),
            4 => bytes
                .as_chunks()
                .0
                .iter()
                .all(|x| self.is_small(u32::from_le_bytes(*x).into())),
            _ => bytes
                .as_chunks()
                .0
                .iter()
                .all(|x| self.is_small(u64::from_le_bytes(*x))),
        }
    }

    /// Rounds whole numbers down where they are, and measures that. `None` when one of them is not
    /// small.
    pub fn round(self, bytes: &mut [u8], places: u32, error: &mut Error) -> Option<()> {
        match self.width {
            2 => bytes.as_chunks_mut().0.iter_mut().try_for_each(|x| {
                let rounded = self.rounded(u16::from_le_bytes(*x).into(), places, error)?;
                *x = (rounded as u16).to_le_bytes();
                Some(())
            }),
            4 => bytes.as_chunks_mut().0.iter_mut().try_for_each(|x| {
                let rounded = self.rounded(u32::from_le_bytes(*x).into(), places, error)?;
                *x = (rounded as u32).to_le_bytes();
                Some(())
            }),
            _ => bytes.as_chunks_mut().0.iter_mut().try_for_each(|x| {
                *x = self
                    .rounded(u64::from_le_bytes(*x), places, error)?
                    .to_le_bytes();
                Some(())
            }),
        }
    }

    #[inline(always)]
    fn rounded(self, bits: u64, places: u32, error: &mut Error) -> Option<u64> {
        if !self.is_small(bits) {
            return None;
        }
        let rounded = self.floor(bits, places);
        error.changed |= bits != rounded;
        error.add(self.value(bits) - self.value(rounded));
        Some(rounded)
    }

    /// The number.
    #[inline(always)]
    fn value(self, bits: u64) -> f64 {
        match (self.width, self.mantissa) {
            (8, _) => f64::from_bits(bits),
            (4, _) => f32::from_bits(bits as u32).into(),
            (_, 7) => f32::from_bits((bits as u32) << 16).into(),
            _ => half(bits as u16),
        }
    }
}

/// By how much numbers were rounded down.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Error {
    /// Whether any has other bits now.
    pub changed: bool,
    pub max: f64,
    sum: f64,
    count: u64,
}

impl Error {
    #[inline(always)]
    fn add(&mut self, error: f64) {
        self.max = self.max.max(error);
        self.sum += error;
        self.count += 1;
    }

    /// The mean, of no numbers too.
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}

fn half(bits: u16) -> f64 {
    let mantissa = f64::from(bits & 0x3ff);
    let exponent = i32::from(bits >> 10 & 0x1f);
    let magnitude = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + mantissa) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [u32; 9] = [1, 2, 7, 8, 15, 23, 24, 25, 52];

    /// By arithmetic, which has bits enough for all but the tiniest.
    fn check(float: Float, bits: u64) {
        if !float.is_small(bits) {
            return;
        }
        let value = float.value(bits);
        for places in PLACES {
            let scale = 2f64.powi(places as i32);
            let found = float.floor(bits, places);
            assert_eq!(
                float.value(found),
                (value * scale).floor() / scale,
                "{value} {places}"
            );
            assert_eq!(float.floor(found, places), found, "{value} {places}");
            assert!(found == 0 || float.value(found) != 0.0);
            assert!(float.is_small(found));
        }
    }

    #[test]
    fn every_short_float() {
        for dtype in [Dtype::F16, Dtype::Bf16] {
            let float = Float::of(dtype).unwrap();
            (0..=u64::from(u16::MAX)).for_each(|bits| check(float, bits));
        }
    }

    #[test]
    fn long_floats_of_every_exponent() {
        let mut state = 1_u64;
        for dtype in [Dtype::F32, Dtype::F64] {
            let float = Float::of(dtype).unwrap();
            for bits in [0, float.sign(), 1, float.sign() | 1, float.power_of_two(0)] {
                check(float, bits);
                check(float, bits | float.sign());
            }
            for exponent in 0..=u64::from(float.bias) {
                for _ in 0..40 {
                    state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(99);
                    let mantissa = state >> 12 & ((1 << float.mantissa) - 1);
                    let magnitude = exponent << float.mantissa | mantissa;
                    check(float, magnitude);
                    check(float, magnitude | float.sign());
                    check(float, exponent << float.mantissa);
                    check(float, exponent << float.mantissa | float.sign());
                }
            }
        }
    }

    #[test]
    fn what_is_in_range() {
        let float = Float::of(Dtype::F32).unwrap();
        let small = |x: f32| float.is_small(x.to_bits().into());
        assert!(small(1.0) && small(-1.0) && small(-0.0) && small(1e-40));
        assert!(!small(1.000_000_1) && !small(f32::NEG_INFINITY) && !small(-f32::NAN));
        assert_eq!(Float::of(Dtype::I32), None);
    }
}
