//! What the end-to-end tests share: a server of their own to talk to, curl and the `sheaf` command
//! to talk with, and files to send. The words on the wire are spelled out in the tests instead of
//! taken from Sheaf's own crates, so that a change of them is seen.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test panics where its machine lets it down, and prints for whoever reads why"
)]

mod access;
mod answer;
mod binary;
mod chunk;
mod client;
mod cluster;
mod command;
pub mod content;
pub mod corpus;
mod curl;
mod garage;
mod hash;
mod http;
mod objects;
mod postgres;
mod proxy;
mod server;
mod skip;
mod small_disk;
mod tls;
mod topology;
mod trace;
mod upload;

pub use access::Access;
pub use answer::Answer;
pub use binary::sheaf;
pub use chunk::Chunk;
pub use client::Client;
pub use cluster::Cluster;
pub use command::Ran;
pub use curl::Request;
pub use garage::Garage;
pub use hash::{sha256, sha256_of_file};
pub use http::{Asked, HttpServer, Reply};
pub use objects::{Object, objects};
pub use postgres::Postgres;
pub use proxy::Proxy;
pub use server::Server;
pub use skip::skip;
pub use small_disk::SmallDisk;
pub use tls::Tls;
pub use topology::Topology;
pub use trace::{Syscall, Trace};
pub use upload::{Upload, file_of};
