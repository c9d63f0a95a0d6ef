//! Plans: how the whole units of each frame become bytes. The encoder chooses one for a chunk; the
//! header names it, with what its frames share.

pub(crate) mod blocks;
mod centred;
pub(crate) mod classes;
pub(crate) mod delta;
mod directory;
pub(crate) mod fields;
mod fixed;
mod planes;
mod rows;
mod steps;
mod stored;
mod strings;
mod units;
mod values;

use std::fmt::Debug;
use std::sync::Arc;

pub(crate) use blocks::Blocks;
pub(crate) use centred::Centred;
pub(crate) use classes::Classes;
pub(crate) use delta::Delta;
pub(crate) use fields::Fields;
pub(crate) use fixed::Fixed;
pub(crate) use planes::MAX_PLANES;
pub(crate) use planes::{Planes, Tiles};
pub(crate) use steps::Steps;
pub(crate) use stored::Stored;
pub(crate) use strings::Strings;
pub(crate) use values::Values;

use crate::check::Check;
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Error, Level};

/// Which plan a blob has. The number is in the header and never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// [`Planes`].
    Planes = 0,
    /// [`Classes`].
    Classes = 1,
    /// [`Blocks`].
    Blocks = 2,
    /// [`Delta`].
    Delta = 3,
    /// [`Fixed`].
    Fixed = 4,
    /// [`Fields`].
    Fields = 5,
    /// [`Centred`].
    Centred = 6,
    /// [`Stored`].
    Stored = 7,
    /// [`Values`].
    Values = 8,
    /// [`Steps`].
    Steps = 9,
    /// [`Strings`].
    Strings = 10,
}

impl Code {
    pub(crate) fn from_byte(byte: u8) -> Option<Code> {
        [
            Code::Planes,
            Code::Classes,
            Code::Blocks,
            Code::Delta,
            Code::Fixed,
            Code::Fields,
            Code::Centred,
            Code::Stored,
            Code::Values,
            Code::Steps,
            Code::Strings,
        ]
        .into_iter()
        .find(|code| *code as u8 == byte)
    }
}

/// The most bytes that a plan may add to a frame's raw bytes: a plan whose frames could be longer is
/// not taken.
pub(crate) const MAX_OVERHEAD: usize = planes::MAX_OVERHEAD;

/// A frame's core: its whole units, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Core<'a> {
    /// How many units of the chunk come before.
    pub first: usize,
    /// The units' bytes.
    pub bytes: &'a [u8],
    /// The base's units at the same place; none where the blob is no delta.
    pub base: &'a [u8],
}

/// A frame's core before it is decoded.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    /// How many units of the chunk come before.
    pub first: usize,
    /// Where the units' bytes go: all of them.
    pub bytes: &'a mut [u8],
    /// The base's units at the same place; none where the blob is no delta.
    pub base: &'a [u8],
    /// Where the bytes may be taken in, as they are at last, as soon as they are there.
    pub check: Option<&'a mut Check>,
    /// Whether that is all that is done with them soon: more are decoded than the nearer caches have room for.
    pub far: bool,
}

impl Decoded<'_> {
    /// The same core, for someone who only borrows it.
    fn reborrowed(&mut self) -> Decoded<'_> {
        Decoded {
            first: self.first,
            bytes: &mut *self.bytes,
            base: self.base,
            check: self.check.as_deref_mut(),
            far: self.far,
        }
    }

    /// The same for bytes that are not yet what they become: nobody takes them in.
    fn unchecked(&mut self) -> Decoded<'_> {
        Decoded {
            check: None,
            ..self.reborrowed()
        }
    }
}

/// A part of a stored frame, for people to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it holds.
    pub name: &'static str,
    /// Its bytes before, rounded up.
    pub raw_len: usize,
    /// Its bytes in the frame.
    pub stored_len: usize,
    /// How it is coded.
    pub coding: &'static str,
}

/// How the cores of a chunk's frames become bytes. Each frame decodes alone, given the plan.
pub(crate) trait Plan: Debug + Send + Sync {
    /// Its number in the header.
    fn code(&self) -> Code;

    /// Appends what the frames share, as the header keeps it: what [`read`] takes.
    fn write(&self, out: &mut Vec<u8>);

    /// Encodes a frame's core to the end of `out`.
    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>);

    /// Decodes exactly the bytes that [`Plan::encode`] appended.
    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error>;

    /// Decodes two frames, side by side where that is faster.
    fn decode_two(
        &self,
        frames: [(&[u8], Decoded<'_>); 2],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        for (stored, core) in frames {
            self.decode(stored, core, scratch)?;
        }
        Ok(())
    }

    /// Takes such bytes apart without decoding them; the core has `core_len` bytes.
    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error>;
}

/// Reads a plan from what its frames share. The plan must have exactly these bytes, whoever wrote
/// them.
pub(crate) fn read(code: Code, shared: &[u8], facts: &Facts) -> Result<Arc<dyn Plan>, Error> {
    match code {
        Code::Planes => Ok(Arc::new(Planes::read(shared, facts)?)),
        Code::Delta => Ok(Arc::new(Delta::read(shared, facts)?)),
        Code::Blocks => Ok(Arc::new(Blocks::read(shared, facts)?)),
        Code::Fields => Ok(Arc::new(Fields::read(shared, facts)?)),
        Code::Centred => Ok(Arc::new(Centred::read(shared, facts)?)),
        Code::Values => Ok(Arc::new(Values::read(shared, facts)?)),
        Code::Steps => Ok(Arc::new(Steps::read(shared, facts)?)),
        Code::Fixed => Ok(Arc::new(Fixed::read(shared, facts)?)),
        Code::Classes => Ok(Arc::new(Classes::read(shared, facts)?)),
        Code::Strings => Ok(Arc::new(Strings::read(shared, facts)?)),
        Code::Stored => Ok(Arc::new(Stored::read(shared, facts)?)),
    }
}
