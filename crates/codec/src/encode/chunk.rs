//! A chunk's frames as plans take them, and about what a plan makes of them.

use crate::Level;
use crate::header::Facts;
use crate::plan::{Core, Plan};
use crate::scratch::Scratch;

/// How many frames a sample is from.
pub(super) const SAMPLED: usize = 3;
/// Bytes of a frame that are a sample of it where speed counts.
pub(super) const PART_LEN: usize = 32 << 10;

/// A chunk's raw bytes, and its base's: none where there is none.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub raw: &'a [u8],
    pub base: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// A frame's whole units, and the base's.
    pub(super) fn core(self, facts: &Facts, frame: usize) -> Core<'a> {
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

    /// The first units of a frame that are not more than `most` bytes.
    fn part(self, facts: &Facts, frame: usize, most: usize) -> Core<'a> {
        let core = self.core(facts, frame);
        let units = core.bytes.len().min(most) / facts.unit();
        let base = core.base.len() / (core.bytes.len() / facts.unit()).max(1) * units;
        Core {
            first: core.first,
            bytes: &core.bytes[..units * facts.unit()],
            base: &core.base[..base],
        }
    }

    /// About how many bytes all frames take by a plan: of a few of them so many bytes at most are made.
    pub(super) fn sampled_len(
        self,
        plan: &dyn Plan,
        facts: &Facts,
        level: Level,
        most: usize,
        scratch: &mut Scratch,
    ) -> usize {
        let frames = facts.frames();
        scratch.coder.kept.forget();
        let (mut raw, mut out) = (0, Vec::new());
        for frame in (0..frames).step_by(frames.div_ceil(SAMPLED).max(1)) {
            let part = self.part(facts, frame, most);
            raw += part.bytes.len();
            plan.encode(part, level, scratch, &mut out);
        }
        (out.len() as f64 * self.raw.len() as f64 / raw.max(1) as f64) as usize
    }
}
