//! Bytes on their way in: cut, hashed, encoded, stored, and made a revision.

mod blob;
mod body;
mod commit;
mod condition;
mod cutter;
mod file;
mod judge;
mod one_file;
mod own_upload;
mod promise;
mod revision_id;
mod sink;
mod spool;
mod store;
mod tree;
mod uploaded_file;
mod uploads;
mod verdict;
mod verify;
mod worker;

pub use body::{BodyError, ByteStream};
pub use condition::{Condition, Matching};
pub use one_file::FileChange;
pub(crate) use revision_id::{list_id, revision_id};
pub(crate) use store::is_unknown;
pub use verdict::verdict_of;
