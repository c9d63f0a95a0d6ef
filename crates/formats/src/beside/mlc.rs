//! MLC's `ndarray-cache.json` (`tensor-cache.json`): which parameters are where in `params_shard_N.bin`.

use serde::Deserialize;
use sheaf_codec::Dtype;

use super::part::{Part, Parts, Place};
use crate::layout::Tensor;
use crate::size;

#[derive(Deserialize)]
struct Index {
    records: Vec<Shard>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shard {
    data_path: String,
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    name: String,
    shape: Vec<u64>,
    dtype: String,
    format: String,
    nbytes: u64,
    byte_offset: u64,
}

/// What the index says, if the text is one.
pub(super) fn read(text: &[u8]) -> Option<Vec<Part>> {
    let index: Index = serde_json::from_slice(text).ok()?;
    let mut parts = Parts::default();
    for shard in index.records {
        let place = Place::Path(shard.data_path);
        let tensors = shard.records.into_iter().filter_map(Record::tensor);
        tensors.for_each(|tensor| parts.add(place.clone(), tensor));
    }
    Some(parts.into_vec())
}

impl Record {
    fn tensor(self) -> Option<Tensor> {
        // Singles whose lower halves were left away.
        let word = match &*self.format {
            "f32-to-bf16" if self.dtype == "float32" => "bfloat16",
            _ => &*self.dtype,
        };
        let dtype = dtype(word);
        let len = size::elements(&self.shape).and_then(|n| size::bytes(dtype, n));
        Some(Tensor {
            dtype_name: word.to_owned(),
            dtype: if len == Some(self.nbytes) {
                dtype
            } else {
                Dtype::Unknown
            },
            range: self.byte_offset..self.byte_offset.checked_add(self.nbytes)?,
            name: self.name,
            shape: self.shape,
        })
    }
}

fn dtype(word: &str) -> Dtype {
    match word {
        "float64" => Dtype::F64,
        "float32" => Dtype::F32,
        "float16" => Dtype::F16,
        "bfloat16" => Dtype::Bf16,
        "float8_e4m3fn" => Dtype::F8E4M3,
        "float8_e5m2" => Dtype::F8E5M2,
        "int64" => Dtype::I64,
        "int32" => Dtype::I32,
        "int16" => Dtype::I16,
        "int8" => Dtype::I8,
        // Words of packed quants, as in safetensors.
        "uint32" => Dtype::U32,
        "uint16" => Dtype::U16,
        "uint8" => Dtype::U8,
        "bool" => Dtype::Bool,
        _ => Dtype::Unknown,
    }
}
