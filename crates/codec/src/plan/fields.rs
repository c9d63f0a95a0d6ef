//! The plan of quantised blocks where speed counts: each field a plane, of the quants only the top bits coded,
//! several of them as one symbol.
//!
//! Nearly all that is known of a quant is in its top bits. Where its group has a zero, quants are turned about
//! that first; where its scale tells more, blocks lie by that. So one code does what else would need contexts.

mod frame;
mod kind;
#[cfg(target_arch = "x86_64")]
mod lace;
mod order;
mod origins;
mod pieces;
mod shape;
#[cfg(test)]
mod tests;
mod tiles;
mod turns;
mod words;

pub(crate) use frame::Buffers;

use super::{Code, Core, Decoded, Part, Plan};
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Error, Level};
use kind::Kind;

/// What a frame begins with that is stored as it is.
const RAW: u8 = 0;
/// What a coded frame begins with.
const CODED: u8 = 1;

/// Quantised blocks, field by field.
#[derive(Debug)]
pub(crate) struct Fields {
    kind: Kind,
}

impl Fields {
    /// The plan for a chunk, where its blocks are known.
    pub(crate) fn of(facts: &Facts) -> Option<Fields> {
        Kind::of(facts.hint.dtype).map(|kind| Fields { kind })
    }

    /// Frames share nothing.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Fields, Error> {
        const ERROR: Error = Error::Malformed("fields");
        if !shared.is_empty() || facts.base.is_some() {
            return Err(ERROR);
        }
        Fields::of(facts).ok_or(ERROR)
    }
}

impl Plan for Fields {
    fn code(&self) -> Code {
        Code::Fields
    }

    fn write(&self, _: &mut Vec<u8>) {}

    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(CODED);
        let Scratch { fields, coder, .. } = scratch;
        if core.first == 0 {
            fields.forget();
        }
        fields.encode(&self.kind, core.bytes, level, coder, out);
        if out.len() - start > core.bytes.len() {
            out.truncate(start);
            out.push(RAW);
            out.extend_from_slice(core.bytes);
        }
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        match stored.split_first() {
            Some((&RAW, bytes)) if bytes.len() == core.bytes.len() => {
                core.bytes.copy_from_slice(bytes);
                Ok(())
            }
            Some((&CODED, bytes)) => scratch.fields.decode(&self.kind, bytes, core),
            _ => Err(Error::Malformed("frame of fields")),
        }
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        match stored.split_first() {
            Some((&RAW, _)) => Ok(vec![Part {
                name: "blocks",
                raw_len: core_len,
                stored_len: stored.len(),
                coding: "raw",
            }]),
            Some((&CODED, bytes)) => frame::parts(&self.kind, bytes, core_len / self.kind.unit),
            _ => Err(Error::Malformed("frame of fields")),
        }
    }
}
