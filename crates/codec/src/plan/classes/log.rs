//! Logarithms that are near enough to compare costs, and alike on every machine.

/// The log2 of a positive number, within 1e-4, and anything finite for 0.
#[inline(always)]
pub(super) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    exponent as f32 + POLYNOMIAL.iter().fold(0.0, |sum, factor| sum * m + factor)
}

/// Fitted to the log2 of 1 to 2.
const POLYNOMIAL: [f32; 6] = [
    0.043_929_57,
    -0.409_484_3,
    1.610_208,
    -3.520_271,
    5.069_799,
    -2.794_167,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_near() {
        for x in [0.1f32, 1.0, 1.5, 2.0, 3.7, 1000.0, 5e6] {
            assert!((log2(x) - x.log2()).abs() < 1e-4);
        }
        assert!(log2(0.0).is_finite());
    }
}
