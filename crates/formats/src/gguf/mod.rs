//! GGUF, versions 2 and 3: a header of typed pairs, a table of tensors, the tensors.

mod cursor;
mod values;

use std::ops::Range;

use sheaf_codec::Dtype;

use crate::format::{self, Contents, Format, Found, MAX_HEAD_LEN, MAX_TENSORS, Region};
use crate::layout::Tensor;
use crate::metadata::Metadata;
use crate::size;
use cursor::{Cursor, Stop};

/// The most dimensions: ggml has 4.
const MAX_DIMS: u32 = 8;

/// Where tensors begin at a multiple of, if the file does not say.
const DEFAULT_ALIGNMENT: u64 = 32;

/// The least that is asked for: enough for a header without a tokenizer.
const FIRST_LEN: usize = 64 << 10;

/// From so many bytes on an array of numbers in the header, such as a tokenizer's scores, is cut as a tensor would be.
const LONG_ARRAY: u64 = 64 << 10;

pub(crate) struct Gguf;

impl Format for Gguf {
    fn sniff(&self, head: &[u8]) -> Found {
        if head.len() < 4 {
            let magic = b"GGUF".starts_with(head);
            return if magic { Found::NeedMore(4) } else { Found::No };
        }
        match parse(head) {
            Ok(contents) => Found::Contents(contents),
            Err(Stop::Malformed) => Found::No,
            // Parsing begins anew each time, so the head is doubled: the sum stays linear.
            Err(Stop::Short(len)) if len <= MAX_HEAD_LEN => {
                Found::NeedMore(len.max(2 * head.len()).clamp(FIRST_LEN, MAX_HEAD_LEN))
            }
            Err(Stop::Short(_)) => Found::No,
        }
    }
}

fn parse(head: &[u8]) -> Result<Contents, Stop> {
    let mut cursor = Cursor::new(head);
    if cursor.array()? != *b"GGUF" || !matches!(cursor.u32()?, 2 | 3) {
        return Err(Stop::Malformed);
    }
    let tensors = usize::try_from(cursor.u64()?).map_err(|_| Stop::Malformed)?;
    let pairs = cursor.u64()?;
    if tensors > MAX_TENSORS {
        return Err(Stop::Malformed);
    }
    let Pairs {
        metadata,
        alignment,
        arrays,
    } = pairs_of(&mut cursor, pairs)?;
    let mut entries = Vec::new();
    for _ in 0..tensors {
        entries.push(Entry::parse(&mut cursor)?);
    }
    // Padding that the file lacks at its end is no reason to ask for more.
    let data = (cursor.position() as u64).next_multiple_of(alignment);
    let tensors = place(entries, data).ok_or(Stop::Malformed)?;
    let mut contents = Contents::with_header("gguf", data, tensors, metadata.into_pairs());
    contents.regions.splice(..1, header(data, arrays));
    Ok(contents)
}

/// The header's regions: long arrays, and what lies around them.
fn header(end: u64, arrays: Vec<Region>) -> Vec<Region> {
    let text = |range| Region {
        range,
        dtype: Dtype::Bytes,
        row: 0,
        key: 0,
    };
    let mut regions = Vec::with_capacity(2 * arrays.len() + 1);
    let mut start = 0;
    for array in arrays {
        let Range { start: until, end } = array.range;
        regions.extend([text(start..until), array]);
        start = end;
    }
    regions.push(text(start..end));
    regions
}

/// What is of interest of the pairs.
struct Pairs {
    metadata: Metadata,
    alignment: u64,
    /// Long arrays of numbers, in order.
    arrays: Vec<Region>,
}

fn pairs_of(cursor: &mut Cursor<'_>, pairs: u64) -> Result<Pairs, Stop> {
    let mut metadata = Metadata::default();
    let mut alignment = DEFAULT_ALIGNMENT;
    let mut arrays = Vec::new();
    for _ in 0..pairs {
        let key = cursor.text()?;
        let value = values::Value::parse(cursor)?;
        if key == "general.alignment" {
            alignment = value.integer().ok_or(Stop::Malformed)?;
        }
        if let Some((dtype, len)) = value.numbers()
            && len >= LONG_ARRAY
        {
            let end = cursor.position() as u64;
            arrays.push(Region {
                range: end - len..end,
                dtype,
                row: 0,
                key: format::key(&key),
            });
        }
        if !metadata.is_full() {
            metadata.add(&key, &value.to_string());
        }
    }
    // ggml takes powers of two only; an end to it keeps the header within bounds.
    if !alignment.is_power_of_two() || alignment > MAX_HEAD_LEN as u64 {
        return Err(Stop::Malformed);
    }
    Ok(Pairs {
        metadata,
        alignment,
        arrays,
    })
}

/// A tensor as the table has it.
struct Entry {
    name: String,
    shape: Vec<u64>,
    type_id: u32,
    /// From where the tensors begin.
    offset: u64,
}

impl Entry {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Entry, Stop> {
        let name = cursor.text()?.into_owned();
        let dims = cursor.u32()?;
        if dims > MAX_DIMS {
            return Err(Stop::Malformed);
        }
        let mut shape = Vec::new();
        for _ in 0..dims {
            shape.push(cursor.u64()?);
        }
        // The file has the innermost dimension first.
        shape.reverse();
        Ok(Entry {
            name,
            shape,
            type_id: cursor.u32()?,
            offset: cursor.u64()?,
        })
    }

    /// Its dtype and length in bytes, where the type is known.
    fn known(&self) -> Option<(Dtype, u64)> {
        let dtype = Dtype::ggml(self.type_id)?;
        // Blocks lie within rows.
        let row = self.shape.last().copied().unwrap_or(1);
        if !row.is_multiple_of(u64::from(dtype.block_elements())) {
            return None;
        }
        Some((dtype, size::bytes(dtype, size::elements(&self.shape)?)?))
    }

    fn dtype_name(&self) -> String {
        Dtype::ggml(self.type_id).map_or_else(
            || format!("type {}", self.type_id),
            |d| d.name().to_uppercase(),
        )
    }
}

/// Gives the tensors their ranges. One of a type that this program does not know ends where the
/// next begins; of the last such one nobody knows the end, and it is left out.
fn place(mut entries: Vec<Entry>, data: u64) -> Option<Vec<Tensor>> {
    entries.sort_by_key(|entry| entry.offset);
    let mut tensors = Vec::with_capacity(entries.len());
    let mut next = None;
    while let Some(entry) = entries.pop() {
        let start = data.checked_add(entry.offset)?;
        let (dtype, end) = match (entry.known(), next) {
            (Some((dtype, len)), _) => (dtype, Some(start.checked_add(len)?)),
            (None, next) => (Dtype::Unknown, next),
        };
        next = Some(start);
        if let Some(end) = end {
            tensors.push(tensor(entry, dtype, start..end));
        }
    }
    tensors.reverse();
    Some(tensors)
}

fn tensor(entry: Entry, dtype: Dtype, range: Range<u64>) -> Tensor {
    let dtype_name = entry.dtype_name();
    Tensor {
        name: entry.name,
        dtype_name,
        dtype,
        shape: entry.shape,
        range,
    }
}
