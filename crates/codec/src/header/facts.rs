//! What a header says, and how that is written.

use std::ops::Range;

use crate::layout::Layout;
use crate::{Dtype, FRAME_LEN, Hint, delta};

pub(crate) const MAGIC: [u8; 4] = *b"\x8fShB";
pub(crate) const VERSION: u8 = 1;
/// Magic, version, header length.
pub(super) const PREFIX_LEN: usize = 9;
/// Everything before the base or the index.
pub(super) const FIXED_LEN: usize = PREFIX_LEN + 4 + 32 + 1 + 1 + 4 + 8 + 1;
/// Base chunk id, its dtype, its length.
const BASE_LEN: usize = 32 + 1 + 4;
pub(crate) const MAX_FIXED_LEN: usize = FIXED_LEN + BASE_LEN;
/// Bytes of a frame's hash: the first of the BLAKE3 of its stored bytes. They name nothing; that no
/// other bytes can be found for a given frame is what is asked of them.
pub(crate) const FRAME_HASH_LEN: usize = 16;
/// Stored length, hash of the stored bytes, check of the raw bytes.
pub(crate) const FRAME_ENTRY_LEN: usize = 4 + FRAME_HASH_LEN + 8;

/// The hash of a frame's stored bytes.
pub(crate) fn frame_hash(stored: &[u8]) -> [u8; FRAME_HASH_LEN] {
    let hash = blake3::hash(stored);
    std::array::from_fn(|i| hash.as_bytes()[i])
}

/// How a delta's elements were combined with the base's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Residual {
    /// The zigzag of the difference in the numbers' order.
    Difference = 1,
    /// The exclusive or of the bytes.
    Xor = 2,
}

/// What a delta's header says of its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BaseRef {
    pub id: [u8; 32],
    pub dtype: Dtype,
    pub raw_len: u32,
    pub residual: Residual,
}

/// A frame's line in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameEntry {
    pub stored_len: u32,
    pub hash: [u8; FRAME_HASH_LEN],
    pub check: u64,
}

/// What a header says, beyond its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub raw_len: u32,
    pub chunk_id: [u8; 32],
    pub hint: Hint,
    /// Bytes of each frame before its first whole element.
    pub lead: u8,
    pub base: Option<BaseRef>,
}

impl Facts {
    /// Raw bytes of every frame but the last: as many whole elements as fit.
    pub(crate) fn frame_len(&self) -> usize {
        frame_len(self.hint.dtype)
    }

    pub(crate) fn frames(&self) -> usize {
        (self.raw_len as usize).div_ceil(self.frame_len())
    }

    /// The raw bytes of a frame; empty beyond the last.
    pub(crate) fn frame_range(&self, frame: usize) -> Range<usize> {
        let start = frame
            .saturating_mul(self.frame_len())
            .min(self.raw_len as usize);
        start..(start + self.frame_len()).min(self.raw_len as usize)
    }

    /// The layout of the planes in every frame: that of the elements, or of what a delta leaves.
    /// Both have the same unit.
    pub(crate) fn layout(&self) -> Layout {
        match self.base {
            Some(base) => delta::layout(self.hint.dtype, base.residual),
            None => Layout::of(self.hint.dtype),
        }
    }

    pub(crate) fn header_len(&self) -> usize {
        let base = if self.base.is_some() { BASE_LEN } else { 0 };
        FIXED_LEN + base + self.frames() * FRAME_ENTRY_LEN
    }
}

/// Raw bytes of a whole frame of a dtype.
pub(crate) fn frame_len(dtype: Dtype) -> usize {
    let unit = Layout::of(dtype).unit();
    FRAME_LEN / unit * unit
}

/// Writes a header.
pub(crate) fn write(facts: &Facts, index: &[FrameEntry]) -> Vec<u8> {
    let len = facts.header_len();
    let mut out = Vec::with_capacity(len);
    out.extend(MAGIC);
    out.push(VERSION);
    out.extend((len as u32).to_le_bytes());
    out.extend(facts.raw_len.to_le_bytes());
    out.extend(facts.chunk_id);
    out.push(facts.base.map_or(0, |base| base.residual as u8));
    out.push(facts.hint.dtype.code());
    out.extend(facts.hint.row.to_le_bytes());
    out.extend(facts.hint.offset.to_le_bytes());
    out.push(facts.lead);
    if let Some(base) = &facts.base {
        out.extend(base.id);
        out.push(base.dtype.code());
        out.extend(base.raw_len.to_le_bytes());
    }
    for entry in index {
        out.extend(entry.stored_len.to_le_bytes());
        out.extend(entry.hash);
        out.extend(entry.check.to_le_bytes());
    }
    debug_assert_eq!(out.len(), len);
    out
}
