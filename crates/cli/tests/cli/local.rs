//! The commands that need no server.

mod round_trip;
mod samples;
