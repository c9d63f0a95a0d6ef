//! Small integers that quantisers pack into words.
//!
//! Eight numbers of 4 bits in a word of 32 are no number of 32 bits. All bytes of the words have the same
//! distribution, so that as bytes they share one table, where each byte of a word would have its own: on
//! 4-bit weights that is about a third of a percent, in either direction of packing.

use sheaf_codec::Dtype;

/// The names by which GPTQ, AWQ and compressed-tensors call packed words.
const NAMES: &[&str] = &["qweight", "qzeros", "weight_packed", "weight_zero_point"];

/// Whether the words of a tensor are packed, by what it is called. MLX packs into unsigned words, and calls
/// them as any weight: a weight is never made of such words otherwise.
pub(crate) fn is_packed(name: &str, dtype: Dtype) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    match dtype {
        Dtype::I32 => NAMES.contains(&last),
        Dtype::U32 => NAMES.contains(&last) || last == "weight",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_by_name() {
        let packed = [
            ("model.layers.0.mlp.up_proj.qweight", Dtype::I32),
            ("model.layers.0.mlp.up_proj.qzeros", Dtype::I32),
            ("model.layers.0.mlp.up_proj.weight_packed", Dtype::I32),
            ("model.layers.0.mlp.up_proj.weight", Dtype::U32),
        ];
        for (name, dtype) in packed {
            assert!(is_packed(name, dtype), "{name}");
        }
        let plain = [
            ("model.layers.0.mlp.up_proj.g_idx", Dtype::I32),
            ("model.layers.0.mlp.up_proj.weight", Dtype::I32),
            ("model.layers.0.mlp.up_proj.qweight", Dtype::F16),
            ("qweight.bias", Dtype::I32),
        ];
        for (name, dtype) in plain {
            assert!(!is_packed(name, dtype), "{name}");
        }
    }
}
