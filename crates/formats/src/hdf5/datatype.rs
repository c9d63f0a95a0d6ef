//! What the elements of a dataset are.

use sheaf_codec::Dtype;

use crate::source::le;

pub(super) struct Datatype {
    /// As h5py calls it.
    pub name: String,
    pub dtype: Dtype,
    /// Bytes of an element.
    pub width: u64,
}

impl Datatype {
    /// Reads a message. What is not a number has the dtype of bytes.
    pub fn parse(message: &[u8]) -> Option<Datatype> {
        let class = message.first()? & 15;
        let bits = le(message, 1, 3)?;
        let width = le(message, 4, 4)?;
        let (kind, dtype) = match class {
            0 => integer(bits, width),
            1 => float(message, width),
            // Booleans are an enumeration, whose numbers follow.
            8 if width == 1 => ("bool", Dtype::Bool),
            // Numbers of two floats.
            6 => ("compound", Dtype::Unknown),
            _ => ("other", Dtype::Bytes),
        };
        // The lowest bit says which byte comes first.
        let big = class < 2 && bits & 1 != 0 && width > 1;
        let (order, dtype) = if big {
            (">", Dtype::Unknown)
        } else {
            ("", dtype)
        };
        let name = match class {
            0 | 1 => format!("{order}{kind}{}", width.saturating_mul(8)),
            _ => kind.to_owned(),
        };
        (width > 0).then_some(Datatype { name, dtype, width })
    }
}

fn integer(bits: u64, width: u64) -> (&'static str, Dtype) {
    let signed = bits & 8 != 0;
    let dtype = match (width, signed) {
        (1, false) => Dtype::U8,
        (1, true) => Dtype::I8,
        (2, false) => Dtype::U16,
        (2, true) => Dtype::I16,
        (4, false) => Dtype::U32,
        (4, true) => Dtype::I32,
        (8, false) => Dtype::U64,
        (8, true) => Dtype::I64,
        _ => Dtype::Unknown,
    };
    (if signed { "int" } else { "uint" }, dtype)
}

/// A float is of the usual kind if its exponent has the usual bits.
fn float(message: &[u8], width: u64) -> (&'static str, Dtype) {
    let exponent = (message.get(12).copied(), message.get(13).copied());
    match (width, exponent) {
        (2, (Some(10), Some(5))) => ("float", Dtype::F16),
        (2, (Some(7), Some(8))) => ("bfloat", Dtype::Bf16),
        (4, (Some(23), Some(8))) => ("float", Dtype::F32),
        (8, (Some(52), Some(11))) => ("float", Dtype::F64),
        _ => ("float", Dtype::Unknown),
    }
}
