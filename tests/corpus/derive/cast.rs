//! The ways to make another version of a model of fp32 tensors. Other tensors stay as they are.

use crate::Outcome;
use crate::narrow::{BF16, E4M3, E5M2, F16, Narrow};
use crate::safetensors::{Model, Tensor};

type Cast = fn(&Model) -> Outcome<Model>;

/// The way with this name.
pub fn named(name: &str) -> Option<Cast> {
    match name {
        "bf16" => Some(|model| each(model, |tensor| vec![narrowed(tensor, BF16, "BF16")])),
        "fp16" => Some(|model| each(model, |tensor| vec![narrowed(tensor, F16, "F16")])),
        "fp8-e5m2" => Some(|model| each(model, |tensor| vec![narrowed(tensor, E5M2, "F8_E5M2")])),
        "fp8-e4m3" => Some(|model| each(model, scaled)),
        "fp16-in-fp32" => Some(|model| each(model, |tensor| vec![through_fp16(tensor)])),
        _ => None,
    }
}

fn each(model: &Model, cast: impl Fn(&Tensor) -> Vec<Tensor>) -> Outcome<Model> {
    let mut tensors = Vec::new();
    for tensor in &model.tensors {
        match tensor.dtype.as_str() {
            "F32" => tensors.extend(cast(tensor)),
            _ => tensors.push(tensor.clone()),
        }
    }
    Ok(Model { tensors })
}

fn values(tensor: &Tensor) -> impl Iterator<Item = f32> {
    let (values, _) = tensor.bytes.as_chunks();
    values.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

fn with_bytes(tensor: &Tensor, dtype: &str, bytes: Vec<u8>) -> Tensor {
    Tensor {
        name: tensor.name.clone(),
        dtype: dtype.into(),
        shape: tensor.shape.clone(),
        bytes,
    }
}

fn narrowed(tensor: &Tensor, to: Narrow, dtype: &str) -> Tensor {
    let bits = values(tensor).map(|value| to.round(value));
    let bytes = match dtype {
        "BF16" | "F16" => bits.flat_map(u16::to_le_bytes).collect(),
        _ => bits.map(|bits| bits as u8).collect(),
    };
    with_bytes(tensor, dtype, bytes)
}

/// As quantised checkpoints have it: matrices scaled to the whole range of fp8, with a scale for
/// each, and the rest in bf16.
fn scaled(tensor: &Tensor) -> Vec<Tensor> {
    const LARGEST: f32 = 448.0;
    let most = values(tensor).fold(0f32, |most, value| most.max(value.abs()));
    if tensor.shape.len() < 2 || most == 0.0 {
        return vec![narrowed(tensor, BF16, "BF16")];
    }
    let scale = most / LARGEST;
    let bytes = values(tensor)
        .map(|value| E4M3.round((value / scale).clamp(-LARGEST, LARGEST)) as u8)
        .collect();
    let scale = Tensor {
        name: format!("{}_scale", tensor.name),
        dtype: "F32".into(),
        shape: vec![1],
        bytes: scale.to_le_bytes().to_vec(),
    };
    vec![with_bytes(tensor, "F8_E4M3", bytes), scale]
}

/// As a model that was trained or published in fp16 and saved in fp32.
fn through_fp16(tensor: &Tensor) -> Tensor {
    let bytes = values(tensor)
        .flat_map(|value| F16.widen(F16.round(value)).to_le_bytes())
        .collect();
    with_bytes(tensor, "F32", bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(values: &[f32], shape: &[u64]) -> Model {
        let tensor = |dtype: &str, bytes| Tensor {
            name: "w".into(),
            dtype: dtype.into(),
            shape: shape.into(),
            bytes,
        };
        let bytes = values.iter().copied().flat_map(f32::to_le_bytes).collect();
        Model {
            tensors: vec![tensor("F32", bytes), tensor("I64", vec![7; 8])],
        }
    }

    fn cast(how: &str, values: &[f32], shape: &[u64]) -> Vec<Tensor> {
        let made = named(how).unwrap()(&model(values, shape)).unwrap();
        assert_eq!(made.tensors.last().unwrap().dtype, "I64");
        made.tensors
    }

    #[test]
    fn fp32_becomes_narrower_and_the_rest_stays() {
        assert_eq!(
            cast("bf16", &[1.0, 0.1], &[2])[0].bytes,
            [0x80, 0x3f, 0xcd, 0x3d]
        );
        assert_eq!(
            cast("fp16", &[1.0, 0.1], &[2])[0].bytes,
            [0x00, 0x3c, 0x66, 0x2e]
        );
        assert_eq!(cast("fp8-e5m2", &[1.0, -1.0], &[2])[0].bytes, [0x3c, 0xbc]);
        let rounded = f32::from_bits(0x3dcc_c000);
        assert_eq!(
            cast("fp16-in-fp32", &[0.1], &[1])[0].bytes,
            rounded.to_le_bytes()
        );
        assert!(named("int4").is_none());
    }

    #[test]
    fn fp8_matrices_use_the_whole_range() {
        let tensors = cast("fp8-e4m3", &[-2.0, 1.0], &[1, 2]);
        assert_eq!(tensors[0].bytes, [0xfe, 0x76]);
        assert_eq!(tensors[1].name, "w_scale");
        assert_eq!(tensors[1].bytes, (2f32 / 448.0).to_le_bytes());
        assert_eq!(cast("fp8-e4m3", &[1.0, 2.0], &[2])[0].dtype, "BF16");
    }
}
