//! Which ways of encoding a chunk are worth a look.

use super::Plan;
use crate::delta;
use crate::header::{BaseRef, Facts, Residual};
use crate::plan::{Fixed, Planes};
use crate::{Base, Level};

/// One way to encode a chunk.
pub(super) struct Candidate {
    /// What the header says, but for the plan.
    pub facts: Facts,
    /// How the frames are made.
    pub plan: Box<dyn Plan>,
}

/// The ways to encode a chunk of which these are the facts, with what base may be used. The first is
/// standalone and takes any chunk.
pub(super) fn candidates(
    raw: &[u8],
    facts: &Facts,
    base: Option<&Base<'_>>,
    level: Level,
) -> Vec<Candidate> {
    let mut all = standalone(raw, facts, level);
    if let Some(base) = base {
        all.extend(deltas(raw, facts, base));
    }
    all
}

fn standalone(raw: &[u8], facts: &Facts, level: Level) -> Vec<Candidate> {
    let dtype = facts.hint.dtype;
    let mut plans: Vec<Box<dyn Plan>> = vec![Box::new(Planes::new(dtype, None))];
    if level != Level::Fast
        && let Some(fixed) = Fixed::plausible(raw, facts.lead, dtype)
    {
        plans.push(Box::new(fixed));
    }
    let candidate = |plan| Candidate {
        facts: *facts,
        plan,
    };
    plans.into_iter().map(candidate).collect()
}

fn deltas(raw: &[u8], facts: &Facts, base: &Base<'_>) -> Vec<Candidate> {
    let dtype = facts.hint.dtype;
    if base.raw.len() != raw.len() || base.dtype != dtype {
        return Vec::new();
    }
    let residuals = [Residual::Difference, Residual::Xor];
    residuals
        .into_iter()
        .filter(|residual| *residual == Residual::Xor || delta::has_order(dtype))
        .map(|residual| Candidate {
            facts: Facts {
                base: Some(BaseRef {
                    id: base.id,
                    dtype,
                    raw_len: base.raw.len() as u32,
                    residual,
                }),
                ..*facts
            },
            plan: Box::new(Planes::new(dtype, Some(residual))),
        })
        .collect()
}
