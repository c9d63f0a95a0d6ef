//! Which parts of a file may be rounded.

use std::io;
use std::ops::Range;

use super::float::Float;
use super::sums::{self, Patch};
use crate::layout::{Tensor, layout};
use crate::read_at::ReadAt;
use crate::zip;

/// Bytes per read, of whole elements.
const READ_LEN: usize = 1 << 20;

/// How many bits behind the point are kept: 1 to 52.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits(u8);

impl Bits {
    /// The most, beyond which no float of at most 1 has digits worth the name.
    pub const MAX: u8 = 52;

    /// So many bits, if they can be had.
    pub fn new(bits: u8) -> Option<Bits> {
        (1..=Bits::MAX).contains(&bits).then_some(Bits(bits))
    }

    /// How many.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// What of a file is to be rounded, and to how many bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounding {
    pub(super) bits: Bits,
    /// In the order of the file, without overlaps.
    pub(super) parts: Vec<Part>,
    /// What else becomes other: in the order of the file.
    pub(super) patches: Vec<Patch>,
}

/// A run of floats that are rounded together: a tensor, or several that share bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub range: Range<u64>,
    pub float: Float,
    /// Of the tensors in it, at least one.
    pub names: Vec<String>,
}

impl Rounding {
    /// Reads a file's floats and finds those tensors that are near enough to 0.
    pub fn plan(file: &dyn ReadAt, bits: Bits) -> io::Result<Rounding> {
        let mut parts = candidates(file)?;
        let mut failed = None;
        parts.retain(|part| {
            failed.is_none()
                && is_small(file, part).unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let patches = vec![];
        let mut rounding = Rounding {
            bits,
            parts,
            patches,
        };
        if !rounding.parts.is_empty() && is_zip(file)? {
            sums::patch(file, &mut rounding)?;
        }
        Ok(rounding)
    }

    /// To how many bits.
    pub fn bits(&self) -> Bits {
        self.bits
    }
}

/// The formats whose tensors may become others: those that have no sums of them, but for the zip's,
/// which are put right.
const FORMATS: &[&str] = &["safetensors", "gguf", "pytorch", "onnx", "numpy", "npz"];

/// The tensors whose dtype and place allow it.
fn candidates(file: &dyn ReadAt) -> io::Result<Vec<Part>> {
    let mut parts: Vec<(Range<u64>, Option<Part>)> = vec![];
    let layout = layout(file)?;
    if !FORMATS.contains(&layout.format) {
        return Ok(vec![]);
    }
    for tensor in layout.tensors {
        if tensor.range.is_empty() {
            continue;
        }
        match parts.last_mut() {
            Some((range, part)) if tensor.range.start < range.end => {
                range.end = range.end.max(tensor.range.end);
                *part = part.take().and_then(|part| together(part, &tensor));
            }
            _ => parts.push((tensor.range.clone(), alone(&tensor))),
        }
    }
    Ok(parts.into_iter().filter_map(|(_, part)| part).collect())
}

/// A zip has a sum of each entry's bytes.
fn is_zip(file: &dyn ReadAt) -> io::Result<bool> {
    let mut head = [0; 4];
    if file.size() < head.len() as u64 {
        return Ok(false);
    }
    file.read_exact_at(0, &mut head)?;
    Ok(head == zip::MAGIC)
}

fn alone(tensor: &Tensor) -> Option<Part> {
    let float = Float::of(tensor.dtype)?;
    let len = tensor.range.end - tensor.range.start;
    len.is_multiple_of(float.width as u64).then(|| Part {
        range: tensor.range.clone(),
        float,
        names: vec![tensor.name.clone()],
    })
}

/// A part and a tensor that begins in it, where the floats of both are the same ones.
fn together(mut part: Part, tensor: &Tensor) -> Option<Part> {
    let one = alone(tensor)?;
    let distance = one.range.start - part.range.start;
    if one.float != part.float || !distance.is_multiple_of(one.float.width as u64) {
        return None;
    }
    part.range.end = part.range.end.max(one.range.end);
    part.names.extend(one.names);
    Some(part)
}

fn is_small(file: &dyn ReadAt, part: &Part) -> io::Result<bool> {
    let mut buffer = vec![0; READ_LEN];
    let mut at = part.range.start;
    while at < part.range.end {
        let len = (part.range.end - at).min(READ_LEN as u64) as usize;
        file.read_exact_at(at, &mut buffer[..len])?;
        if !part.float.are_small(&buffer[..len]) {
            return Ok(false);
        }
        at += len as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use sheaf_codec::Dtype;

    use super::*;

    fn tensor(name: &str, dtype: &str, start: usize, end: usize) -> String {
        let width = if dtype == "F32" { 4 } else { 2 };
        let shape = (end - start) / width;
        format!(
            r#""{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{start},{end}]}}"#
        )
    }

    fn file(tensors: &[String], data: &[u8]) -> Vec<u8> {
        let header = format!("{{{}}}", tensors.join(","));
        let len = (header.len() as u64).to_le_bytes();
        [&len, header.as_bytes(), data].concat()
    }

    fn names(file: &[u8]) -> Vec<String> {
        let plan = Rounding::plan(&file, Bits::new(8).unwrap()).unwrap();
        plan.parts.into_iter().flat_map(|part| part.names).collect()
    }

    #[test]
    fn tensors_near_zero_are_rounded() {
        let mut data = vec![0; 60];
        data[16..20].copy_from_slice(&f32::NAN.to_le_bytes());
        data[24..28].copy_from_slice(&(-1.01_f32).to_le_bytes());
        data[40..44].copy_from_slice(&(-1_f32).to_le_bytes());
        let tensors = [
            tensor("good", "F32", 0, 12),
            tensor("nan", "F32", 12, 24),
            tensor("big", "F32", 24, 36),
            tensor("one", "F32", 36, 48),
            tensor("ints", "I16", 48, 52),
            tensor("empty", "F16", 52, 52),
            tensor("half", "F16", 52, 60),
        ];
        assert_eq!(names(&file(&tensors, &data)), ["good", "one", "half"]);
        assert!(names(b"").is_empty());
        assert!(names(b"PK\x03\x04").is_empty());
    }

    fn view(name: &str, dtype: Dtype, range: Range<u64>) -> Tensor {
        Tensor {
            name: name.into(),
            dtype_name: String::new(),
            dtype,
            shape: vec![],
            range,
        }
    }

    #[test]
    fn views_go_together_where_their_floats_are_the_same() {
        let part = alone(&view("a", Dtype::F32, 4..44)).unwrap();
        let both = together(part.clone(), &view("b", Dtype::F32, 24..64)).unwrap();
        assert_eq!((both.range, both.names.len()), (4..64, 2));
        assert_eq!(together(part.clone(), &view("b", Dtype::F32, 26..46)), None);
        assert_eq!(together(part, &view("b", Dtype::F64, 20..44)), None);
        assert_eq!(alone(&view("odd", Dtype::F64, 0..12)), None);
    }

    #[test]
    fn bits_are_few() {
        assert!(Bits::new(0).is_none() && Bits::new(53).is_none());
        assert_eq!(Bits::new(52).map(Bits::get), Some(52));
    }
}
