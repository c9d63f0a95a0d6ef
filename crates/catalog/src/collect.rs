//! What nothing holds any more: found, noted, and taken away once it has been so for long enough.
//!
//! Each step is a short transaction of its own, safe to run twice and beside everything else. What a
//! step takes it checks again in the statement that takes it, and foreign keys stand behind that: a
//! revision goes only while no ref and no child points to it, a chunk only while no file and no upload
//! holds it.

mod chunks;
mod objects;
mod revisions;

pub use objects::Garbage;
pub(crate) use objects::throw_away;
pub(crate) use objects::throw_away_replaced;
pub use revisions::Unreachable;

/// Rows and the bytes that they stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub rows: u64,
    /// Stored bytes.
    pub bytes: u64,
}

/// The revisions that refs reach, as `reached (id)`.
macro_rules! reached {
    () => {
        "WITH RECURSIVE reached (id) AS (SELECT f.revision FROM refs f \
           UNION SELECT v.parent FROM reached JOIN revisions v ON v.id = reached.id \
             WHERE v.parent IS NOT NULL) "
    };
}
use reached;
