//! From chunk to blob.

use crate::check::check;
use crate::frame::{self, Scratch};
use crate::header::{self, BaseRef, Facts, FrameEntry, Residual};
use crate::{Base, Blob, Dtype, Hint, Level, MAX_CHUNK_LEN, delta, guess};

/// Encodes a chunk. With a base the result is a delta only where that is smaller. Never fails:
/// what cannot be made smaller is stored as it is.
///
/// `chunk_id` is the BLAKE3 of `raw`, which the caller has at hand already.
///
/// # Panics
/// When `raw` is longer than [`MAX_CHUNK_LEN`].
pub fn encode(
    raw: &[u8],
    chunk_id: [u8; 32],
    hint: &Hint,
    base: Option<&Base<'_>>,
    level: Level,
) -> Blob {
    assert!(
        raw.len() <= MAX_CHUNK_LEN,
        "a chunk has at most {MAX_CHUNK_LEN} bytes"
    );
    let (dtype, lead) = match hint.dtype {
        Dtype::Unknown => guess::guess(raw),
        known => (known, 0),
    };
    let hint_used = Hint { dtype, ..*hint };
    let facts = Facts {
        raw_len: raw.len() as u32,
        chunk_id,
        hint: hint_used,
        lead,
        base: None,
    };
    let base = base.filter(|base| {
        base.raw.len() == raw.len() && (base.dtype == hint.dtype || base.dtype == dtype)
    });
    let mut encoder = Encoder {
        raw,
        base: &[],
        facts,
        level,
        scratch: Scratch::default(),
    };
    match base {
        None => encoder.blob(),
        Some(base) => encoder.smaller(base),
    }
}

struct Encoder<'a> {
    raw: &'a [u8],
    base: &'a [u8],
    facts: Facts,
    level: Level,
    scratch: Scratch,
}

impl<'a> Encoder<'a> {
    /// Standalone or delta, whichever is smaller.
    fn smaller(&mut self, base: &Base<'a>) -> Blob {
        self.base = base.raw;
        let candidates = [None, Some(Residual::Difference), Some(Residual::Xor)].map(|residual| {
            residual.map(|residual| BaseRef {
                id: base.id,
                dtype: self.facts.hint.dtype,
                raw_len: base.raw.len() as u32,
                residual,
            })
        });
        let ordered = delta::has_order(self.facts.hint.dtype);
        let mut sizes: Vec<(usize, Option<BaseRef>)> = candidates
            .into_iter()
            .filter(|way| ordered || way.is_none_or(|way| way.residual == Residual::Xor))
            .map(|way| (self.sample_len(way), way))
            .collect();
        sizes.sort_by_key(|(len, _)| *len);
        // Ways that the sample finds near each other are tried in full.
        let near = sizes[0].0 + sizes[0].0 / 16;
        let blobs = sizes
            .iter()
            .take_while(|(len, _)| *len <= near)
            .map(|(_, way)| {
                self.facts.base = *way;
                self.blob()
            });
        // A delta must be smaller to be worth its base.
        let best = blobs.min_by_key(|blob| (blob.bytes.len(), blob.base.is_some()));
        best.unwrap_or_else(|| self.blob())
    }

    /// The stored bytes of a few frames when encoded in one way.
    fn sample_len(&mut self, way: Option<BaseRef>) -> usize {
        self.facts.base = way;
        let frames = self.facts.frames();
        let mut out = Vec::new();
        for frame in (0..frames).step_by(frames.div_ceil(3).max(1)) {
            self.frame(frame, &mut out);
        }
        out.len()
    }

    fn blob(&mut self) -> Blob {
        // The header has a known length, so that the frames can be put in their place at once.
        let header_len = self.facts.header_len();
        let mut bytes = Vec::with_capacity(header_len + self.raw.len() + self.raw.len() / 1024);
        bytes.resize(header_len, 0);
        let index: Vec<FrameEntry> = (0..self.facts.frames())
            .map(|frame| self.frame(frame, &mut bytes))
            .collect();
        let header = header::write(&self.facts, &index);
        bytes[..header_len].copy_from_slice(&header);
        let id = *blake3::hash(&header).as_bytes();
        Blob {
            bytes,
            header_len,
            id,
            base: self.facts.base.map(|base| base.id),
        }
    }

    /// Encodes a frame to the end of `out`.
    fn frame(&mut self, frame: usize, out: &mut Vec<u8>) -> FrameEntry {
        let range = self.facts.frame_range(frame);
        let raw = &self.raw[range.clone()];
        let start = out.len();
        let layout = self.facts.layout();
        let core = frame::core(layout, self.facts.lead, raw.len());
        let edges = [&raw[..core.start], &raw[core.end..]];
        let residual = self.facts.base.map(|base| {
            let mut words = raw[core.clone()].to_vec();
            let of_base = &self.base[range][core.clone()];
            delta::forward(self.facts.hint.dtype, base.residual, &mut words, of_base);
            words
        });
        let words = residual.as_deref().unwrap_or(&raw[core]);
        frame::encode(layout, words, edges, self.level, &mut self.scratch, out);
        let stored = &out[start..];
        FrameEntry {
            stored_len: stored.len() as u32,
            hash: header::frame_hash(stored),
            check: check(raw),
        }
    }
}
