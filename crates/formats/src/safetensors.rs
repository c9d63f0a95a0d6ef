//! safetensors: a length, a header of JSON, the tensors.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sheaf_codec::Dtype;

use crate::format::{Contents, Format, Found, MAX_HEAD_LEN, MAX_TENSORS};
use crate::layout::Tensor;
use crate::metadata::Metadata;
use crate::{packed, size};

/// The length before the header.
const PREFIX: usize = 8;

/// The most dimensions: PyTorch stops at 64.
const MAX_DIMS: usize = 64;

pub(crate) struct Safetensors;

impl Format for Safetensors {
    fn sniff(&self, head: &[u8]) -> Found {
        // There is no magic, but the header is an object from its first byte.
        if head.len() <= PREFIX {
            return Found::NeedMore(PREFIX + 1);
        }
        let Some(end) = header_end(head) else {
            return Found::No;
        };
        match head.get(PREFIX..end) {
            None => Found::NeedMore(end),
            Some(header) => parse(header, end as u64).map_or(Found::No, Found::Contents),
        }
    }
}

/// Where the header ends, if this can be one.
fn header_end(head: &[u8]) -> Option<usize> {
    let (len, json) = head.split_first_chunk::<PREFIX>()?;
    let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
    let end = len.checked_add(PREFIX)?;
    (json.first() == Some(&b'{') && end <= MAX_HEAD_LEN).then_some(end)
}

fn parse(header: &[u8], data: u64) -> Option<Contents> {
    let header: Header = serde_json::from_slice(header).ok()?;
    let mut tensors = header
        .tensors
        .into_iter()
        .map(|entry| entry.tensor(data))
        .collect::<Option<Vec<_>>>()?;
    // Readers disagree on which of two tensors of one name they take; a file that says so is not to
    // be understood.
    let mut names = HashSet::with_capacity(tensors.len());
    if !tensors.iter().all(|tensor| names.insert(&tensor.name)) {
        return None;
    }
    packed::tell_mxfp4(&mut tensors);
    Some(Contents::with_header(
        "safetensors",
        data,
        tensors,
        header.metadata.into_pairs(),
    ))
}

/// The header, in the order in which it is written.
struct Header<'a> {
    tensors: Vec<Entry<'a>>,
    metadata: Metadata,
}

struct Entry<'a> {
    name: Cow<'a, str>,
    info: Info<'a>,
}

#[derive(Deserialize)]
struct Info<'a> {
    #[serde(borrow)]
    dtype: Cow<'a, str>,
    shape: Shape,
    data_offsets: (u64, u64),
}

impl Entry<'_> {
    /// The tensor, where what is said of it agrees with itself.
    fn tensor(self, data: u64) -> Option<Tensor> {
        let (start, end) = self.info.data_offsets;
        let range = data.checked_add(start)?..data.checked_add(end)?;
        let len = end.checked_sub(start)?;
        let shape = self.info.shape.0;
        let elements = size::elements(&shape)?;
        let dtype = match dtype(&self.info.dtype) {
            Some(dtype) if size::bytes(dtype, elements)? == len => dtype,
            Some(_) => return None,
            // Later versions may bring further dtypes; the rest of the file is good all the same.
            None => Dtype::Unknown,
        };
        let (name, dtype_name) = (self.name.into_owned(), self.info.dtype.into_owned());
        Some(Tensor {
            name,
            dtype_name,
            dtype,
            shape,
            range,
        })
    }
}

fn dtype(word: &str) -> Option<Dtype> {
    Some(match word {
        "BOOL" => Dtype::Bool,
        "U8" => Dtype::U8,
        "I8" => Dtype::I8,
        "U16" => Dtype::U16,
        "I16" => Dtype::I16,
        "U32" => Dtype::U32,
        "I32" => Dtype::I32,
        "U64" => Dtype::U64,
        "I64" => Dtype::I64,
        "BF16" => Dtype::Bf16,
        "F16" => Dtype::F16,
        "F32" => Dtype::F32,
        "F64" => Dtype::F64,
        "C64" => Dtype::C64,
        "F8_E4M3" => Dtype::F8E4M3,
        "F8_E5M2" => Dtype::F8E5M2,
        "F8_E4M3FNUZ" => Dtype::F8E4M3Fnuz,
        "F8_E5M2FNUZ" => Dtype::F8E5M2Fnuz,
        "F8_E8M0" => Dtype::F8E8M0,
        "F6_E2M3" => Dtype::F6E2M3,
        "F6_E3M2" => Dtype::F6E3M2,
        "F4" => Dtype::F4,
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for Header<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a safetensors header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut header = Header {
            tensors: vec![],
            metadata: Metadata::default(),
        };
        while let Some(Name(name)) = map.next_key()? {
            if name == "__metadata__" {
                header.metadata = map.next_value()?;
                continue;
            }
            if header.tensors.len() == MAX_TENSORS {
                return Err(A::Error::custom("too many tensors"));
            }
            header.tensors.push(Entry {
                name,
                info: map.next_value()?,
            });
        }
        Ok(header)
    }
}

/// A string that is borrowed where it has no escapes, as keys are not by themselves.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A shape of a bounded number of dimensions.
struct Shape(Vec<u64>);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shape")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut shape = Vec::new();
        while let Some(n) = seq.next_element()? {
            if shape.len() == MAX_DIMS {
                return Err(A::Error::custom("too many dimensions"));
            }
            shape.push(n);
        }
        Ok(Shape(shape))
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut metadata = Metadata::default();
        while !metadata.is_full() {
            let Some((Name(key), Name(value))) = map.next_entry()? else {
                return Ok(metadata);
            };
            metadata.add(&key, &value);
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(metadata)
    }
}
