//! Work in the background, as a queue in the catalog: any server takes what is due, and what one that
//! died was at is taken by another. Every kind of job is safe to run twice.

mod admin;
mod backoff;
mod queue;
mod run;
mod worker;

pub use admin::JobQuery;
pub(crate) use queue::JobQueue;
pub(crate) use run::{needed, workers};
