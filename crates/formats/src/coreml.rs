//! Core ML's `weight.bin`: a header, then each blob behind a record that says what it is.
//!
//! Blobs have no names here: the model refers to them by the place of the record, and so do we.

use sheaf_codec::Dtype;

use crate::format::{Format, Found, Region};
use crate::layout::Tensor;
use crate::source::le;
use crate::walk::{Finds, Step, Walk};

/// The length of the header and of a record, and what all is aligned to.
const RECORD_LEN: usize = 64;

/// The version of the layout.
const VERSION: u64 = 2;

/// What a record begins with.
const SENTINEL: u64 = 0xdead_beef;

pub(crate) struct CoreMl;

impl Format for CoreMl {
    fn sniff(&self, head: &[u8]) -> Found {
        let may_be = |bytes: &[u8], at: usize, expected: u64| {
            let expected = &expected.to_le_bytes()[..4];
            bytes.get(at..).is_none_or(|bytes| {
                let len = bytes.len().min(4);
                bytes[..len] == expected[..len]
            })
        };
        if !may_be(head, 4, VERSION) || !may_be(head, RECORD_LEN, SENTINEL) {
            return Found::No;
        }
        if head.len() < RECORD_LEN + 4 {
            return Found::NeedMore(RECORD_LEN + 4);
        }
        Found::Walk(Box::new(Blobs {
            place: RECORD_LEN as u64,
        }))
    }
}

/// On the way from record to record.
struct Blobs {
    place: u64,
}

impl Walk for Blobs {
    fn format(&self) -> &'static str {
        "coreml"
    }

    fn place(&self) -> u64 {
        self.place
    }

    fn step(&mut self, bytes: &[u8], finds: &mut Finds) -> Step {
        if bytes.len() < RECORD_LEN {
            return Step::Need(RECORD_LEN);
        }
        match self.record(bytes, finds) {
            Some(()) => Step::On,
            None => Step::Stop,
        }
    }
}

impl Blobs {
    fn record(&mut self, record: &[u8], finds: &mut Finds) -> Option<()> {
        if le(record, 0, 4)? != SENTINEL {
            return None;
        }
        let (kind, len, start) = (le(record, 4, 4)?, le(record, 8, 8)?, le(record, 16, 8)?);
        let end = start.checked_add(len)?;
        if start < self.place.checked_add(RECORD_LEN as u64)? {
            return None;
        }
        let (name, dtype, bits) = kind_of(kind);
        // Bits of the last byte that are no elements.
        let padding = le(record, 24, 8)?;
        let elements = len.checked_mul(8)?.saturating_sub(padding) / bits;
        let tensor = Tensor {
            name: format!("@{}", self.place),
            dtype_name: name.to_owned(),
            dtype: if len.is_multiple_of(dtype.block_bytes() as u64) {
                dtype
            } else {
                Dtype::Unknown
            },
            shape: vec![elements],
            range: start..end,
        };
        finds.data(Region::of(&tensor));
        finds.tensor(tensor);
        self.place = end.checked_next_multiple_of(RECORD_LEN as u64)?;
        Some(())
    }
}

/// Name, dtype and bits of an element; those of less than a byte are packed.
fn kind_of(kind: u64) -> (&'static str, Dtype, u64) {
    match kind {
        1 => ("Float16", Dtype::F16, 16),
        2 => ("Float32", Dtype::F32, 32),
        3 => ("UInt8", Dtype::U8, 8),
        4 => ("Int8", Dtype::I8, 8),
        5 => ("BFloat16", Dtype::Bf16, 16),
        6 => ("Int16", Dtype::I16, 16),
        7 => ("UInt16", Dtype::U16, 16),
        8 => ("Int4", Dtype::U8, 4),
        9 => ("UInt1", Dtype::U8, 1),
        10 => ("UInt2", Dtype::U8, 2),
        11 => ("UInt4", Dtype::U8, 4),
        12 => ("UInt3", Dtype::U8, 3),
        13 => ("UInt6", Dtype::U8, 6),
        14 => ("Int32", Dtype::I32, 32),
        15 => ("UInt32", Dtype::U32, 32),
        16 => ("Float8E4M3FN", Dtype::F8E4M3, 8),
        17 => ("Float8E5M2", Dtype::F8E5M2, 8),
        _ => ("unknown", Dtype::Unknown, 8),
    }
}
