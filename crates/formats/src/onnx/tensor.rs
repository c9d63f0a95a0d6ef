//! A tensor of an ONNX file, as its fields come.

use std::ops::Range;

use sheaf_codec::Dtype;

use super::dtypes;
use crate::beside::Place;
use crate::format::{self, Region};
use crate::groups::STANDS_ALONE;
use crate::layout::Tensor;
use crate::protobuf;
use crate::size;
use crate::walk::Finds;

/// The most dimensions.
const MAX_DIMS: usize = 64;

/// How a tensor's elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As they lie in memory.
    Raw,
    /// As numbers of this dtype.
    Typed(Dtype),
    /// Seven bits in a byte, each element as long as it must be.
    Varints,
}

impl Kind {
    /// The kind of the data in the field of a number.
    pub fn of(number: u32) -> Option<Kind> {
        Some(match number {
            4 => Kind::Typed(Dtype::F32),
            5 | 7 | 11 => Kind::Varints,
            9 => Kind::Raw,
            10 => Kind::Typed(Dtype::F64),
            _ => return None,
        })
    }
}

/// Where in another file a tensor's bytes are.
#[derive(Default)]
struct Outside {
    location: Option<String>,
    offset: u64,
    len: Option<u64>,
}

/// What is known of a tensor until its message ends.
#[derive(Default)]
pub(super) struct Draft {
    pub name: String,
    pub dtype: u64,
    pub external: bool,
    /// The last key of what is said about another file.
    pub key: String,
    outside: Outside,
    dims: Vec<u64>,
    /// Where its elements are, and how; and whether that region was found to be data already.
    data: Option<(Kind, Range<u64>)>,
    told: bool,
}

impl Draft {
    /// The next dimension.
    pub fn dim(&mut self, n: u64) {
        if self.dims.len() < MAX_DIMS {
            self.dims.push(n);
        }
    }

    /// Further dimensions.
    pub fn dims_packed(&mut self, mut bytes: &[u8]) {
        while let Some((n, len)) = protobuf::varint(bytes) {
            self.dim(n);
            bytes = &bytes[len..];
        }
    }

    /// A value of what is said about another file.
    pub fn outside(&mut self, value: &str, finds: &mut Finds) {
        match &*self.key {
            "location" => {
                finds.metadata.add_new("external_data", value);
                self.outside.location = Some(value.to_owned());
            }
            "offset" => self.outside.offset = value.parse().unwrap_or(u64::MAX),
            "length" => self.outside.len = value.parse().ok(),
            _ => {}
        }
    }

    /// Its elements. Data that stands alone anyway is told at once, for it may be long; of other data
    /// the name matters, which may come after it.
    pub fn data(&mut self, kind: Kind, range: Range<u64>, finds: &mut Finds) {
        if self.data.is_some() {
            return;
        }
        let long = range.end - range.start >= STANDS_ALONE;
        self.data = Some((kind, range));
        if long {
            self.tell(finds);
        }
    }

    /// The tensor has ended.
    pub fn finish(mut self, finds: &mut Finds) {
        self.tell(finds);
        if self.external {
            self.finish_outside(finds);
        } else if let Some((kind, range)) = self.data.take() {
            let dtype = self.region_dtype(kind, &range);
            finds.tensor(self.tensor(dtype, range));
        }
    }

    /// The same of one whose bytes are in another file.
    fn finish_outside(mut self, finds: &mut Finds) {
        let Outside {
            location,
            offset,
            len,
        } = std::mem::take(&mut self.outside);
        let (Some(location), Some(len)) = (location, len.or_else(|| self.raw_len())) else {
            return;
        };
        let Some(end) = offset.checked_add(len) else {
            return;
        };
        let dtype = self.raw_dtype(len).unwrap_or(Dtype::Unknown);
        let tensor = self.tensor(dtype, offset..end);
        finds.beside.add(Place::Path(location), tensor);
    }

    fn tensor(self, dtype: Dtype, range: Range<u64>) -> Tensor {
        let word = dtypes::word(self.dtype);
        let dtype_name = word.map_or_else(
            || format!("type {}", self.dtype),
            |word| word.name.to_owned(),
        );
        Tensor {
            name: self.name,
            dtype_name,
            dtype,
            shape: self.dims,
            range,
        }
    }

    fn tell(&mut self, finds: &mut Finds) {
        let Some((kind, range)) = self.data.clone().filter(|_| !self.told) else {
            return;
        };
        self.told = true;
        finds.data(Region {
            dtype: self.region_dtype(kind, &range),
            row: format::row(&self.dims),
            key: format::key(&self.name),
            range,
        });
    }

    /// What the bytes are, where they are as many as shape and dtype say.
    fn region_dtype(&self, kind: Kind, range: &Range<u64>) -> Dtype {
        match kind {
            Kind::Varints => Dtype::Unknown,
            Kind::Typed(dtype) => dtype,
            Kind::Raw => self
                .raw_dtype(range.end - range.start)
                .unwrap_or(Dtype::Unknown),
        }
    }

    fn raw_dtype(&self, len: u64) -> Option<Dtype> {
        let word = dtypes::word(self.dtype)?;
        (self.raw_len() == Some(len)).then_some(word.dtype)
    }

    /// How many bytes shape and dtype say.
    fn raw_len(&self) -> Option<u64> {
        let word = dtypes::word(self.dtype)?;
        let elements = size::elements(&self.dims)?;
        if word.per_byte == 1 {
            return size::bytes(word.dtype, elements);
        }
        Some(elements.div_ceil(word.per_byte))
    }
}
