//! From chunk to blob.

mod candidates;

use candidates::{Candidate, candidates};

use crate::check::check;
use crate::header::{self, Facts, FrameEntry, VERSION};
use crate::plan::{self, Code, Core, Plan};
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
    let facts = Facts {
        version: VERSION,
        raw_len: raw.len() as u32,
        chunk_id,
        hint: Hint { dtype, ..*hint },
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
            raw,
            base: base.map_or(&[], |base| base.raw),
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

/// Bytes of a frame that are a sample of it where speed counts.
const PART_LEN: usize = 32 << 10;

struct Encoder<'a> {
    raw: &'a [u8],
    /// The base's raw bytes; none where there is none.
    base: &'a [u8],
    level: Level,
    scratch: &'a mut Scratch,
}

impl<'a> Encoder<'a> {
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
        let tried: Vec<(Unsealed, bool)> = sizes
            .iter()
            .take_while(|(size, _)| *size <= near)
            .map(|(_, candidate)| self.all(candidate))
            .collect();
        // A delta must be smaller to be worth its base.
        let best = tried
            .into_iter()
            .filter(|(_, fits)| *fits)
            .map(|(unsealed, _)| unsealed)
            .min_by_key(|unsealed| (unsealed.bytes.len(), unsealed.facts.base.is_some()));
        best.unwrap_or_else(|| self.all(&candidates[0].by_planes()).0)
    }

    /// About how many bytes a blob takes when made in one way, by a few of its frames, or by parts of
    /// them where speed counts.
    fn estimate(&mut self, candidate: &Candidate) -> usize {
        let mut shared = Vec::new();
        candidate.plan.write(&mut shared);
        let frames = candidate.facts.frames();
        let step = frames.div_ceil(3).max(1);
        let most = match self.level {
            Level::Fast | Level::Default => PART_LEN,
            Level::Max => FRAME_LEN,
        };
        let (mut raw, mut out) = (0, Vec::new());
        for frame in (0..frames).step_by(step) {
            raw += self.part(candidate, frame, most, &mut out);
        }
        let coded = out.len() as f64 * self.raw.len() as f64 / raw.max(1) as f64;
        shared.len() + coded as usize
    }

    /// Encodes the first units of a frame, which are not more than `most` bytes, to the end of `out`, and
    /// says how many bytes they were.
    fn part(
        &mut self,
        candidate: &Candidate,
        frame: usize,
        most: usize,
        out: &mut Vec<u8>,
    ) -> usize {
        let facts = &candidate.facts;
        let units = facts.core(frame).len().min(most) / facts.unit();
        let core = self.core(facts, frame);
        let base = core.base.len() / (core.bytes.len() / facts.unit()).max(1) * units;
        let part = Core {
            first: core.first,
            bytes: &core.bytes[..units * facts.unit()],
            base: &core.base[..base],
        };
        candidate.plan.encode(part, self.level, self.scratch, out);
        part.bytes.len()
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
        let mut bytes = Vec::with_capacity(header_len + self.raw.len() + self.raw.len() / 1024);
        bytes.resize(header_len, 0);
        let mut fits = header_len <= MAX_HEADER_LEN;
        let mut frames = Vec::with_capacity(facts.frames());
        for frame in 0..facts.frames() {
            let start = bytes.len();
            self.frame(candidate, frame, &mut bytes);
            let raw = &self.raw[facts.frame_range(frame)];
            let stored = bytes.len() - start;
            fits &= stored <= raw.len() + plan::MAX_OVERHEAD;
            frames.push((stored as u32, check(raw)));
        }
        fits &= bytes.len() <= crate::max_blob_len(self.raw.len());
        let unsealed = Unsealed {
            facts,
            shared,
            bytes,
            frames,
        };
        (unsealed, fits)
    }

    /// Encodes a frame to the end of `out`.
    fn frame(&mut self, candidate: &Candidate, frame: usize, out: &mut Vec<u8>) {
        let facts = &candidate.facts;
        let units = self.core(facts, frame);
        candidate.plan.encode(units, self.level, self.scratch, out);
        let raw = &self.raw[facts.frame_range(frame)];
        let core = facts.core(frame);
        out.extend_from_slice(&raw[..core.start]);
        out.extend_from_slice(&raw[core.end..]);
    }

    /// A frame's whole units, and the base's.
    fn core(&self, facts: &Facts, frame: usize) -> Core<'a> {
        let base = match facts.base {
            Some(_) => &self.base[facts.base_range(frame)],
            None => &[],
        };
        Core {
            first: facts.first_unit(frame),
            bytes: &self.raw[facts.frame_range(frame)][facts.core(frame)],
            base,
        }
    }
}
