//! What a check reads: rows in the order of their numbers or keys, a page at a time, and who is hurt by
//! what is wrong with one.
//!
//! Rows that hold what was never written are given as such, each by itself, so that one of them does not
//! hide the others.

mod chunks;
mod contents;
mod hurt;
mod integrity;
mod objects;
mod revisions;

pub use chunks::Checked;
pub use contents::CheckedContent;
pub use hurt::Hurt;
