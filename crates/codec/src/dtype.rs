//! What the elements of a chunk are.

/// Declares [`Dtype`] from one table: variant, code, name, bytes and elements of a block.
macro_rules! dtypes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $bytes:literal / $elements:literal;)*) => {
        /// What the elements of a chunk are. The discriminant is the code in the blob's header and
        /// never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(non_camel_case_types)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Dtype {
            $($(#[$doc])* $variant = $code,)*
        }

        impl Dtype {
            /// Every dtype, by code.
            pub const ALL: &'static [Dtype] = &[$(Dtype::$variant,)*];

            /// Its name: lower case, as in `bf16`, `f8_e4m3`, `q4_k`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Dtype::$variant => $name,)*
                }
            }

            /// The dtype of a name that [`Dtype::name`] gives.
            pub fn from_name(name: &str) -> Option<Dtype> {
                match name {
                    $($name => Some(Dtype::$variant),)*
                    _ => None,
                }
            }

            /// The dtype of a code that [`Dtype::code`] gives.
            pub const fn from_code(code: u8) -> Option<Dtype> {
                match code {
                    $($code => Some(Dtype::$variant),)*
                    _ => None,
                }
            }

            /// Bytes of one element, or of one block where elements come in blocks.
            pub const fn block_bytes(self) -> usize {
                match self {
                    $(Dtype::$variant => $bytes,)*
                }
            }

            /// Elements of a block; 1 where each stands alone.
            pub const fn block_elements(self) -> u32 {
                match self {
                    $(Dtype::$variant => $elements,)*
                }
            }
        }
    };
}

dtypes! {
    /// To be guessed from the bytes.
    Unknown = 0, "unknown", 1 / 1;
    /// Bytes without structure, or text.
    Bytes = 1, "bytes", 1 / 1;
    /// Boolean, one byte each.
    Bool = 2, "bool", 1 / 1;
    /// 8-bit integer, unsigned.
    U8 = 3, "u8", 1 / 1;
    /// 8-bit integer, signed.
    I8 = 4, "i8", 1 / 1;
    /// 16-bit integer, unsigned.
    U16 = 5, "u16", 2 / 1;
    /// 16-bit integer, signed.
    I16 = 6, "i16", 2 / 1;
    /// 32-bit integer, unsigned.
    U32 = 7, "u32", 4 / 1;
    /// 32-bit integer, signed.
    I32 = 8, "i32", 4 / 1;
    /// 64-bit integer, unsigned.
    U64 = 9, "u64", 8 / 1;
    /// 64-bit integer, signed.
    I64 = 10, "i64", 8 / 1;
    /// bfloat16.
    Bf16 = 16, "bf16", 2 / 1;
    /// IEEE half.
    F16 = 17, "f16", 2 / 1;
    /// IEEE single.
    F32 = 18, "f32", 4 / 1;
    /// IEEE double.
    F64 = 19, "f64", 8 / 1;
    /// 8-bit float, 4 bits of exponent.
    F8E4M3 = 20, "f8_e4m3", 1 / 1;
    /// 8-bit float, 5 bits of exponent.
    F8E5M2 = 21, "f8_e5m2", 1 / 1;
    /// Complex of two singles.
    C64 = 22, "c64", 8 / 1;
    /// Complex of two doubles.
    C128 = 23, "c128", 16 / 1;
    /// Complex of two halves.
    C32 = 24, "c32", 4 / 1;
    /// 8-bit float, 4 bits of exponent, no infinities and no negative zero.
    F8E4M3Fnuz = 25, "f8_e4m3fnuz", 1 / 1;
    /// 8-bit float, 5 bits of exponent, no infinities and no negative zero.
    F8E5M2Fnuz = 26, "f8_e5m2fnuz", 1 / 1;
    /// 8 bits of exponent alone: the scale of an MX block.
    F8E8M0 = 27, "f8_e8m0", 1 / 1;
    /// 6-bit float, 2 bits of exponent: 4 elements in 3 bytes.
    F6E2M3 = 28, "f6_e2m3", 3 / 4;
    /// 6-bit float, 3 bits of exponent: 4 elements in 3 bytes.
    F6E3M2 = 29, "f6_e3m2", 3 / 4;
    /// 4-bit float, 2 bits of exponent: 2 elements in a byte.
    F4 = 30, "f4", 1 / 2;
    /// GGML: scale; 32 nibbles.
    GgmlQ4_0 = 64, "q4_0", 18 / 32;
    /// GGML: scale, minimum; 32 nibbles.
    GgmlQ4_1 = 65, "q4_1", 20 / 32;
    /// GGML: scale; 32 values of 5 bits, the fifth apart.
    GgmlQ5_0 = 66, "q5_0", 22 / 32;
    /// GGML: scale, minimum; 32 values of 5 bits, the fifth apart.
    GgmlQ5_1 = 67, "q5_1", 24 / 32;
    /// GGML: scale; 32 bytes.
    GgmlQ8_0 = 68, "q8_0", 34 / 32;
    /// GGML: scale, sum; 32 bytes.
    GgmlQ8_1 = 69, "q8_1", 36 / 32;
    /// GGML: 16 scales of 4+4 bits; 256 values of 2 bits; scale, minimum.
    GgmlQ2K = 70, "q2_k", 84 / 256;
    /// GGML: high bits; 256 values of 2 bits; 16 scales of 6 bits; scale.
    GgmlQ3K = 71, "q3_k", 110 / 256;
    /// GGML: scale, minimum; 8 pairs of 6 bits; 256 nibbles.
    GgmlQ4K = 72, "q4_k", 144 / 256;
    /// GGML: scale, minimum; 8 pairs of 6 bits; high bits; 256 nibbles.
    GgmlQ5K = 73, "q5_k", 176 / 256;
    /// GGML: 256 nibbles; 256 values of 2 bits; 16 scale bytes; scale.
    GgmlQ6K = 74, "q6_k", 210 / 256;
    /// GGML: single scale; 256 bytes; 16 sums.
    GgmlQ8K = 75, "q8_k", 292 / 256;
    /// GGML: scale; 32 words of grid indices and signs.
    GgmlIq2Xxs = 76, "iq2_xxs", 66 / 256;
    /// GGML: scale; 32 words of grid index and signs; 8 scale bytes.
    GgmlIq2Xs = 77, "iq2_xs", 74 / 256;
    /// GGML: scale; grid indices; 64 bytes in all; high bits; 8 scale bytes.
    GgmlIq2S = 78, "iq2_s", 82 / 256;
    /// GGML: scale; 64 grid indices; 32 bytes of scales and signs.
    GgmlIq3Xxs = 79, "iq3_xxs", 98 / 256;
    /// GGML: scale; 64 grid indices; high bits; signs; 4 scale bytes.
    GgmlIq3S = 80, "iq3_s", 110 / 256;
    /// GGML: scale; 32 grid indices; 8 words of high bits and scales.
    GgmlIq1S = 81, "iq1_s", 50 / 256;
    /// GGML: 32 grid indices; 16 bytes of high bits; 8 scale bytes.
    GgmlIq1M = 82, "iq1_m", 56 / 256;
    /// GGML: scale; 32 nibbles into a non-linear table.
    GgmlIq4Nl = 83, "iq4_nl", 18 / 32;
    /// GGML: scale; 8 scales of 6 bits; 256 nibbles into a non-linear table.
    GgmlIq4Xs = 84, "iq4_xs", 136 / 256;
    /// GGML: ternary, 5 in a byte; scale.
    GgmlTq1_0 = 85, "tq1_0", 54 / 256;
    /// GGML: ternary, 4 in a byte; scale.
    GgmlTq2_0 = 86, "tq2_0", 66 / 256;
    /// GGML: exponent byte; 32 nibbles of 4-bit floats.
    GgmlMxfp4 = 87, "mxfp4", 17 / 32;
    /// GGML: 4 scale bytes; 64 nibbles of 4-bit floats.
    GgmlNvfp4 = 88, "nvfp4", 36 / 64;
    /// GGML: scale; 128 bits.
    GgmlQ1_0 = 89, "q1_0", 18 / 128;
    /// GGML, withdrawn: 4 blocks of `q4_0` interleaved by 4 bytes.
    GgmlQ4_0x4x4 = 90, "q4_0_4_4", 72 / 128;
    /// GGML, withdrawn: 4 blocks of `q4_0` interleaved by 8 bytes.
    GgmlQ4_0x4x8 = 91, "q4_0_4_8", 72 / 128;
    /// GGML, withdrawn: 8 blocks of `q4_0` interleaved by 8 bytes.
    GgmlQ4_0x8x8 = 92, "q4_0_8_8", 144 / 256;
    /// GGML, withdrawn: 4 blocks of `iq4_nl` interleaved by 4 bytes.
    GgmlIq4Nlx4x4 = 93, "iq4_nl_4_4", 72 / 128;
    /// GGML: scale; 64 values of 2 bits.
    GgmlQ2_0 = 94, "q2_0", 18 / 64;
}

impl Dtype {
    /// The code in the blob's header.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether the elements are floating-point numbers, each in whole bytes.
    pub const fn is_float(self) -> bool {
        matches!(
            self,
            Dtype::Bf16
                | Dtype::F16
                | Dtype::F32
                | Dtype::F64
                | Dtype::F8E4M3
                | Dtype::F8E5M2
                | Dtype::F8E4M3Fnuz
                | Dtype::F8E5M2Fnuz
        )
    }

    /// The dtype of a tensor type's number in a GGUF file.
    pub const fn ggml(type_id: u32) -> Option<Dtype> {
        Some(match type_id {
            0 => Dtype::F32,
            1 => Dtype::F16,
            2 => Dtype::GgmlQ4_0,
            3 => Dtype::GgmlQ4_1,
            6 => Dtype::GgmlQ5_0,
            7 => Dtype::GgmlQ5_1,
            8 => Dtype::GgmlQ8_0,
            9 => Dtype::GgmlQ8_1,
            10 => Dtype::GgmlQ2K,
            11 => Dtype::GgmlQ3K,
            12 => Dtype::GgmlQ4K,
            13 => Dtype::GgmlQ5K,
            14 => Dtype::GgmlQ6K,
            15 => Dtype::GgmlQ8K,
            16 => Dtype::GgmlIq2Xxs,
            17 => Dtype::GgmlIq2Xs,
            18 => Dtype::GgmlIq3Xxs,
            19 => Dtype::GgmlIq1S,
            20 => Dtype::GgmlIq4Nl,
            21 => Dtype::GgmlIq3S,
            22 => Dtype::GgmlIq2S,
            23 => Dtype::GgmlIq4Xs,
            24 => Dtype::I8,
            25 => Dtype::I16,
            26 => Dtype::I32,
            27 => Dtype::I64,
            28 => Dtype::F64,
            29 => Dtype::GgmlIq1M,
            30 => Dtype::Bf16,
            31 => Dtype::GgmlQ4_0x4x4,
            32 => Dtype::GgmlQ4_0x4x8,
            33 => Dtype::GgmlQ4_0x8x8,
            34 => Dtype::GgmlTq1_0,
            35 => Dtype::GgmlTq2_0,
            36 => Dtype::GgmlIq4Nlx4x4,
            39 => Dtype::GgmlMxfp4,
            40 => Dtype::GgmlNvfp4,
            41 => Dtype::GgmlQ1_0,
            42 => Dtype::GgmlQ2_0,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Dtype;

    #[test]
    fn names_and_codes_lead_back() {
        for &dtype in Dtype::ALL {
            assert_eq!(Dtype::from_name(dtype.name()), Some(dtype));
            assert_eq!(Dtype::from_code(dtype.code()), Some(dtype));
            assert!(dtype.block_bytes() > 0 && dtype.block_elements() > 0);
        }
        assert_eq!(Dtype::from_name("q9"), None);
        assert_eq!(Dtype::from_code(255), None);
    }

    #[test]
    fn ggml_numbers() {
        let named: Vec<_> = (0..64).filter_map(Dtype::ggml).collect();
        assert_eq!(named.len(), 39);
        assert_eq!(Dtype::ggml(12), Some(Dtype::GgmlQ4K));
        assert_eq!(Dtype::ggml(30), Some(Dtype::Bf16));
        assert_eq!(Dtype::ggml(4), None);
    }
}
