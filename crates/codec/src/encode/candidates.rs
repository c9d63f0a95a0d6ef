//! Which ways of encoding a chunk are worth a look.

mod deltas;

use deltas::deltas;

use super::Plan;
use super::chunk::{Chunk, PART_LEN, SAMPLED};
use crate::header::Facts;
use crate::noise::is_noise;
use crate::plan::{
    Blocks, Centred, Classes, Fields, Fixed, Planes, Steps, Stored, Strings, Values,
};
use crate::scratch;
use crate::{Base, FRAME_LEN, Level};

/// Shorter chunks are compared whatever the level: it takes no time.
const WORTH_SPEED: usize = 64 << 10;

/// One way to encode a chunk.
pub(super) struct Candidate {
    /// What the header says, but for the plan.
    pub facts: Facts,
    /// How the frames are made.
    pub plan: Box<dyn Plan>,
    /// About how many bytes the blob takes, where that was found with the plan.
    pub expected_len: Option<usize>,
}

impl Candidate {
    /// The way that takes any chunk.
    pub(super) fn by_planes(&self) -> Candidate {
        Candidate {
            facts: Facts {
                base: None,
                ..self.facts
            },
            plan: Box::new(Planes::new(self.facts.hint.dtype, None)),
            expected_len: None,
        }
    }
}

/// The ways to encode a chunk of which these are the facts, with what base may be used. The first is
/// standalone.
pub(super) fn candidates(
    raw: &[u8],
    facts: &Facts,
    base: Option<&Base<'_>>,
    level: Level,
) -> Vec<Candidate> {
    let deltas = base.map_or(Vec::new(), |base| deltas(raw, facts, base, level));
    if raw.len() >= WORTH_SPEED
        && let [delta] = deltas.as_slice()
        && let Some(len) = delta.expected_len
        && is_far_ahead(len, raw, facts)
    {
        return deltas;
    }
    let mut all = standalone(raw, facts, level);
    all.extend(deltas);
    all
}

/// Whether a delta of so many bytes is so much smaller than what planes make of the chunk that no way
/// without a base could come near.
fn is_far_ahead(len: usize, raw: &[u8], facts: &Facts) -> bool {
    let dtype = facts.hint.dtype;
    Fixed::plausible(raw, facts.lead, dtype).is_none()
        && Steps::plausible(raw, facts.lead, dtype).is_none()
        && !Values::plausible(raw, facts.lead, dtype)
        && is_clear(len + len / 8, &Planes::new(dtype, None), raw, facts)
}

fn standalone(raw: &[u8], facts: &Facts, level: Level) -> Vec<Candidate> {
    let dtype = facts.hint.dtype;
    let candidate = |plan| Candidate {
        facts: *facts,
        plan,
        expected_len: None,
    };
    if is_noise(raw) {
        // Others would look long for what is not there.
        return vec![candidate(Box::new(Stored))];
    }
    if let Some(strings) = Strings::plausible(raw, dtype) {
        // Long numbers among texts are in the way of whatever looks for texts that come again.
        return vec![candidate(Box::new(strings))];
    }
    let mut plans: Vec<Box<dyn Plan>> = vec![Box::new(Planes::new(dtype, None))];
    if let Some(centred) = Centred::fit(raw, facts) {
        // Planes of the same floats as they are would be larger.
        plans = vec![Box::new(centred)];
    }
    if level != Level::Fast {
        if let Some(fixed) = Fixed::plausible(raw, facts.lead, dtype) {
            plans.push(Box::new(fixed));
        }
        if let Some(values) = Values::of(raw, facts) {
            plans.push(Box::new(values));
        }
        if let Some(steps) = Steps::plausible(raw, facts.lead, dtype) {
            plans.push(Box::new(steps));
        }
    }
    if level == Level::Max
        && let Some(classes) = Classes::fit(raw, facts)
    {
        plans.retain(|plan| !is_clear(classes.expected_len, plan.as_ref(), raw, facts));
        plans.push(Box::new(classes));
    }
    if level == Level::Max
        && let Some(blocks) = Blocks::fit(raw, facts)
    {
        let len = blocks.expected_len;
        // Where quants are what takes the bytes, nothing else makes them smaller.
        if raw.len() >= WORTH_SPEED && len > raw.len() / 2 {
            plans.clear();
        }
        plans.retain(|plan| !is_clear(len, plan.as_ref(), raw, facts));
        plans.push(Box::new(blocks));
    } else if let Some(fields) = Fields::of(facts) {
        // Where speed counts, blocks that are worth it need no comparison.
        if level != Level::Max && raw.len() >= WORTH_SPEED {
            plans.clear();
        }
        plans.push(Box::new(fields));
    }
    plans.into_iter().map(candidate).collect()
}

/// Whether a way that takes so many bytes surely beats a plan, by what that makes of a few frames or
/// parts of them: much work at the level that looks for the smallest would be in vain.
fn is_clear(len: usize, plan: &dyn Plan, raw: &[u8], facts: &Facts) -> bool {
    let chunk = Chunk { raw, base: &[] };
    // A short one in whole frames: what comes again need not do so in a part.
    let most = match facts.frames() <= SAMPLED {
        true => FRAME_LEN,
        false => PART_LEN,
    };
    let by_plan =
        scratch::with(|scratch| chunk.sampled_len(plan, facts, Level::Default, most, scratch));
    (len as f64) < by_plan as f64 * (1.0 - 1.0 / 256.0)
}
