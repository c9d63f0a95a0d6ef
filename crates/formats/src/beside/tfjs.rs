//! TF.js: a `model.json` with a manifest of weights, or such a manifest alone.
//!
//! The weights of a group lie one after the other in its shards, as if those were one file.

use serde::Deserialize;
use sheaf_codec::Dtype;

use super::part::{Part, Parts, Place};
use crate::layout::Tensor;
use crate::size;

/// Where a group has several shards, all but the last are so long: the converter's default. No manifest tells
/// how long they are.
const SHARD_LEN: u64 = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    weights_manifest: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    paths: Vec<String>,
    weights: Vec<Weight>,
}

#[derive(Deserialize)]
struct Weight {
    name: String,
    shape: Vec<u64>,
    dtype: String,
    quantization: Option<Quantization>,
}

#[derive(Deserialize)]
struct Quantization {
    dtype: String,
}

/// What the index says, if the text is one.
pub(super) fn read(text: &[u8]) -> Option<Vec<Part>> {
    let groups: Vec<Group> = if text.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(text).ok()?
    } else {
        serde_json::from_slice::<Model>(text).ok()?.weights_manifest
    };
    let mut parts = Parts::default();
    for group in groups {
        group.read(&mut parts);
    }
    Some(parts.into_vec())
}

impl Group {
    fn read(self, parts: &mut Parts) {
        let Group { paths, weights } = self;
        let mut tensors = vec![];
        let mut end = 0;
        for weight in weights {
            // A text takes as many bytes as it takes: where the next weight begins is not known.
            let Some(tensor) = weight.tensor(end) else {
                break;
            };
            end = tensor.range.end;
            tensors.push(tensor);
        }
        let shards = paths.len() as u64;
        if shards == 1 {
            let path = &paths[0];
            tensors
                .into_iter()
                .for_each(|t| parts.add(Place::Path(path.clone()), t));
        } else if end.div_ceil(SHARD_LEN) == shards {
            for tensor in &tensors {
                in_shards(tensor, &paths, parts);
            }
        }
    }
}

/// The parts of a tensor in the shards that it lies in.
fn in_shards(tensor: &Tensor, paths: &[String], parts: &mut Parts) {
    let all = tensor.range.clone();
    let first = all.start / SHARD_LEN;
    let shards = paths.get(first as usize..all.end.div_ceil(SHARD_LEN) as usize);
    for (shard, path) in (first..).zip(shards.unwrap_or_default()) {
        let from = shard * SHARD_LEN;
        let (start, end) = (all.start.max(from), all.end.min(from + SHARD_LEN));
        let mut part = tensor.clone();
        if (start, end) != (all.start, all.end) {
            // From the first element that begins here.
            let width = tensor.dtype.block_bytes() as u64;
            let start = all.start + (start - all.start).next_multiple_of(width);
            part.shape = vec![end.saturating_sub(start) / width];
            part.range = start - from..end.max(start) - from;
        } else {
            part.range = start - from..end - from;
        }
        parts.add(Place::Path(path.clone()), part);
    }
}

impl Weight {
    /// The tensor from this place on.
    fn tensor(self, start: u64) -> Option<Tensor> {
        let dtype_name = self.quantization.map_or(self.dtype, |stored| stored.dtype);
        let dtype = match &*dtype_name {
            "float32" => Dtype::F32,
            "float16" => Dtype::F16,
            "int32" => Dtype::I32,
            "uint16" => Dtype::U16,
            "uint8" => Dtype::U8,
            "int8" => Dtype::I8,
            "bool" => Dtype::Bool,
            "complex64" => Dtype::C64,
            _ => return None,
        };
        let len = size::bytes(dtype, size::elements(&self.shape)?)?;
        Some(Tensor {
            name: self.name,
            dtype_name,
            dtype,
            shape: self.shape,
            range: start..start.checked_add(len)?,
        })
    }
}
