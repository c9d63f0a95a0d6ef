//! The commands that need no server.

mod bench;
mod inspect;
mod round_trip;
mod samples;
