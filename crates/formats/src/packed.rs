//! Small numbers that quantisers pack into words or bytes.
//!
//! Eight numbers of 4 bits in a word of 32 are no number of 32 bits. All bytes of the words have the same
//! distribution, so that as bytes they share one table, where each byte of a word would have its own: on
//! 4-bit weights that is about a third of a percent, in either direction of packing.

use std::collections::{HashMap, HashSet};

use sheaf_codec::Dtype;

use crate::layout::Tensor;

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

/// Elements of 4 bits that share a scale, by two in a byte.
const MX_BLOCK: u64 = 16;

/// Tells the blocks of MXFP4 by name, of which safetensors has no dtype: bytes with two numbers each, beside
/// their scales of a byte (`…_blocks` and `…_scales`, as of gpt-oss).
pub(crate) fn tell_mxfp4(tensors: &mut [Tensor]) {
    let is_bytes = |tensor: &&Tensor| tensor.dtype == Dtype::U8;
    let scales: HashMap<String, Vec<u64>> = tensors
        .iter()
        .filter(is_bytes)
        .filter_map(|tensor| {
            let name = tensor.name.strip_suffix("_scales")?;
            Some((name.to_owned(), tensor.shape.clone()))
        })
        .collect();
    let mut pairs = HashSet::new();
    for tensor in tensors.iter_mut().filter(|tensor| is_bytes(&&**tensor)) {
        let name = tensor.name.strip_suffix("_blocks");
        let Some((name, scales)) = name.and_then(|name| scales.get_key_value(name)) else {
            continue;
        };
        if tensor.shape.split_last() == Some((&MX_BLOCK, scales)) {
            tensor.dtype_name = "U8 (MXFP4)".into();
            pairs.insert(name.as_str());
        }
    }
    for tensor in tensors.iter_mut() {
        let name = tensor.name.strip_suffix("_scales");
        if tensor.dtype == Dtype::U8 && name.is_some_and(|name| pairs.contains(name)) {
            tensor.dtype_name = "U8 (MXFP4 scales)".into();
            tensor.dtype = Dtype::F8E8M0;
        }
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

    fn told(tensors: &[(&str, Dtype, &[u64])]) -> Vec<(String, Dtype)> {
        let tensor = |(name, dtype, shape): &(&str, Dtype, &[u64])| Tensor {
            name: (*name).into(),
            dtype_name: "U8".into(),
            dtype: *dtype,
            shape: shape.to_vec(),
            range: 0..0,
        };
        let mut tensors: Vec<Tensor> = tensors.iter().map(tensor).collect();
        tell_mxfp4(&mut tensors);
        tensors
            .into_iter()
            .map(|t| (t.dtype_name, t.dtype))
            .collect()
    }

    #[test]
    fn mxfp4_by_its_scales() {
        let pair = told(&[
            ("mlp.experts.up_proj_scales", Dtype::U8, &[2, 8, 5]),
            ("mlp.experts.up_proj_blocks", Dtype::U8, &[2, 8, 5, 16]),
        ]);
        let expected = [
            ("U8 (MXFP4 scales)", Dtype::F8E8M0),
            ("U8 (MXFP4)", Dtype::U8),
        ];
        assert_eq!(pair, expected.map(|(name, dtype)| (name.to_owned(), dtype)));
        for other in [
            [
                ("a_blocks", Dtype::U8, &[8, 5, 16][..]),
                ("a_scales", Dtype::U8, &[8, 6]),
            ],
            [
                ("a_blocks", Dtype::U8, &[8, 5, 32]),
                ("a_scales", Dtype::U8, &[8, 5]),
            ],
            [
                ("a_blocks", Dtype::U8, &[8, 5, 16]),
                ("b_scales", Dtype::U8, &[8, 5]),
            ],
            [
                ("a_blocks", Dtype::U8, &[8, 5, 16]),
                ("a_scales", Dtype::Bf16, &[8, 5]),
            ],
        ] {
            assert!(
                told(&other).iter().all(|(name, _)| name == "U8"),
                "{other:?}"
            );
        }
    }
}
