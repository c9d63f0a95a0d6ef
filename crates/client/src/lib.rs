//! The HTTP SDK: one method of [`Client`] per route, and on top of them push and pull, which encode
//! and decode here, so that only what the server lacks goes over the wire, in its stored form.
//!
//! Nothing here prints or exits: results are plain structs, progress goes to a [`Progress`].

mod address;
mod bucket;
mod budget;
mod client;
mod error;
mod filter;
mod pool;
mod progress;
mod request;
mod retry;
mod route;

mod blobs;
mod collection;
mod files;
mod jobs;
mod refs;
mod repositories;
mod revisions;
mod savings;
mod tokens;
mod uploads;

pub mod pull;
pub mod push;
pub mod remote;

pub use address::Address;
pub use client::Client;
pub use error::Error;
pub use filter::Filter;
pub use progress::{NoProgress, Outcome, Progress};
