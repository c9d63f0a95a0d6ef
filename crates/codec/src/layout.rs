//! Which planes a dtype's elements are split into.

use crate::Dtype;

/// How the bytes of a run of elements become planes, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Plane `i` is byte `i` of every element of so many bytes.
    Bytes(usize),
    /// bfloat16: sign and mantissa, exponent.
    Bf16,
    /// Single: two bytes of mantissa, sign and mantissa's top, exponent.
    F32,
    /// Double: six bytes of mantissa, the sign with the top of exponent and mantissa, the
    /// exponent's low 8 bits.
    F64,
    /// A GGML block: each plane is a run of bytes of every block.
    Blocks(&'static [Part]),
}

/// A run of bytes of a block. The parts of a block follow each other and cover it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it holds.
    pub name: &'static str,
    /// How many bytes.
    pub len: usize,
}

const BYTE_NAMES: [&str; 8] = [
    "byte 0", "byte 1", "byte 2", "byte 3", "byte 4", "byte 5", "byte 6", "byte 7",
];

impl Layout {
    /// The layout of a dtype's chunks.
    pub(crate) fn of(dtype: Dtype) -> Layout {
        match dtype {
            Dtype::Bf16 => Layout::Bf16,
            Dtype::F32 | Dtype::C64 => Layout::F32,
            Dtype::F64 | Dtype::C128 => Layout::F64,
            // The top byte of a half holds the whole exponent: coding it with its two bits of
            // mantissa is smaller than coding the exponent alone.
            Dtype::F16 | Dtype::C32 | Dtype::U16 | Dtype::I16 => Layout::Bytes(2),
            Dtype::U32 | Dtype::I32 => Layout::Bytes(4),
            Dtype::U64 | Dtype::I64 => Layout::Bytes(8),
            _ => blocks(dtype).map_or(Layout::Bytes(1), Layout::Blocks),
        }
    }

    /// Bytes that stay together: an element or a block.
    pub(crate) fn unit(self) -> usize {
        match self {
            Layout::Bytes(width) => width,
            Layout::Bf16 => 2,
            Layout::F32 => 4,
            Layout::F64 => 8,
            Layout::Blocks(parts) => parts.iter().map(|part| part.len).sum(),
        }
    }

    /// How many planes there are.
    pub(crate) fn planes(self) -> usize {
        match self {
            Layout::Blocks(parts) => parts.len(),
            other => other.unit(),
        }
    }

    /// Bytes that one element or block puts into a plane.
    pub(crate) fn share(self, plane: usize) -> usize {
        match self {
            Layout::Blocks(parts) => parts[plane].len,
            _ => 1,
        }
    }

    /// The bytes of a plane, where the whole units take `core_len`.
    pub(crate) fn plane_len(self, plane: usize, core_len: usize) -> usize {
        core_len / self.unit() * self.share(plane)
    }

    /// What a plane holds.
    pub(crate) fn name(self, plane: usize) -> &'static str {
        match self {
            Layout::Bytes(1) => "bytes",
            Layout::Blocks(parts) => parts[plane].name,
            Layout::Bf16 => ["sign+mantissa", "exponent"][plane],
            Layout::F32 => ["mantissa 0", "mantissa 1", "sign+mantissa", "exponent"][plane],
            Layout::F64 if plane == 6 => "sign+exponent+mantissa",
            Layout::F64 if plane == 7 => "exponent",
            _ => BYTE_NAMES[plane],
        }
    }
}

macro_rules! parts {
    ($($name:literal $len:literal),*) => {{
        const PARTS: &[Part] = &[$(Part { name: $name, len: $len },)*];
        Some(PARTS)
    }};
}

/// The fields of a GGML block, in the order of its bytes.
fn blocks(dtype: Dtype) -> Option<&'static [Part]> {
    match dtype {
        Dtype::GgmlQ4_0 | Dtype::GgmlIq4Nl => parts!["scale low" 1, "scale high" 1, "quants" 16],
        Dtype::GgmlQ4_1 => parts![
            "scale low" 1, "scale high" 1, "minimum low" 1, "minimum high" 1, "quants" 16
        ],
        Dtype::GgmlQ5_0 => parts!["scale low" 1, "scale high" 1, "high bits" 4, "quants" 16],
        Dtype::GgmlQ5_1 => parts![
            "scale low" 1, "scale high" 1, "minimum low" 1, "minimum high" 1, "high bits" 4,
            "quants" 16
        ],
        Dtype::GgmlQ8_0 => parts!["scale low" 1, "scale high" 1, "quants" 32],
        Dtype::GgmlQ8_1 => parts![
            "scale low" 1, "scale high" 1, "sum low" 1, "sum high" 1, "quants" 32
        ],
        Dtype::GgmlQ2K => parts![
            "scales" 16, "quants" 64, "scale low" 1, "scale high" 1, "minimum low" 1,
            "minimum high" 1
        ],
        Dtype::GgmlQ3K => parts![
            "high bits" 32, "quants" 64, "scales" 12, "scale low" 1, "scale high" 1
        ],
        Dtype::GgmlQ4K => parts![
            "scale low" 1, "scale high" 1, "minimum low" 1, "minimum high" 1, "scales" 12,
            "quants" 128
        ],
        Dtype::GgmlQ5K => parts![
            "scale low" 1, "scale high" 1, "minimum low" 1, "minimum high" 1, "scales" 12,
            "high bits" 32, "quants" 128
        ],
        Dtype::GgmlQ6K => parts![
            "quants" 128, "high bits" 64, "scales" 16, "scale low" 1, "scale high" 1
        ],
        Dtype::GgmlQ8K => parts![
            "scale 0" 1, "scale 1" 1, "scale 2" 1, "scale 3" 1, "quants" 256, "sums" 32
        ],
        Dtype::GgmlIq2Xxs => parts!["scale low" 1, "scale high" 1, "quants" 64],
        Dtype::GgmlIq2Xs => parts!["scale low" 1, "scale high" 1, "quants" 64, "scales" 8],
        Dtype::GgmlIq2S => parts![
            "scale low" 1, "scale high" 1, "quants" 32, "signs" 32, "high bits" 8, "scales" 8
        ],
        Dtype::GgmlIq3Xxs => parts!["scale low" 1, "scale high" 1, "quants" 64, "scales+signs" 32],
        Dtype::GgmlIq3S => parts![
            "scale low" 1, "scale high" 1, "quants" 64, "high bits" 8, "signs" 32, "scales" 4
        ],
        Dtype::GgmlIq1S => parts!["scale low" 1, "scale high" 1, "quants" 32, "high bits" 16],
        Dtype::GgmlIq1M => parts!["quants" 32, "high bits" 16, "scales" 8],
        Dtype::GgmlIq4Xs => parts![
            "scale low" 1, "scale high" 1, "scales high" 2, "scales low" 4, "quants" 128
        ],
        Dtype::GgmlTq1_0 => parts!["quants" 52, "scale low" 1, "scale high" 1],
        Dtype::GgmlTq2_0 => parts!["quants" 64, "scale low" 1, "scale high" 1],
        Dtype::GgmlMxfp4 => parts!["exponent" 1, "quants" 16],
        Dtype::GgmlNvfp4 => parts!["scales" 4, "quants" 32],
        Dtype::GgmlQ1_0 | Dtype::GgmlQ2_0 => parts!["scale low" 1, "scale high" 1, "quants" 16],
        Dtype::GgmlQ4_0x4x4 | Dtype::GgmlQ4_0x4x8 | Dtype::GgmlIq4Nlx4x4 => {
            parts!["scales" 8, "quants" 64]
        }
        Dtype::GgmlQ4_0x8x8 => parts!["scales" 16, "quants" 128],
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_their_block() {
        for &dtype in Dtype::ALL {
            let layout = Layout::of(dtype);
            assert!(layout.planes() <= crate::plan::MAX_PLANES, "{dtype:?}");
            if let Layout::Blocks(_) = layout {
                assert_eq!(layout.unit(), dtype.block_bytes(), "{dtype:?}");
            }
        }
    }
}
