//! Deflated bytes, inflated within bounds.

use std::io;

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::budget::Budget;
use super::findings::Findings;
use super::machine;
use super::plausible::looks_like_pickle;
use crate::containers::tar::is_tar;
use crate::read_at::{ReadAt, read_vec};

/// What is inflated to see whether there may be a pickle.
const LOOK_LEN: usize = 16 << 10;

/// Inflates a file; whether that is all of it. Of what cannot be a pickle, or have one, only the
/// beginning is.
pub(super) fn inflated(file: &dyn ReadAt, budget: &mut Budget) -> io::Result<(Vec<u8>, bool)> {
    let (look, whole) = inflate(file, LOOK_LEN.min(budget.inflatable()))?;
    budget.inflated(look.len());
    if whole {
        return Ok((look, true));
    }
    if !may_hold_pickle(&look, budget)? {
        return Ok((look, true));
    }
    let (bytes, whole) = inflate(file, budget.inflatable())?;
    budget.inflated(bytes.len());
    Ok((bytes, whole))
}

fn inflate(file: &dyn ReadAt, limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let len = file.size().min(limit as u64 + 1024);
    let bytes = read_vec(file, 0, len as usize)?;
    Ok(match decompress_to_vec_with_limit(&bytes, limit) {
        Ok(out) => (out, true),
        Err(error) => (error.output, false),
    })
}

/// Whether what begins so may go on as a pickle: not where it comes upon what is no opcode.
fn may_hold_pickle(head: &[u8], budget: &mut Budget) -> io::Result<bool> {
    if is_tar(head) || looks_like_pickle(head) {
        return Ok(true);
    }
    let ran = machine::run(&head, 0, &mut Findings::default(), budget)?;
    Ok(ran.imports || ran.broken != Some(machine::NO_OPCODE))
}
