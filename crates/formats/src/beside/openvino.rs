//! OpenVINO's `.xml`: a graph whose constants are in the `.bin` beside it.

use sheaf_codec::Dtype;

use super::part::{Part, Parts, Place};
use super::xml::{Tag, Tags};
use crate::layout::Tensor;
use crate::size;

/// The most dimensions.
const MAX_DIMS: usize = 64;

/// What the index says, if the text is one.
pub(super) fn read(text: &[u8]) -> Option<Vec<Part>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut tags = Tags::new(text);
    if tags.find(|tag| !tag.name.starts_with('?'))?.name != "net" {
        return None;
    }
    let mut parts = Parts::default();
    let mut layer = None;
    for tag in tags {
        match tag.name {
            "layer" => layer = tag.attribute("name"),
            "data" => {
                if let Some(tensor) = constant(&tag, layer.take().unwrap_or_default()) {
                    parts.add(Place::End(".bin".into()), tensor);
                }
            }
            _ => {}
        }
    }
    Some(parts.into_vec())
}

fn constant(data: &Tag, name: String) -> Option<Tensor> {
    let number = |key| data.attribute(key)?.parse::<u64>().ok();
    let (offset, len) = (number("offset")?, number("size")?);
    let dtype_name = data.attribute("element_type")?;
    let shape = shape(&data.attribute("shape")?)?;
    Some(Tensor {
        dtype: dtype(&dtype_name, &shape, len).unwrap_or(Dtype::Unknown),
        range: offset..offset.checked_add(len)?,
        name,
        dtype_name,
        shape,
    })
}

/// `10, 20`; nothing of a scalar.
fn shape(text: &str) -> Option<Vec<u64>> {
    let dims = text.split(',').map(str::trim).filter(|dim| !dim.is_empty());
    let dims: Vec<u64> = dims.map(|dim| dim.parse().ok()).collect::<Option<_>>()?;
    (dims.len() <= MAX_DIMS).then_some(dims)
}

/// What the bytes are, where they are as many as shape and dtype say.
fn dtype(word: &str, shape: &[u64], len: u64) -> Option<Dtype> {
    let elements = size::elements(shape)?;
    let dtype = match word {
        "f64" => Dtype::F64,
        "f32" => Dtype::F32,
        "f16" => Dtype::F16,
        "bf16" => Dtype::Bf16,
        "f8e4m3" => Dtype::F8E4M3,
        "f8e5m2" => Dtype::F8E5M2,
        "f8e8m0" => Dtype::F8E8M0,
        "i64" => Dtype::I64,
        "i32" => Dtype::I32,
        "i16" => Dtype::I16,
        "i8" => Dtype::I8,
        "u64" => Dtype::U64,
        "u32" => Dtype::U32,
        "u16" => Dtype::U16,
        "u8" => Dtype::U8,
        "boolean" => Dtype::Bool,
        "i4" | "u4" | "nf4" => return (elements.div_ceil(2) == len).then_some(Dtype::U8),
        "u2" => return (elements.div_ceil(4) == len).then_some(Dtype::U8),
        "u1" => return (elements.div_ceil(8) == len).then_some(Dtype::U8),
        _ => return None,
    };
    (size::bytes(dtype, elements) == Some(len)).then_some(dtype)
}
