//! The dtypes of ONNX's tensors (`TensorProto.DataType`).

use sheaf_codec::Dtype;

/// A dtype of ONNX.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub name: &'static str,
    pub dtype: Dtype,
    /// How many elements are in a byte, where they are smaller than one: that is not padded.
    pub per_byte: u64,
}

/// The dtype of a number.
pub(super) fn word(number: u64) -> Option<Word> {
    let whole = |name, dtype| Word {
        name,
        dtype,
        per_byte: 1,
    };
    let packed = |name, dtype, per_byte| Word {
        name,
        dtype,
        per_byte,
    };
    Some(match number {
        1 => whole("FLOAT", Dtype::F32),
        2 => whole("UINT8", Dtype::U8),
        3 => whole("INT8", Dtype::I8),
        4 => whole("UINT16", Dtype::U16),
        5 => whole("INT16", Dtype::I16),
        6 => whole("INT32", Dtype::I32),
        7 => whole("INT64", Dtype::I64),
        8 => whole("STRING", Dtype::Bytes),
        9 => whole("BOOL", Dtype::Bool),
        10 => whole("FLOAT16", Dtype::F16),
        11 => whole("DOUBLE", Dtype::F64),
        12 => whole("UINT32", Dtype::U32),
        13 => whole("UINT64", Dtype::U64),
        14 => whole("COMPLEX64", Dtype::C64),
        15 => whole("COMPLEX128", Dtype::C128),
        16 => whole("BFLOAT16", Dtype::Bf16),
        17 => whole("FLOAT8E4M3FN", Dtype::F8E4M3),
        18 => whole("FLOAT8E4M3FNUZ", Dtype::F8E4M3Fnuz),
        19 => whole("FLOAT8E5M2", Dtype::F8E5M2),
        20 => whole("FLOAT8E5M2FNUZ", Dtype::F8E5M2Fnuz),
        21 => packed("UINT4", Dtype::U8, 2),
        22 => packed("INT4", Dtype::U8, 2),
        23 => packed("FLOAT4E2M1", Dtype::F4, 2),
        24 => whole("FLOAT8E8M0", Dtype::F8E8M0),
        25 => packed("UINT2", Dtype::U8, 4),
        26 => packed("INT2", Dtype::U8, 4),
        _ => return None,
    })
}
