//! The commands that need no server.

mod inspect;
mod round_trip;
mod samples;
