//! A TensorFlow checkpoint's `.index`: a table of sorted names, in blocks, of what is where in the data files
//! (`tensor_bundle.proto`).

use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

use super::part::{Part, Parts, Place};
use crate::format::MAX_TENSORS;
use crate::layout::Tensor;
use crate::protobuf::{Reader, Stop, Value, sound, varint};
use crate::read_at::ReadAt;
use crate::size;
use crate::source::Source;

const MAGIC: &[u8; 8] = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb";

/// Two places of blocks, padded, and the magic.
const FOOTER_LEN: u64 = 48;

/// Names are written by what they have other than the one before: so many bytes all of them may come to.
const MAX_NAMES_LEN: usize = 64 << 20;

/// The most dimensions.
const MAX_DIMS: usize = 64;

/// What the index says, if the file is one.
pub(super) fn read(file: &dyn ReadAt) -> io::Result<Option<Vec<Part>>> {
    sound(table(file))
}

fn table(file: &dyn ReadAt) -> Result<Vec<Part>, Stop> {
    let mut source = Source::new(file);
    let footer_at = file.size().checked_sub(FOOTER_LEN).ok_or(Stop::Malformed)?;
    let footer = source.bytes(footer_at, FOOTER_LEN)?;
    let places = footer.strip_suffix(MAGIC).ok_or(Stop::Malformed)?;
    // The first is of blocks that say something of the table.
    let (_, len) = place(places)?;
    let (index, _) = place(&places[len..])?;
    let mut bundle = Bundle::default();
    for entry in Entries::new(&block(&mut source, index)?) {
        let (_, value) = entry?;
        let block = block(&mut source, place(value)?.0)?;
        for entry in Entries::new(&block) {
            let (key, value) = entry?;
            bundle.add(&key, value)?;
        }
    }
    Ok(bundle.parts.into_vec())
}

/// A block's place: its offset and its length; and how long that is as it is written.
fn place(bytes: &[u8]) -> Result<(Range<u64>, usize), Stop> {
    let (at, at_len) = varint(bytes).ok_or(Stop::Malformed)?;
    let (len, len_len) = varint(&bytes[at_len..]).ok_or(Stop::Malformed)?;
    let end = at.checked_add(len).ok_or(Stop::Malformed)?;
    Ok((at..end, at_len + len_len))
}

/// A block, which must not be compressed: checkpoints never are.
fn block(source: &mut Source, place: Range<u64>) -> Result<Vec<u8>, Stop> {
    let len = place.end - place.start;
    let mut block = source.bytes(place.start, len.checked_add(1).ok_or(Stop::Malformed)?)?;
    match block.pop() {
        Some(0) => Ok(block),
        _ => Err(Stop::Malformed),
    }
}

/// The entries of a block: each is the length of what its key shares with the one before, the lengths of the
/// rest of its key and of its value, and those.
struct Entries<'a> {
    bytes: &'a [u8],
    key: Vec<u8>,
}

impl<'a> Entries<'a> {
    fn new(block: &'a [u8]) -> Entries<'a> {
        // At the end are places from which on keys are whole, and how many there are.
        let places = block.last_chunk().map_or(0, |n| u32::from_le_bytes(*n));
        let tail = (places as usize).saturating_add(1).saturating_mul(4);
        Entries {
            bytes: &block[..block.len().saturating_sub(tail)],
            key: vec![],
        }
    }

    fn entry(&mut self) -> Option<(Vec<u8>, &'a [u8])> {
        let mut lens = [0; 3];
        for len in &mut lens {
            let (number, read) = varint(self.bytes)?;
            *len = usize::try_from(number).ok()?;
            self.bytes = &self.bytes[read..];
        }
        let [shared, rest, value] = lens;
        let (rest, bytes) = self.bytes.split_at_checked(rest)?;
        let (value, bytes) = bytes.split_at_checked(value)?;
        self.bytes = bytes;
        if shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(rest);
        Some((self.key.clone(), value))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(Vec<u8>, &'a [u8]), Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.bytes.is_empty()).then(|| self.entry().ok_or(Stop::Malformed))
    }
}

/// What the entries say.
#[derive(Default)]
struct Bundle {
    /// How many data files there are, once that was said.
    shards: Option<u64>,
    big_endian: bool,
    tensors: usize,
    names_len: usize,
    parts: Parts,
}

impl Bundle {
    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), Stop> {
        let Some(shards) = self.shards else {
            // The first has no name.
            return if key.is_empty() {
                self.header(value)
            } else {
                Err(Stop::Malformed)
            };
        };
        self.tensors += 1;
        self.names_len += key.len();
        if self.tensors > MAX_TENSORS || self.names_len > MAX_NAMES_LEN {
            return Err(Stop::Malformed);
        }
        let entry = Entry::parse(value)?;
        // Of a tensor in slices each slice has an entry of its own.
        if entry.sliced || entry.shard >= shards {
            return Ok(());
        }
        let place = Place::End(format!(".data-{:05}-of-{shards:05}", entry.shard));
        if let Some(tensor) = entry.tensor(key, self.big_endian) {
            self.parts.add(place, tensor);
        }
        Ok(())
    }

    fn header(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut shards = 0;
        for_each(bytes, |_, number, value| {
            match (number, value) {
                (1, Value::Number(n)) => shards = *n,
                (2, Value::Number(n)) => self.big_endian = *n != 0,
                _ => {}
            }
            Ok(())
        })?;
        self.shards = Some(shards);
        Ok(())
    }
}

/// Where a tensor is.
#[derive(Default)]
struct Entry {
    dtype: u64,
    shape: Vec<u64>,
    shard: u64,
    offset: u64,
    size: u64,
    sliced: bool,
}

impl Entry {
    fn parse(bytes: &[u8]) -> Result<Entry, Stop> {
        let mut entry = Entry::default();
        for_each(bytes, |reader, number, value| {
            match (number, value) {
                (1, Value::Number(n)) => entry.dtype = *n,
                (2, Value::Bytes(shape)) => entry.shape = dims(reader, shape.clone())?,
                (3, Value::Number(n)) => entry.shard = *n,
                (4, Value::Number(n)) => entry.offset = *n,
                (5, Value::Number(n)) => entry.size = *n,
                (7, Value::Bytes(_)) => entry.sliced = true,
                _ => {}
            }
            Ok(())
        })?;
        Ok(entry)
    }

    fn tensor(self, name: &[u8], big_endian: bool) -> Option<Tensor> {
        let (word, dtype) = dtype(self.dtype);
        let len = size::elements(&self.shape).and_then(|n| size::bytes(dtype, n));
        let known = len == Some(self.size) && !(big_endian && dtype.block_bytes() > 1);
        Some(Tensor {
            name: String::from_utf8_lossy(name).into_owned(),
            dtype_name: match word {
                "" => format!("type {}", self.dtype),
                word => word.to_owned(),
            },
            dtype: if known { dtype } else { Dtype::Unknown },
            shape: self.shape,
            range: self.offset..self.offset.checked_add(self.size)?,
        })
    }
}

/// The sizes of a shape's dimensions.
fn dims(reader: &mut Reader, mut shape: Range<u64>) -> Result<Vec<u64>, Stop> {
    let mut dims = vec![];
    while let Some(field) = reader.next(&mut shape)? {
        let (2, Value::Bytes(mut dim)) = (field.number, field.value) else {
            continue;
        };
        let mut size = 0;
        while let Some(field) = reader.next(&mut dim)? {
            if let (1, Value::Number(n)) = (field.number, field.value) {
                size = n;
            }
        }
        if dims.len() == MAX_DIMS {
            return Err(Stop::Malformed);
        }
        dims.push(size);
    }
    Ok(dims)
}

/// Looks at each field of a message.
fn for_each(
    bytes: &[u8],
    mut look: impl FnMut(&mut Reader, u32, &Value) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut reader = Reader::new(&bytes);
    let mut message = reader.whole();
    while let Some(field) = reader.next(&mut message)? {
        look(&mut reader, field.number, &field.value)?;
    }
    Ok(())
}

/// `DataType` of TensorFlow.
fn dtype(number: u64) -> (&'static str, Dtype) {
    match number {
        1 => ("float32", Dtype::F32),
        2 => ("float64", Dtype::F64),
        3 => ("int32", Dtype::I32),
        4 => ("uint8", Dtype::U8),
        5 => ("int16", Dtype::I16),
        6 => ("int8", Dtype::I8),
        7 => ("string", Dtype::Unknown),
        8 => ("complex64", Dtype::C64),
        9 => ("int64", Dtype::I64),
        10 => ("bool", Dtype::Bool),
        11 => ("qint8", Dtype::I8),
        12 => ("quint8", Dtype::U8),
        13 => ("qint32", Dtype::I32),
        14 => ("bfloat16", Dtype::Bf16),
        15 => ("qint16", Dtype::I16),
        16 => ("quint16", Dtype::U16),
        17 => ("uint16", Dtype::U16),
        18 => ("complex128", Dtype::C128),
        19 => ("float16", Dtype::F16),
        21 => ("variant", Dtype::Unknown),
        22 => ("uint32", Dtype::U32),
        23 => ("uint64", Dtype::U64),
        24 => ("float8_e5m2", Dtype::F8E5M2),
        25 => ("float8_e4m3fn", Dtype::F8E4M3),
        26 => ("float8_e4m3fnuz", Dtype::F8E4M3Fnuz),
        28 => ("float8_e5m2fnuz", Dtype::F8E5M2Fnuz),
        _ => ("", Dtype::Unknown),
    }
}
