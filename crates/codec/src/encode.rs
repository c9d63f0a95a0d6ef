//! From chunk to blob.

mod candidates;
mod chunk;

use candidates::{Candidate, candidates};
use chunk::{Chunk, PART_LEN, SAMPLED};

use crate::check::{check, check_two};
use crate::header::{self, Facts, FrameEntry, VERSION};
use crate::plan::{self, Code, Plan};
use crate::scratch::{self, Scratch};
use crate::{Base, Blob, Dtype, FRAME_LEN, Hint, Level, MAX_CHUNK_LEN, MAX_HEADER_LEN, guess};

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
    encode_unsealed(raw, chunk_id, hint, base, level).seal()
}

/// As [`encode`], without the hashes that make a blob of it.
///
/// # Panics
/// When `raw` is longer than [`MAX_CHUNK_LEN`].
pub fn encode_unsealed(
    raw: &[u8],
    chunk_id: [u8; 32],
    hint: &Hint,
    base: Option<&Base<'_>>,
    level: Level,
) -> Unsealed {
    assert!(
        raw.len() <= MAX_CHUNK_LEN,
        "a chunk has at most {MAX_CHUNK_LEN} bytes"
    );
    let (dtype, lead) = match hint.dtype {
        Dtype::Unknown => guess::guess(raw),
        known => (known, 0),
    };
    let (row, offset) = match hint.dtype {
        Dtype::Unknown => guess::rows(raw, dtype, lead),
        _ => (hint.row, hint.offset),
    };
    let facts = Facts {
        version: VERSION,
        raw_len: raw.len() as u32,
        chunk_id,
        hint: Hint { dtype, row, offset },
        lead,
        plan: Code::Planes,
        shared_len: 0,
        base: None,
    };
    // A base that is as unknown as the chunk is taken for the same.
    let base = base.map(|base| Base {
        dtype: if base.dtype == hint.dtype {
            dtype
        } else {
            base.dtype
        },
        ..*base
    });
    let ways = candidates(raw, &facts, base.as_ref(), level);
    scratch::with(|scratch| {
        let mut encoder = Encoder {
            chunk: Chunk {
                raw,
                base: base.map_or(&[], |base| base.raw),
            },
            level,
            scratch,
        };
        encoder.smallest(ways)
    })
}

/// An encoded chunk that lacks the hashes of its frames and with them its id.
#[derive(Debug, Clone)]
pub struct Unsealed {
    facts: Facts,
    shared: Vec<u8>,
    /// Room for the header, then the frames.
    bytes: Vec<u8>,
    /// By frame: its stored length, and the check of its raw bytes.
    frames: Vec<(u32, u64)>,
}

impl Unsealed {
    /// Hashes the frames and the header.
    pub fn seal(mut self) -> Blob {
        let header_len = self.facts.header_len();
        let mut rest = &self.bytes[header_len..];
        let mut index = Vec::with_capacity(self.frames.len());
        for &(stored_len, check) in &self.frames {
            let (stored, after) = rest.split_at(stored_len as usize);
            rest = after;
            index.push(FrameEntry {
                stored_len,
                hash: header::frame_hash(stored),
                check,
            });
        }
        let header = header::write(&self.facts, &self.shared, &index);
        self.bytes[..header_len].copy_from_slice(&header);
        Blob {
            bytes: self.bytes,
            header_len,
            id: *blake3::hash(&header).as_bytes(),
            base: self.facts.base.map(|base| base.id),
        }
    }
}

struct Encoder<'a> {
    chunk: Chunk<'a>,
    level: Level,
    scratch: &'a mut Scratch,
}

impl Encoder<'_> {
    /// What the smallest of some ways makes. The first of them is standalone.
    fn smallest(&mut self, candidates: Vec<Candidate>) -> Unsealed {
        if let [only] = candidates.as_slice() {
            let (unsealed, fits) = self.all(only);
            return if fits {
                unsealed
            } else {
                self.all(&only.by_planes()).0
            };
        }
        let tried: Vec<(Unsealed, bool)> = self
            .promising(&candidates)
            .into_iter()
            .map(|candidate| self.all(candidate))
            .collect();
        // A delta must be smaller to be worth its base.
        let best = tried
            .into_iter()
            .filter(|(_, fits)| *fits)
            .map(|(unsealed, _)| unsealed)
            .min_by_key(|unsealed| (unsealed.bytes.len(), unsealed.facts.base.is_some()));
        best.unwrap_or_else(|| self.all(&candidates[0].by_planes()).0)
    }

    /// The ways that are worth trying in full.
    fn promising<'a>(&mut self, candidates: &'a [Candidate]) -> Vec<&'a Candidate> {
        let is_short = match self.level {
            Level::Fast | Level::Default => self.chunk.raw.len() <= PART_LEN,
            Level::Max => candidates.iter().all(|way| way.facts.frames() <= SAMPLED),
        };
        if is_short {
            // To try is as much as to estimate.
            return candidates.iter().collect();
        }
        let mut sizes: Vec<(usize, &Candidate)> = candidates
            .iter()
            .map(|candidate| (self.estimate(candidate), candidate))
            .collect();
        sizes.sort_by_key(|(size, _)| *size);
        // Ways that the sample finds near each other are tried in full, where there is time.
        let near = match self.level {
            Level::Fast | Level::Default => sizes[0].0,
            Level::Max => sizes[0].0 + sizes[0].0 / 32,
        };
        let near = sizes.iter().take_while(|(size, _)| *size <= near);
        near.map(|(_, candidate)| *candidate).collect()
    }

    /// About how many bytes a blob takes when made in one way.
    fn estimate(&mut self, candidate: &Candidate) -> usize {
        let mut shared = Vec::new();
        candidate.plan.write(&mut shared);
        let (plan, facts) = (candidate.plan.as_ref(), &candidate.facts);
        let most = match self.level {
            Level::Fast | Level::Default => PART_LEN,
            Level::Max => FRAME_LEN,
        };
        let frames = self
            .chunk
            .sampled_len(plan, facts, self.level, most, self.scratch);
        shared.len() + frames
    }

    /// Encodes all frames, and says whether the result stays within the format's bounds.
    fn all(&mut self, candidate: &Candidate) -> (Unsealed, bool) {
        let mut shared = Vec::new();
        candidate.plan.write(&mut shared);
        let facts = Facts {
            plan: candidate.plan.code(),
            shared_len: shared.len() as u32,
            ..candidate.facts
        };
        // The header has a known length, so that the frames can be put in their place at once.
        let header_len = facts.header_len();
        let mut bytes =
            Vec::with_capacity(header_len + self.chunk.raw.len() + self.chunk.raw.len() / 1024);
        bytes.resize(header_len, 0);
        let mut fits = header_len <= MAX_HEADER_LEN;
        let mut frames = Vec::with_capacity(facts.frames());
        self.scratch.coder.kept.forget();
        for frame in 0..facts.frames() {
            let start = bytes.len();
            self.scratch.coder.kept.is_last = frame + 1 == facts.frames();
            self.frame(candidate, frame, &mut bytes);
            let raw = &self.chunk.raw[facts.frame_range(frame)];
            let stored = bytes.len() - start;
            fits &= stored <= raw.len() + plan::MAX_OVERHEAD;
            frames.push((stored as u32, 0));
            self.check_last(&facts, &mut frames);
        }
        fits &= bytes.len() <= crate::max_blob_len(self.chunk.raw.len());
        let unsealed = Unsealed {
            facts,
            shared,
            bytes,
            frames,
        };
        (unsealed, fits)
    }

    /// Finds the checks of the last two frames if those before have theirs, or of the very last: while they are
    /// in a cache.
    fn check_last(&self, facts: &Facts, frames: &mut [(u32, u64)]) {
        let raw = |frame| &self.chunk.raw[facts.frame_range(frame)];
        let count = frames.len();
        match frames {
            [.., (_, one), (_, other)] if count.is_multiple_of(2) => {
                [*one, *other] = check_two(raw(count - 2), raw(count - 1));
            }
            [.., (_, one)] if count == facts.frames() => *one = check(raw(count - 1)),
            _ => {}
        }
    }

    /// Encodes a frame to the end of `out`.
    fn frame(&mut self, candidate: &Candidate, frame: usize, out: &mut Vec<u8>) {
        let facts = &candidate.facts;
        let units = self.chunk.core(facts, frame);
        candidate.plan.encode(units, self.level, self.scratch, out);
        let raw = &self.chunk.raw[facts.frame_range(frame)];
        let core = facts.core(frame);
        out.extend_from_slice(&raw[..core.start]);
        out.extend_from_slice(&raw[core.end..]);
    }
}
