//! Push and pull against a server that is made to fail and to lie.

#![allow(clippy::unwrap_used)]

mod fake;
mod files;
mod pull;
mod push;
