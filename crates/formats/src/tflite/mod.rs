//! TFLite: a flatbuffer of subgraphs, whose tensors name buffers in it, or behind it.
//!
//! Tables lie anywhere in the file and refer to each other by distances, so that it must be had whole.

mod flatbuffer;

use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

use crate::format::{Contents, Format, Found, MAX_TENSORS, Region};
use crate::layout::Tensor;
use crate::protobuf::{Stop, sound};
use crate::read_at::ReadAt;
use crate::size;
use flatbuffer::{Buffer, Table};

/// What is at the fourth byte.
const MAGIC: &[u8] = b"TFL3";

/// The most dimensions.
const MAX_DIMS: u64 = 64;

/// The most subgraphs.
const MAX_GRAPHS: u64 = 4096;

pub(crate) struct TfLite;

impl Format for TfLite {
    fn sniff(&self, head: &[u8]) -> Found {
        match head.get(4..8) {
            Some(MAGIC) => Found::WholeFile,
            Some(_) => Found::No,
            None => Found::NeedMore(8),
        }
    }

    fn read(&self, file: &dyn ReadAt) -> io::Result<Option<Contents>> {
        let mut buffer = Buffer::new(file);
        let mut contents = Contents {
            format: "tflite",
            ..Contents::unknown()
        };
        // What is broken does not spoil what was found before.
        sound(model(&mut buffer, &mut contents))?;
        Ok(Some(contents))
    }
}

fn model(buffer: &mut Buffer<'_>, contents: &mut Contents) -> Result<(), Stop> {
    let model = buffer.root()?;
    let Some(buffers) = buffer.vector(&model, 4, 4)? else {
        return Ok(());
    };
    for graph in buffer.tables(&model, 2, MAX_GRAPHS)? {
        let graph = buffer.table(graph)?;
        for tensor in buffer.tables(&graph, 0, MAX_TENSORS as u64)? {
            if contents.tensors.len() == MAX_TENSORS {
                return Ok(());
            }
            let table = buffer.table(tensor)?;
            if let Some(tensor) = tensor_of(buffer, &table, &buffers)? {
                contents.regions.push(Region::of(&tensor));
                contents.tensors.push(tensor);
            }
        }
    }
    Ok(())
}

/// A tensor that has bytes in the file.
fn tensor_of(
    buffer: &mut Buffer<'_>,
    table: &Table,
    buffers: &Range<u64>,
) -> Result<Option<Tensor>, Stop> {
    let number = buffer.number(table, 2, 4)?.unwrap_or(0);
    let entry = buffers.start.saturating_add(number.saturating_mul(4));
    // The first buffer is that of tensors without one.
    if number == 0 || entry >= buffers.end {
        return Ok(None);
    }
    let data = buffer.follow(entry)?;
    let data = buffer.table(data)?;
    let Some(range) = bytes_of(buffer, &data)? else {
        return Ok(None);
    };
    let shape = shape(buffer, table)?;
    let kind = buffer.number(table, 1, 1)?.unwrap_or(0);
    let (word, dtype, bits) = kind_of(kind);
    let len = size::elements(&shape).and_then(|n| Some(n.checked_mul(bits)?.div_ceil(8)));
    let agrees = len == Some(range.end - range.start);
    Ok(Some(Tensor {
        name: buffer.text(table, 3)?,
        dtype_name: word.to_owned(),
        dtype: if agrees { dtype } else { Dtype::Unknown },
        shape,
        range,
    }))
}

/// A buffer's bytes: in the flatbuffer, or behind it where it would be above 2 GiB.
fn bytes_of(buffer: &mut Buffer<'_>, table: &Table) -> Result<Option<Range<u64>>, Stop> {
    if let Some(range) = buffer.vector(table, 0, 1)? {
        return Ok((range.start < range.end).then_some(range));
    }
    let start = buffer.number(table, 1, 8)?.unwrap_or(0);
    let len = buffer.number(table, 2, 8)?.unwrap_or(0);
    // An offset of 1 stands for none, until it is known.
    let end = start.checked_add(len).filter(|_| start > 1 && len > 0);
    Ok(end.map(|end| start..end))
}

fn shape(buffer: &mut Buffer<'_>, table: &Table) -> Result<Vec<u64>, Stop> {
    let Some(range) = buffer.vector(table, 0, 4)? else {
        return Ok(vec![]);
    };
    if (range.end - range.start) / 4 > MAX_DIMS {
        return Err(Stop::Malformed);
    }
    let bytes = buffer.bytes(range)?;
    let dims = bytes.as_chunks::<4>().0.iter();
    Ok(dims
        .map(|dim| u64::from(u32::from_le_bytes(*dim)))
        .collect())
}

/// Name, dtype and bits of an element; those of less than a byte are packed.
fn kind_of(kind: u64) -> (&'static str, Dtype, u64) {
    match kind {
        0 => ("FLOAT32", Dtype::F32, 32),
        1 => ("FLOAT16", Dtype::F16, 16),
        2 => ("INT32", Dtype::I32, 32),
        3 => ("UINT8", Dtype::U8, 8),
        4 => ("INT64", Dtype::I64, 64),
        6 => ("BOOL", Dtype::Bool, 8),
        7 => ("INT16", Dtype::I16, 16),
        8 => ("COMPLEX64", Dtype::C64, 64),
        9 => ("INT8", Dtype::I8, 8),
        10 => ("FLOAT64", Dtype::F64, 64),
        11 => ("COMPLEX128", Dtype::C128, 128),
        12 => ("UINT64", Dtype::U64, 64),
        15 => ("UINT32", Dtype::U32, 32),
        16 => ("UINT16", Dtype::U16, 16),
        17 => ("INT4", Dtype::U8, 4),
        18 => ("BFLOAT16", Dtype::Bf16, 16),
        _ => ("OTHER", Dtype::Unknown, 8),
    }
}
