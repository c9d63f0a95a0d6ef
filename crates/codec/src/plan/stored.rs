//! The plan of what nothing is known about that could make it smaller: frames are the bytes themselves.

use super::{Code, Core, Decoded, Part, Plan};
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Error, Level};

/// Bytes as they are.
#[derive(Debug)]
pub(crate) struct Stored;

impl Stored {
    /// Frames share nothing.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Stored, Error> {
        match shared.is_empty() && facts.base.is_none() {
            true => Ok(Stored),
            false => Err(Error::Malformed("stored bytes share nothing")),
        }
    }
}

impl Plan for Stored {
    fn code(&self) -> Code {
        Code::Stored
    }

    fn write(&self, _: &mut Vec<u8>) {}

    fn encode(&self, core: Core<'_>, _: Level, _: &mut Scratch, out: &mut Vec<u8>) {
        out.extend_from_slice(core.bytes);
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, _: &mut Scratch) -> Result<(), Error> {
        if stored.len() != core.bytes.len() {
            return Err(Error::Malformed("length of a stored frame"));
        }
        core.bytes.copy_from_slice(stored);
        Ok(())
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        Ok(vec![Part {
            name: "bytes",
            raw_len: core_len,
            stored_len: stored.len(),
            coding: "raw",
        }])
    }
}
