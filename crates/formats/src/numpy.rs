//! NumPy's `.npy`: a magic, a dictionary in Python's words, the array.

use sheaf_codec::Dtype;

use crate::format::{Contents, Format, Found};
use crate::layout::Tensor;
use crate::size;

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header: NumPy itself takes no longer one without being asked to.
const MAX_HEADER_LEN: usize = 64 << 10;

/// The most dimensions: NumPy has 64.
const MAX_DIMS: usize = 64;

pub(crate) struct Numpy;

impl Format for Numpy {
    fn sniff(&self, head: &[u8]) -> Found {
        match head.get(..MAGIC.len()) {
            Some(MAGIC) => {}
            None if MAGIC.starts_with(head) => return Found::NeedMore(MAGIC.len()),
            _ => return Found::No,
        }
        // Magic, version, length of the header.
        let (start, len) = match head.get(6..12) {
            Some(&[1, _, a, b, ..]) => (10, usize::from(u16::from_le_bytes([a, b]))),
            Some(&[2 | 3, _, a, b, c, d]) => (12, u32::from_le_bytes([a, b, c, d]) as usize),
            Some(_) => return Found::No,
            None => return Found::NeedMore(12),
        };
        if len > MAX_HEADER_LEN {
            return Found::No;
        }
        match head.get(start..start + len) {
            None => Found::NeedMore(start + len),
            Some(header) => Found::Contents(contents(header, (start + len) as u64)),
        }
    }
}

fn contents(header: &[u8], data: u64) -> Contents {
    let tensors = std::str::from_utf8(header)
        .ok()
        .and_then(|header| tensor(header, data))
        .into_iter()
        .collect();
    Contents::with_header("numpy", data, tensors, vec![])
}

/// The array, where its elements are numbers.
fn tensor(header: &str, data: u64) -> Option<Tensor> {
    let word = quoted(value(header, "descr")?)?;
    let (dtype, width) = dtype(word)?;
    let mut shape = numbers(value(header, "shape")?)?;
    if value(header, "fortran_order")?.starts_with("True") {
        // As it lies in memory.
        shape.reverse();
    }
    let len = size::elements(&shape)?.checked_mul(width)?;
    Some(Tensor {
        name: String::new(),
        dtype_name: word.to_owned(),
        dtype,
        shape,
        range: data..data.checked_add(len)?,
    })
}

/// What comes behind a key. Keys are those of NumPy, and no value has a quoted word of theirs.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, behind) = header.split_once(&format!("'{key}'"))?;
    Some(behind.trim_start().strip_prefix(':')?.trim_start())
}

fn quoted(value: &str) -> Option<&str> {
    let (word, _) = value.strip_prefix('\'')?.split_once('\'')?;
    Some(word)
}

/// The numbers of a tuple: `()`, `(3,)`, `(3, 4)`.
fn numbers(value: &str) -> Option<Vec<u64>> {
    let (inner, _) = value.strip_prefix('(')?.split_once(')')?;
    let mut numbers = Vec::new();
    for word in inner.split(',').map(str::trim).filter(|w| !w.is_empty()) {
        if numbers.len() == MAX_DIMS {
            return None;
        }
        numbers.push(word.trim_end_matches('L').parse().ok()?);
    }
    Some(numbers)
}

/// A dtype in NumPy's words, `<f4`, and the bytes of an element. What is not in the order of bytes
/// that the codec knows is unknown to it, and so are records and text.
fn dtype(word: &str) -> Option<(Dtype, u64)> {
    let kind = word.get(1..)?;
    let dtype = match kind {
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "c8" => Dtype::C64,
        "c16" => Dtype::C128,
        "i1" => Dtype::I8,
        "i2" => Dtype::I16,
        "i4" => Dtype::I32,
        "i8" | "M8[ns]" | "m8[ns]" => Dtype::I64,
        "u1" => Dtype::U8,
        "u2" => Dtype::U16,
        "u4" => Dtype::U32,
        "u8" => Dtype::U64,
        "b1" => Dtype::Bool,
        _ => return other(kind),
    };
    let little = matches!(word.as_bytes()[0], b'<' | b'|' | b'=');
    let known = if little { dtype } else { Dtype::Unknown };
    Some((known, dtype.block_bytes() as u64))
}

/// Elements of so many bytes: text, void (what bfloat16 is saved as), long doubles.
fn other(kind: &str) -> Option<(Dtype, u64)> {
    let (letter, width) = kind.split_at_checked(1)?;
    let width: u64 = width.parse().ok()?;
    match letter {
        "V" | "S" | "f" => Some((Dtype::Unknown, width)),
        "U" => Some((Dtype::Unknown, width.checked_mul(4)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let of = |header: &str| tensor(header, 128).map(|t| (t.dtype, t.shape, t.range));
        assert_eq!(
            of("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }      \n"),
            Some((Dtype::F32, vec![3, 5], 128..188))
        );
        assert_eq!(
            of("{'descr': '|V2', 'fortran_order': True, 'shape': (3, 5), }"),
            Some((Dtype::Unknown, vec![5, 3], 128..158))
        );
        assert_eq!(
            of("{'descr': '>i8', 'fortran_order': False, 'shape': (), }"),
            Some((Dtype::Unknown, vec![], 128..136))
        );
        assert_eq!(
            of("{'shape':(7L,),'fortran_order':False,'descr':'|b1'}"),
            Some((Dtype::Bool, vec![7], 128..135))
        );
        for unknown in [
            "",
            "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 9), }",
        ] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }
}
