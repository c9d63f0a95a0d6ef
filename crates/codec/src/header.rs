//! A blob's header: what it says, its bytes, and where its frames are.

use std::ops::Range;

use crate::layout::Layout;
use crate::{Dtype, Error, FRAME_LEN, Hint, MAX_CHUNK_LEN, MAX_HEADER_LEN, frame};

pub(crate) const MAGIC: [u8; 4] = *b"\x8fShB";
pub(crate) const VERSION: u8 = 1;
/// Magic, version, header length.
const PREFIX_LEN: usize = 9;
/// Everything before the base or the index.
const FIXED_LEN: usize = PREFIX_LEN + 4 + 32 + 1 + 1 + 4 + 8 + 1;
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

    fn header_len(&self) -> usize {
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

/// A blob's header, parsed and checked for consistency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    id: [u8; 32],
    len: usize,
    pub(crate) facts: Facts,
    pub(crate) index: Vec<FrameEntry>,
    /// Where each frame begins in the blob, and where the last ends.
    starts: Vec<u64>,
}

/// What [`Header::parse`] found in a blob's first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// The header, and its length: the frames begin there.
    Header(Box<Header>, usize),
    /// At least so many bytes from the blob's beginning are needed.
    NeedMore(usize),
}

impl Header {
    /// Parses the header at the beginning of `prefix`, which may stop short or go on into the frames.
    pub fn parse(prefix: &[u8]) -> Result<Parsed, Error> {
        let Some(len) = claimed_len(prefix)? else {
            return Ok(Parsed::NeedMore(PREFIX_LEN));
        };
        let Some(bytes) = prefix.get(..len) else {
            return Ok(Parsed::NeedMore(len));
        };
        let mut reader = Reader {
            bytes: &bytes[PREFIX_LEN..],
        };
        let facts = read_facts(&mut reader)?;
        if facts.header_len() != len {
            return Err(Error::Malformed("header length"));
        }
        let index = read_index(&mut reader, &facts)?;
        let starts = starts(len, &index);
        let id = *blake3::hash(bytes).as_bytes();
        Ok(Parsed::Header(
            Box::new(Header {
                id,
                len,
                facts,
                index,
                starts,
            }),
            len,
        ))
    }

    /// The blob's id: the BLAKE3 of the header's bytes.
    pub fn blob_id(&self) -> [u8; 32] {
        self.id
    }

    /// The BLAKE3 of the chunk's raw bytes, as the blob's maker claims.
    pub fn chunk_id(&self) -> [u8; 32] {
        self.facts.chunk_id
    }

    /// Raw bytes of the chunk.
    pub fn raw_len(&self) -> u64 {
        self.facts.raw_len.into()
    }

    /// Bytes of the whole blob, header included.
    pub fn blob_len(&self) -> u64 {
        self.starts.last().copied().unwrap_or(self.len as u64)
    }

    /// Bytes of the header: the frames begin there.
    pub fn header_len(&self) -> usize {
        self.len
    }

    /// The hint that the blob was made with, its dtype guessed where it was unknown.
    pub fn hint(&self) -> Hint {
        self.facts.hint
    }

    /// The chunk against which the blob is a delta.
    pub fn base(&self) -> Option<[u8; 32]> {
        self.facts.base.map(|base| base.id)
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.index.len()
    }

    /// The frames that hold a range of raw bytes. What of the range is outside the chunk is left
    /// away.
    pub fn frames_of(&self, raw: Range<u64>) -> Range<usize> {
        let frame_len = self.facts.frame_len() as u64;
        let end = raw.end.min(self.raw_len());
        if raw.start >= end {
            return 0..0;
        }
        (raw.start / frame_len) as usize..end.div_ceil(frame_len) as usize
    }

    /// The raw bytes that a run of frames holds.
    pub fn raw_range(&self, frames: Range<usize>) -> Range<u64> {
        let start = self.facts.frame_range(frames.start).start as u64;
        start..(self.facts.frame_range(frames.end).start as u64).max(start)
    }

    /// Where in the blob a run of frames is.
    pub fn stored_range(&self, frames: Range<usize>) -> Range<u64> {
        let at = |frame: usize| self.starts[frame.min(self.frames())];
        at(frames.start)..at(frames.end).max(at(frames.start))
    }
}

/// The header's length by its own claim, if that much is there: checked against magic, version
/// and bound.
fn claimed_len(prefix: &[u8]) -> Result<Option<usize>, Error> {
    let known = prefix.len().min(MAGIC.len());
    if prefix[..known] != MAGIC[..known] {
        return Err(Error::Malformed("magic"));
    }
    match prefix.get(MAGIC.len()) {
        Some(&VERSION) | None => {}
        Some(&version) => return Err(Error::Version(version)),
    }
    let Some(bytes) = prefix.get(MAGIC.len() + 1..PREFIX_LEN) else {
        return Ok(None);
    };
    let len = bytes
        .iter()
        .rev()
        .fold(0usize, |len, byte| len << 8 | usize::from(*byte));
    if !(FIXED_LEN..=MAX_HEADER_LEN).contains(&len) {
        return Err(Error::Malformed("header length"));
    }
    Ok(Some(len))
}

fn read_facts(reader: &mut Reader<'_>) -> Result<Facts, Error> {
    let raw_len = reader.u32()?;
    if raw_len as usize > MAX_CHUNK_LEN {
        return Err(Error::Malformed("chunk too long"));
    }
    let chunk_id = reader.take()?;
    let [residual] = reader.take()?;
    let dtype = reader.dtype()?;
    let hint = Hint {
        dtype,
        row: reader.u32()?,
        offset: u64::from_le_bytes(reader.take()?),
    };
    let [lead] = reader.take()?;
    if usize::from(lead) >= Layout::of(dtype).unit() {
        return Err(Error::Malformed("lead"));
    }
    let residual = match residual {
        0 => None,
        1 => Some(Residual::Difference),
        2 => Some(Residual::Xor),
        _ => return Err(Error::Malformed("residual")),
    };
    let base = residual
        .map(|residual| read_base(reader, residual))
        .transpose()?;
    if base.is_some_and(|base| base.raw_len != raw_len || base.dtype != dtype) {
        return Err(Error::Malformed("base of another kind"));
    }
    Ok(Facts {
        raw_len,
        chunk_id,
        hint,
        lead,
        base,
    })
}

fn read_base(reader: &mut Reader<'_>, residual: Residual) -> Result<BaseRef, Error> {
    Ok(BaseRef {
        id: reader.take()?,
        dtype: reader.dtype()?,
        raw_len: reader.u32()?,
        residual,
    })
}

fn read_index(reader: &mut Reader<'_>, facts: &Facts) -> Result<Vec<FrameEntry>, Error> {
    (0..facts.frames())
        .map(|frame| {
            let stored_len = reader.u32()?;
            if stored_len as usize > facts.frame_range(frame).len() + frame::MAX_OVERHEAD {
                return Err(Error::Malformed("frame too long"));
            }
            let hash = reader.take()?;
            Ok(FrameEntry {
                stored_len,
                hash,
                check: u64::from_le_bytes(reader.take()?),
            })
        })
        .collect()
}

fn starts(header_len: usize, index: &[FrameEntry]) -> Vec<u64> {
    let mut at = header_len as u64;
    let mut starts = vec![at];
    for entry in index {
        at += u64::from(entry.stored_len);
        starts.push(at);
    }
    starts
}

/// Takes fields from bytes.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (field, rest) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(Error::Malformed("header ends early"))?;
        self.bytes = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.take().map(u32::from_le_bytes)
    }

    fn dtype(&mut self) -> Result<Dtype, Error> {
        let [code] = self.take()?;
        match Dtype::from_code(code) {
            Some(Dtype::Unknown) | None => Err(Error::Malformed("dtype")),
            Some(dtype) => Ok(dtype),
        }
    }
}
