//! What a user sees of Sheaf: the built binary, curl, and plain TCP.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test panics where its machine lets it down"
)]

mod access;
mod bad_input;
mod buckets;
mod check;
mod cli_codec;
mod cli_login;
mod cli_push_pull;
mod cli_repositories;
mod collection;
mod compose;
mod corruption;
mod data_files;
mod direct;
mod durability;
mod faults;
mod full_disk;
mod garage;
mod health;
mod http_headers;
mod http_ranges;
mod http_writes;
mod inspect_hostile;
mod inspect_remote;
mod jobs;
mod kill_points;
#[allow(dead_code, reason = "the tests of stores need more of it")]
#[path = "../blobs/light.rs"]
mod light;
mod midway;
mod migrate;
mod near_lossless;
mod pages;
mod pickles;
mod postgres_tls;
mod protocol_errors;
mod readme;
mod rebuild;
mod reencode;
mod refs;
mod round_trip;
mod savings;
mod secrets;
mod serve;
mod servers;
mod sync;
mod tensors;
mod tokens;
mod topology;
