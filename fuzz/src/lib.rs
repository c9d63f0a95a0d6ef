//! What the targets share.

mod decoding;
mod job;
mod reseal;

pub use decoding::{decode_all_ways, header};
pub use job::{Bytes, Job};
pub use reseal::reseal;
