//! Which ways of encoding a chunk are worth a look.

mod deltas;

use deltas::deltas;

use super::Plan;
use crate::header::Facts;
use crate::plan::{Blocks, Classes, Fixed, Planes};
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
        all.extend(deltas(raw, facts, base, level));
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
    if level == Level::Max
        && let Some(classes) = Classes::fit(raw, facts)
    {
        plans.push(Box::new(classes));
    }
    if level != Level::Fast
        && let Some(blocks) = Blocks::fit(raw, facts, level)
    {
        plans.push(Box::new(blocks));
    }
    let candidate = |plan| Candidate {
        facts: *facts,
        plan,
    };
    plans.into_iter().map(candidate).collect()
}
