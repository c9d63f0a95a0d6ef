//! Kinds of floats.

use crate::Dtype;

/// Where a float's exponent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// Bytes.
    pub width: usize,
    /// Bits below the exponent.
    pub mantissa: u32,
    /// Bits of the exponent.
    pub exponent: u32,
}

impl Kind {
    /// The kind of a dtype's elements; none for those without planes of their exponents.
    pub(super) fn of(dtype: Dtype) -> Option<Kind> {
        let (width, mantissa, exponent) = match dtype {
            Dtype::Bf16 => (2, 7, 8),
            Dtype::F16 => (2, 10, 5),
            Dtype::F32 => (4, 23, 8),
            Dtype::F64 => (8, 52, 11),
            _ => return None,
        };
        Some(Kind {
            width,
            mantissa,
            exponent,
        })
    }

    /// Whether the last plane has just the exponents, each a byte.
    pub(super) fn exponents_are_bytes(self) -> bool {
        self.exponent == 8
    }
}
