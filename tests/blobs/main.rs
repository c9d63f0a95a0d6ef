//! One suite for every object store: the folder, and S3 as spoken by a small server in this process
//! and by a real store.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod garage;
#[allow(dead_code, reason = "the end-to-end tests need more of it")]
mod light;
mod refusals;
mod suite;
