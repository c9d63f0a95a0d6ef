//! A blob's header: what it says, its bytes, and where its frames are.

mod facts;
mod parse;

use std::ops::Range;
use std::sync::Arc;

pub(crate) use facts::{
    BaseRef, FRAME_ENTRY_LEN, Facts, FrameEntry, MAX_FIXED_LEN, Residual, VERSION, core,
    frame_hash, write,
};
use facts::{MAGIC, PREFIX_LEN};
use parse::{Reader, claimed_len, read_facts, read_index};

use crate::plan::{self, Plan};
use crate::{Error, Hint};

/// A blob's header, parsed and checked for consistency.
#[derive(Debug, Clone)]
pub struct Header {
    id: [u8; 32],
    len: usize,
    pub(crate) facts: Facts,
    pub(crate) plan: Arc<dyn Plan>,
    pub(crate) index: Vec<FrameEntry>,
    /// Where each frame begins in the blob, and where the last ends.
    starts: Vec<u64>,
}

/// Headers are the same where their bytes are.
impl PartialEq for Header {
    fn eq(&self, other: &Header) -> bool {
        self.id == other.id
    }
}

impl Eq for Header {}

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
        let facts = read_facts(bytes[MAGIC.len()], &mut reader)?;
        if facts.header_len() != len {
            return Err(Error::Malformed("header length"));
        }
        let shared = reader.slice(facts.shared_len as usize)?;
        let plan = plan::read(facts.plan, shared, &facts)?;
        let index = read_index(&mut reader, &facts)?;
        let starts = starts(len, &index);
        let id = *blake3::hash(bytes).as_bytes();
        Ok(Parsed::Header(
            Box::new(Header {
                id,
                len,
                facts,
                plan,
                index,
                starts,
            }),
            len,
        ))
    }

    /// What a blob's first [`CLAIM_LEN`](crate::CLAIM_LEN) bytes claim to be the chunk's raw length,
    /// so that memory can be set aside before the blob is read.
    pub fn claimed_raw_len(prefix: &[u8; crate::CLAIM_LEN]) -> Result<usize, Error> {
        claimed_len(prefix)?;
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&prefix[PREFIX_LEN..]);
        let len = u32::from_le_bytes(bytes) as usize;
        if len > crate::MAX_CHUNK_LEN {
            return Err(Error::Malformed("raw length"));
        }
        Ok(len)
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

/// Where each frame begins, and where the last ends.
fn starts(header_len: usize, index: &[FrameEntry]) -> Vec<u64> {
    let mut at = header_len as u64;
    let mut starts = vec![at];
    for entry in index {
        at += u64::from(entry.stored_len);
        starts.push(at);
    }
    starts
}
