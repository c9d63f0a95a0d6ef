//! The `sheaf` command as its users see it: help, errors, and the life of a server.

#![allow(clippy::unwrap_used, reason = "also in what the tests share")]

mod command;
mod errors;
mod help;
mod local;
mod serve;
mod server;
