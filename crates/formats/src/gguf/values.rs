//! The values of GGUF's pairs.

use std::borrow::Cow;
use std::fmt;

use sheaf_codec::Dtype;

use super::cursor::{Cursor, Stop};

/// How deep arrays of arrays may go; ggml itself has none.
const MAX_DEPTH: u32 = 4;

/// A value, as far as it is of interest.
pub(super) enum Value<'a> {
    Unsigned(u64),
    Signed(i64),
    Single(f32),
    Double(f64),
    Bool(bool),
    Text(Cow<'a, str>),
    /// What its elements are, and their number.
    Array(Kind, u64),
}

impl<'a> Value<'a> {
    pub fn parse(cursor: &mut Cursor<'a>) -> Result<Value<'a>, Stop> {
        let kind = Kind::parse(cursor)?;
        Ok(match kind {
            Kind::U8 => Value::Unsigned(u8::from_le_bytes(cursor.array()?).into()),
            Kind::I8 => Value::Signed(i8::from_le_bytes(cursor.array()?).into()),
            Kind::U16 => Value::Unsigned(u16::from_le_bytes(cursor.array()?).into()),
            Kind::I16 => Value::Signed(i16::from_le_bytes(cursor.array()?).into()),
            Kind::U32 => Value::Unsigned(cursor.u32()?.into()),
            Kind::I32 => Value::Signed(i32::from_le_bytes(cursor.array()?).into()),
            Kind::U64 => Value::Unsigned(cursor.u64()?),
            Kind::I64 => Value::Signed(i64::from_le_bytes(cursor.array()?)),
            Kind::F32 => Value::Single(f32::from_le_bytes(cursor.array()?)),
            Kind::F64 => Value::Double(f64::from_le_bytes(cursor.array()?)),
            Kind::Bool => Value::Bool(cursor.array::<1>()? != [0]),
            Kind::Text => Value::Text(cursor.text()?),
            Kind::Array => array(cursor, MAX_DEPTH)?,
        })
    }

    /// Its value, if it is a number that is not negative.
    pub fn integer(&self) -> Option<u64> {
        match *self {
            Value::Unsigned(n) => Some(n),
            Value::Signed(n) => u64::try_from(n).ok(),
            _ => None,
        }
    }

    /// What numbers it has and how many bytes of them, if it is an array of such.
    pub fn numbers(&self) -> Option<(Dtype, u64)> {
        match *self {
            Value::Array(kind, len) => {
                let dtype = kind.dtype()?;
                Some((dtype, len.checked_mul(dtype.block_bytes() as u64)?))
            }
            _ => None,
        }
    }
}

/// Passes over an array.
fn array<'a>(cursor: &mut Cursor<'a>, depth: u32) -> Result<Value<'a>, Stop> {
    let kind = Kind::parse(cursor)?;
    let len = cursor.u64()?;
    match kind.width() {
        Some(width) => {
            cursor.take(len.checked_mul(width).ok_or(Stop::Malformed)?)?;
        }
        // Each step takes bytes, so that the head's length bounds the loop, whatever `len` is.
        None if kind == Kind::Text => {
            for _ in 0..len {
                let bytes = cursor.u64()?;
                cursor.take(bytes)?;
            }
        }
        None if depth == 0 => return Err(Stop::Malformed),
        None => {
            for _ in 0..len {
                array(cursor, depth - 1)?;
            }
        }
    }
    Ok(Value::Array(kind, len))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    Text,
    Array,
    U64,
    I64,
    F64,
}

impl Kind {
    /// In the order of their numbers.
    const ALL: [Kind; 13] = [
        Kind::U8,
        Kind::I8,
        Kind::U16,
        Kind::I16,
        Kind::U32,
        Kind::I32,
        Kind::F32,
        Kind::Bool,
        Kind::Text,
        Kind::Array,
        Kind::U64,
        Kind::I64,
        Kind::F64,
    ];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Kind, Stop> {
        Kind::ALL
            .get(cursor.u32()? as usize)
            .copied()
            .ok_or(Stop::Malformed)
    }

    /// Bytes of a value, where all have the same.
    fn width(self) -> Option<u64> {
        self.dtype().map(|dtype| dtype.block_bytes() as u64)
    }

    /// The dtype of numbers.
    fn dtype(self) -> Option<Dtype> {
        Some(match self {
            Kind::U8 => Dtype::U8,
            Kind::I8 => Dtype::I8,
            Kind::U16 => Dtype::U16,
            Kind::I16 => Dtype::I16,
            Kind::U32 => Dtype::U32,
            Kind::I32 => Dtype::I32,
            Kind::U64 => Dtype::U64,
            Kind::I64 => Dtype::I64,
            Kind::F32 => Dtype::F32,
            Kind::F64 => Dtype::F64,
            Kind::Bool => Dtype::Bool,
            Kind::Text | Kind::Array => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Kind::U8 => "u8",
            Kind::I8 => "i8",
            Kind::U16 => "u16",
            Kind::I16 => "i16",
            Kind::U32 => "u32",
            Kind::I32 => "i32",
            Kind::F32 => "f32",
            Kind::Bool => "bool",
            Kind::Text => "string",
            Kind::Array => "array",
            Kind::U64 => "u64",
            Kind::I64 => "i64",
            Kind::F64 => "f64",
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unsigned(n) => n.fmt(f),
            Value::Signed(n) => n.fmt(f),
            // Debug writes what is very large or small with an exponent.
            Value::Single(n) => write!(f, "{n:?}"),
            Value::Double(n) => write!(f, "{n:?}"),
            Value::Bool(n) => n.fmt(f),
            Value::Text(text) => f.write_str(text),
            Value::Array(kind, len) => write!(f, "[{}; {len}]", kind.word()),
        }
    }
}
