//! A tensor of an ONNX file, as its fields come.

use std::ops::Range;

use sheaf_codec::Dtype;

use super::dtypes;
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

/// What is known of a tensor until its message ends.
#[derive(Default)]
pub(super) struct Draft {
    pub name: String,
    pub dtype: u64,
    pub external: bool,
    /// The last key of what is said about another file.
    pub key: String,
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
        let Some((kind, range)) = self.data.take() else {
            return;
        };
        if self.external {
            return;
        }
        let word = dtypes::word(self.dtype);
        let dtype_name = word.map_or_else(
            || format!("type {}", self.dtype),
            |word| word.name.to_owned(),
        );
        finds.tensor(Tensor {
            dtype: self.region_dtype(kind, &range),
            name: self.name,
            dtype_name,
            shape: self.dims,
            range,
        });
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
        let elements = size::elements(&self.dims)?;
        let expected = if word.per_byte == 1 {
            size::bytes(word.dtype, elements)?
        } else {
            elements.div_ceil(word.per_byte)
        };
        (expected == len).then_some(word.dtype)
    }
}
