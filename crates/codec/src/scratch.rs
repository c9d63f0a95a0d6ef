//! Buffers that a thread keeps from chunk to chunk, since making them anew takes longer than much of
//! what is done in them. Nothing that is left in them has an effect on what comes out later.

use std::cell::Cell;

use crate::{coder, plan};

/// Buffers that are used again. What is in them is of no use to the next user.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Planes, one after the other.
    pub planes: Vec<u8>,
    /// Units that were changed before they are split.
    pub words: Vec<u8>,
    /// What deltas need.
    pub delta: plan::delta::Buffers,
    /// What the plan of blocks keeps.
    pub blocks: plan::blocks::Buffers,
    /// What the plan of fields keeps.
    pub fields: plan::fields::Buffers,
    /// What is coded tile by tile.
    pub tiles: plan::Tiles,
    /// What the coders keep.
    pub coder: coder::Scratch,
    /// What the plan of classes keeps.
    pub classes: plan::classes::Buffers,
}

thread_local! {
    static KEPT: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Lends this thread's buffers to some work.
pub(crate) fn with<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    let mut scratch = KEPT.take().unwrap_or_default();
    let result = work(&mut scratch);
    KEPT.set(Some(scratch));
    result
}
