//! The ways to encode a chunk against a base.

use super::Candidate;
use crate::delta::has_order;
use crate::header::{BaseRef, Facts, Residual};
use crate::layout::Layout;
use crate::plan::{Planes, delta};
use crate::{Base, Level};

/// Coded by tables where the elements are floats; by planes where they are not, or where that promises
/// little.
pub(super) fn deltas(raw: &[u8], facts: &Facts, base: &Base<'_>, level: Level) -> Vec<Candidate> {
    match by_tables(raw, facts, base, level) {
        Some(delta) => vec![delta],
        None => by_planes(raw, facts, base),
    }
}

fn by_tables(raw: &[u8], facts: &Facts, base: &Base<'_>, level: Level) -> Option<Candidate> {
    let to = facts.hint.dtype;
    let elements = |len, dtype| len / Layout::of(dtype).unit();
    let usable = delta::covers(to)
        && delta::can(base.dtype, to)
        && facts.lead == 0
        && (base.dtype != to || base.raw.len() == raw.len())
        && elements(base.raw.len(), base.dtype) == elements(raw.len(), to);
    let plan = usable.then(|| delta::fit(raw, base, facts, level))??;
    Some(Candidate {
        facts: with_base(facts, base, Residual::Planned),
        expected_len: Some(plan.expected_len),
        plan: Box::new(plan),
    })
}

fn by_planes(raw: &[u8], facts: &Facts, base: &Base<'_>) -> Vec<Candidate> {
    let dtype = facts.hint.dtype;
    if base.raw.len() != raw.len() || base.dtype != dtype {
        return Vec::new();
    }
    let residuals = [Residual::Difference, Residual::Xor];
    residuals
        .into_iter()
        .filter(|residual| *residual == Residual::Xor || has_order(dtype))
        .map(|residual| Candidate {
            facts: with_base(facts, base, residual),
            plan: Box::new(Planes::new(dtype, Some(residual))),
            expected_len: None,
        })
        .collect()
}

fn with_base(facts: &Facts, base: &Base<'_>, residual: Residual) -> Facts {
    Facts {
        base: Some(BaseRef {
            id: base.id,
            dtype: base.dtype,
            raw_len: base.raw.len() as u32,
            residual,
        }),
        ..*facts
    }
}
