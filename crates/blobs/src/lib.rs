//! The object store that holds blobs and records: put, ranged get, delete, list.
//!
//! A put returns when the object is durable. A blob is never overwritten: its key belongs to the one
//! write that made it. A record may be written again, with the same bytes.

mod error;
mod faults;
mod folder;
mod key;
mod options;
mod probe;
mod s3;
mod store;

pub use error::Error;
pub use faults::{BadPlan, Faults, Plan as FaultPlan};
pub use key::{folder_keys, object_key, read_object_key};
pub use options::{S3Keys, S3Options};
pub use store::{Blobs, Object};
