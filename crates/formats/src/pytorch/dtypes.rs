//! PyTorch's words for dtypes.

use sheaf_codec::Dtype;

/// A dtype of PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// Its name, without `torch.`.
    pub name: &'static str,
    /// The prefix of its class of storages, where it has one.
    storage: &'static str,
    /// What it is for the codec.
    pub dtype: Dtype,
    /// Bytes of an element.
    pub width: u64,
}

const fn word(name: &'static str, storage: &'static str, dtype: Dtype) -> Word {
    Word {
        name,
        storage,
        dtype,
        width: dtype.block_bytes() as u64,
    }
}

/// Bytes without a dtype of their own.
pub(super) const UNTYPED: Word = word("uint8", "Untyped", Dtype::U8);

const WORDS: &[Word] = &[
    word("float32", "Float", Dtype::F32),
    word("float16", "Half", Dtype::F16),
    word("bfloat16", "BFloat16", Dtype::Bf16),
    word("float64", "Double", Dtype::F64),
    word("int64", "Long", Dtype::I64),
    word("int32", "Int", Dtype::I32),
    word("int16", "Short", Dtype::I16),
    word("int8", "Char", Dtype::I8),
    word("uint8", "Byte", Dtype::U8),
    word("bool", "Bool", Dtype::Bool),
    word("complex64", "ComplexFloat", Dtype::C64),
    word("complex128", "ComplexDouble", Dtype::C128),
    word("complex32", "", Dtype::C32),
    word("qint8", "QInt8", Dtype::I8),
    word("quint8", "QUInt8", Dtype::U8),
    word("qint32", "QInt32", Dtype::I32),
    word("quint4x2", "QUInt4x2", Dtype::U8),
    word("quint2x4", "QUInt2x4", Dtype::U8),
    word("uint16", "", Dtype::U16),
    word("uint32", "", Dtype::U32),
    word("uint64", "", Dtype::U64),
    word("float8_e4m3fn", "", Dtype::F8E4M3),
    word("float8_e5m2", "", Dtype::F8E5M2),
    word("float8_e4m3fnuz", "", Dtype::F8E4M3Fnuz),
    word("float8_e5m2fnuz", "", Dtype::F8E5M2Fnuz),
    word("float8_e8m0fnu", "", Dtype::F8E8M0),
    // Two elements in a byte, which PyTorch counts as one.
    Word {
        name: "float4_e2m1fn_x2",
        storage: "",
        dtype: Dtype::F4,
        width: 1,
    },
];

/// The dtype of a class of storages: `torch.FloatStorage`.
pub(super) fn of_storage(module: &[u8], name: &[u8]) -> Option<Word> {
    let prefix = name.strip_suffix(b"Storage")?;
    if module == b"torch.storage" && prefix == b"Untyped" {
        return Some(UNTYPED);
    }
    let is_it = |word: &&Word| !prefix.is_empty() && word.storage.as_bytes() == prefix;
    (module == b"torch" || module == b"torch.cuda").then(|| WORDS.iter().find(is_it).copied())?
}

/// The dtype `torch.<name>`.
pub(super) fn of_dtype(module: &[u8], name: &[u8]) -> Option<Word> {
    let is_it = |word: &&Word| word.name.as_bytes() == name;
    (module == b"torch").then(|| WORDS.iter().find(is_it).copied())?
}
