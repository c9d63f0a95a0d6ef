//! The commands that need no server.

mod bench;
mod inspect;
mod near_lossless;
mod round_trip;
mod samples;
