//! Where bytes of which nothing is known become bytes of another kind.
//!
//! Tensors of a file without a header follow each other: floats of one scale, floats of another, of
//! another width, blocks of quants, integers, text. What codes well for one does not for the next, so that a chunk
//! should end where its kind does.
//!
//! A cut that is found so depends on the bytes of its chunk alone, and all is reckoned in whole numbers:
//! every machine finds the same.

mod blocks;
mod frequencies;
mod integers;

use std::ops::Range;

pub(crate) use frequencies::SPAN;

/// What is found by blocks is found better than by frequencies, which find it about there too.
const NEAR: usize = 16 << 10;

/// What lies between two kinds is a chunk of its own from here on.
const WORTH_A_CHUNK: usize = 1 << 10;

/// A change of kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where the kind before it ends: behind the chunk's beginning.
    pub end: usize,
    /// Where the kind behind it begins: names, padding or short tensors may lie between, if they are worth a
    /// chunk.
    pub begin: usize,
}

impl Change {
    /// A change with what lies between two kinds. What is not worth a chunk goes with what comes before it.
    fn of(between: Range<usize>, worth: usize) -> Option<Change> {
        let begin = between.end;
        let end = if between.start == 0 || between.len() < worth {
            begin
        } else {
            between.start
        };
        (end > 0).then_some(Change { end, begin })
    }
}

/// Looks for the first place in `chunk`, from about `from` on, at which its kind changes. What is looked at
/// is at most [`SPAN`] bytes, and as many before it.
pub(crate) fn find(chunk: &[u8], from: usize) -> Option<Change> {
    let integers = integers::find(chunk, from);
    let chunk = &chunk[..integers.map_or(chunk.len(), |change| change.end)];
    let from = from.min(chunk.len());
    let blocks = blocks::find(chunk, from);
    let before = blocks.map_or(chunk.len(), |change| change.end.saturating_sub(NEAR));
    let other = frequencies::find(&chunk[..before], from.min(before));
    other.or(blocks).or(integers)
}
