//! What a header says, and how that is written.

use std::ops::Range;

use crate::layout::Layout;
use crate::plan::Code;
use crate::{Dtype, FRAME_LEN, Hint};

pub(crate) const MAGIC: [u8; 4] = *b"\x8fShB";
/// What is written. The first version has no plan: its frames are planes.
pub(crate) const VERSION: u8 = 2;
pub(super) const FIRST_VERSION: u8 = 1;
/// Magic, version, header length.
pub(super) const PREFIX_LEN: usize = 9;
/// Everything before the plan, the base or the index.
pub(super) const FIXED_LEN: usize = PREFIX_LEN + 4 + 32 + 1 + 1 + 4 + 8 + 1;
/// The plan, and how many bytes its frames share.
const PLAN_LEN: usize = 1 + 4;
/// Base chunk id, its dtype, its length.
const BASE_LEN: usize = 32 + 1 + 4;
/// The most bytes of a header without what frames share and the index.
pub(crate) const MAX_FIXED_LEN: usize = FIXED_LEN + PLAN_LEN + BASE_LEN;
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
    /// As the plan does it.
    Planned = 3,
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

/// What a header says, beyond its frames and what they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The format's version.
    pub version: u8,
    pub raw_len: u32,
    pub chunk_id: [u8; 32],
    pub hint: Hint,
    /// Bytes of each frame before its first whole unit.
    pub lead: u8,
    pub plan: Code,
    /// Bytes of what the plan's frames share.
    pub shared_len: u32,
    pub base: Option<BaseRef>,
}

impl Facts {
    /// Raw bytes of every frame but the last: as many whole units as fit.
    pub(crate) fn frame_len(&self) -> usize {
        let unit = self.unit();
        FRAME_LEN / unit * unit
    }

    /// Bytes of an element, or of a block of them: what stays together.
    pub(crate) fn unit(&self) -> usize {
        Layout::of(self.hint.dtype).unit()
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

    /// Where in a frame its whole units are.
    pub(crate) fn core(&self, frame: usize) -> Range<usize> {
        let layout = Layout::of(self.hint.dtype);
        core(layout, self.lead, self.frame_range(frame).len())
    }

    /// How many units of the chunk come before a frame's core.
    pub(crate) fn first_unit(&self, frame: usize) -> usize {
        frame * (self.frame_len() / self.unit())
    }

    /// The base's bytes at the place of a frame's core. One of another dtype has as many elements, and
    /// the first at its beginning.
    pub(crate) fn base_range(&self, frame: usize) -> Range<usize> {
        let start = self.frame_range(frame).start;
        let core = self.core(frame);
        let range = start + core.start..start + core.end;
        match &self.base {
            Some(base) if base.dtype != self.hint.dtype => {
                let of_base = |at| at / self.unit() * Layout::of(base.dtype).unit();
                of_base(range.start)..of_base(range.end)
            }
            _ => range,
        }
    }

    pub(crate) fn header_len(&self) -> usize {
        let plan = if self.version == FIRST_VERSION {
            0
        } else {
            PLAN_LEN
        };
        let base = if self.base.is_some() { BASE_LEN } else { 0 };
        let index = self.frames() * FRAME_ENTRY_LEN;
        FIXED_LEN + plan + base + self.shared_len as usize + index
    }
}

/// Where the whole units are in a frame of `len` bytes: after `lead` bytes, as many as fit.
pub(crate) fn core(layout: Layout, lead: u8, len: usize) -> Range<usize> {
    let start = usize::from(lead).min(len);
    let unit = layout.unit();
    start..start + (len - start) / unit * unit
}

/// Writes a header, of the version that is written now.
pub(crate) fn write(facts: &Facts, shared: &[u8], index: &[FrameEntry]) -> Vec<u8> {
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
    out.push(facts.plan as u8);
    out.extend(facts.shared_len.to_le_bytes());
    if let Some(base) = &facts.base {
        out.extend(base.id);
        out.push(base.dtype.code());
        out.extend(base.raw_len.to_le_bytes());
    }
    out.extend(shared);
    for entry in index {
        out.extend(entry.stored_len.to_le_bytes());
        out.extend(entry.hash);
        out.extend(entry.check.to_le_bytes());
    }
    debug_assert_eq!(out.len(), len);
    out
}
