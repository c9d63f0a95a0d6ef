//! Protocol buffers, read in place and without a schema: the fields of a message, one by one.
//!
//! A message is a range of the file. Its fields are numbers or ranges in turn, so that nothing is
//! read but tags, lengths and what a format asks for: the gigabytes of a tensor are one step. What
//! is nested is looked into by who knows that it is a message; nothing here recurses.

use std::io;
use std::ops::Range;

use crate::read_at::{ReadAt, Window};

/// The most fields that are read of one file: a model of 100,000 tensors has about 2 million.
const MAX_FIELDS: usize = 4 << 20;

/// The longest tag and number together, each of at most 10 bytes.
pub(crate) const MAX_FIELD_LEN: usize = 20;

/// Why a message could not be read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file could not be read.
    Read(io::Error),
    /// This is no message.
    Malformed,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Read(error)
    }
}

/// What was read, or nothing where it was no message.
pub(crate) fn sound<T>(result: Result<T, Stop>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Malformed) => Ok(None),
        Err(Stop::Read(error)) => Err(error),
    }
}

/// A field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its number in the schema.
    pub number: u32,
    pub value: Value,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// An integer, an enumeration or a boolean.
    Number(u64),
    /// The bits of a double or a wide integer.
    Fixed64(u64),
    /// The bits of a float or an integer.
    Fixed32(u32),
    /// A string, bytes, a message or packed numbers: where they are in the file.
    Bytes(Range<u64>),
}

/// Reads messages of one file, of a bounded number of fields in all.
pub(crate) struct Reader<'a> {
    window: Window<'a>,
    size: u64,
    /// How many fields may still be read.
    left: usize,
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a dyn ReadAt) -> Reader<'a> {
        Reader {
            window: Window::new(file),
            size: file.size(),
            left: MAX_FIELDS,
        }
    }

    /// The whole file as a message.
    pub fn whole(&self) -> Range<u64> {
        0..self.size
    }

    /// The next field of a message, which then begins behind it; none at its end.
    pub fn next(&mut self, message: &mut Range<u64>) -> Result<Option<Field>, Stop> {
        if message.start >= message.end {
            return Ok(None);
        }
        self.left = self.left.checked_sub(1).ok_or(Stop::Malformed)?;
        let bytes = self.at(message.clone(), MAX_FIELD_LEN)?;
        let (field, len) = parse(bytes, message.start).ok_or(Stop::Malformed)?;
        let end = match &field.value {
            Value::Bytes(range) => range.end,
            _ => message.start + len as u64,
        };
        if end > message.end {
            return Err(Stop::Malformed);
        }
        message.start = end;
        Ok(Some(field))
    }

    /// The first bytes of a range, as many as it has up to `max`.
    fn at(&mut self, range: Range<u64>, max: usize) -> Result<&[u8], Stop> {
        let len = (range.end - range.start).min(max as u64);
        let bytes = self.window.from(range.start, len as usize)?;
        bytes.get(..len as usize).ok_or(Stop::Malformed)
    }
}

/// The field that some bytes begin with, and the length of it: of one with a range, of what is
/// before that. `at` is where in the file they are.
pub(crate) fn parse(bytes: &[u8], at: u64) -> Option<(Field, usize)> {
    let (tag, tag_len) = varint(bytes)?;
    let number = u32::try_from(tag >> 3).ok().filter(|&n| n > 0)?;
    let rest = &bytes[tag_len..];
    let (value, len) = match tag & 7 {
        0 => {
            let (number, len) = varint(rest)?;
            (Value::Number(number), len)
        }
        1 => (Value::Fixed64(u64::from_le_bytes(*rest.first_chunk()?)), 8),
        2 => {
            let (claimed, len) = varint(rest)?;
            let start = at.checked_add((tag_len + len) as u64)?;
            (Value::Bytes(start..start.checked_add(claimed)?), len)
        }
        5 => (Value::Fixed32(u32::from_le_bytes(*rest.first_chunk()?)), 4),
        // Groups, which nobody writes any more.
        _ => return None,
    };
    Some((Field { number, value }, tag_len + len))
}

/// A number of seven bits in each byte, the lowest first; and how many bytes it takes.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (i, &byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        // Of the tenth byte there is room for one bit.
        if i == 9 && bits > 1 {
            return None;
        }
        number |= bits << (7 * i);
        if byte & 0x80 == 0 {
            return Some((number, i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn fields(bytes: &[u8]) -> Result<Vec<Field>, Stop> {
        let mut reader = Reader::new(&bytes);
        let mut message = reader.whole();
        let mut fields = vec![];
        while let Some(field) = reader.next(&mut message)? {
            fields.push(field);
        }
        Ok(fields)
    }

    #[test]
    fn fields_of_each_wire_type() {
        let bytes: &[u8] = b"\x08\x96\x01\x11\x01\0\0\0\0\0\0\0\x1a\x03abc\x25\x02\0\0\0";
        let field = |number, value| Field { number, value };
        let expected = [
            field(1, Value::Number(150)),
            field(2, Value::Fixed64(1)),
            field(3, Value::Bytes(14..17)),
            field(4, Value::Fixed32(2)),
        ];
        assert_eq!(fields(bytes).unwrap(), expected);
    }

    #[test]
    fn what_is_no_message() {
        let unsound: [&[u8]; 7] = [
            b"\x08",
            b"\x00\x01",
            b"\x0a\x05abc",
            b"\x0b",
            b"\x0d\0\0\0",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ];
        for bytes in unsound {
            assert!(matches!(fields(bytes), Err(Stop::Malformed)), "{bytes:?}");
        }
    }

    #[test]
    fn fields_behind_long_ones_are_found() {
        let mut bytes = b"\x0a\x80\x80\x08".to_vec();
        bytes.resize(4 + (128 << 10), 7);
        bytes.extend(b"\x10\x09");
        let fields = fields(&bytes).unwrap();
        assert_eq!(fields[0].value, Value::Bytes(4..4 + (128 << 10)));
        assert_eq!(fields[1].value, Value::Number(9));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes(bytes in vec(any::<u8>(), 0..200)) {
            if let Ok(fields) = fields(&bytes) {
                for field in fields {
                    if let Value::Bytes(range) = field.value {
                        prop_assert!(range.start <= range.end && range.end <= bytes.len() as u64);
                    }
                }
            }
        }
    }
}
