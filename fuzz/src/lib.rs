//! What the targets share.

#[path = "../../crates/formats/tests/common/mod.rs"]
pub mod common;
mod cutting;
mod decoding;
mod editing;
mod job;
mod reseal;

pub use cutting::cut_all_ways;
pub use decoding::{decode_all_ways, header};
pub use editing::edited;
pub use job::{Bytes, Job};
pub use reseal::reseal;
