//! Bytes on their way in: cut, hashed, encoded, stored, and made a revision.

mod blob;
mod body;
mod commit;
mod cutter;
mod file;
mod revision_id;
mod sink;
mod store;
mod tree;
mod uploads;
mod verify;
mod worker;

pub use body::{BodyError, ByteStream};
pub use file::PutFile;
