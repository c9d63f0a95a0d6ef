//! Repositories, revisions and refs: what is said of them, not what is in them.

mod page;
mod refs;
mod repositories;
mod revisions;

pub use page::PageRequest;
pub(crate) use refs::branch_name;
