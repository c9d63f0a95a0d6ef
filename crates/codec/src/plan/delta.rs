//! The plan of a delta: each element's difference from what its base lets expect, as a symbol coded
//! with the table of its context, and raw bits where differences are large.
//!
//! A frame whose differences are all 0 is empty. Any other has the number of bytes of raw bits (4),
//! the low bits that are kept apart, byte by byte in planes, the raw bits, and the symbols' payload.

mod buckets;
mod contexts;
mod difference;
mod fit;
mod frame;
mod look_up;
mod low_rank;
mod pair;
mod predict;
mod raw_bits;
mod shared;
#[cfg(target_arch = "x86_64")]
mod wide;

use std::fmt;
use std::sync::OnceLock;

pub(crate) use fit::fit;
pub(crate) use frame::Buffers;
pub(crate) use predict::can;

use self::buckets::Buckets;
use self::contexts::{Contexts, Place};
use self::difference::Form;
use self::low_rank::LowRank;
use self::pair::Pair;
use super::{Code, Core, Decoded, Part, Plan};
use crate::coder::rans::{DecodeTables, EncodeTables, Tables};
use crate::header::{Facts, Residual};
use crate::layout::Layout;
use crate::scratch::Scratch;
use crate::{Dtype, Error, Level};

const ERROR: Error = Error::Malformed("delta frame");
/// The length of the raw bits.
const LEN: usize = 4;

/// The differences of a chunk from its base.
pub(crate) struct Delta {
    /// The base's dtype, and the chunk's.
    from: Dtype,
    to: Dtype,
    place: Place,
    /// What is added to the base.
    low_rank: Option<LowRank>,
    form: Form,
    buckets: Buckets,
    contexts: Contexts,
    tables: Tables,
    /// What frames share, as the header keeps it.
    shared: Vec<u8>,
    /// About how many bytes the blob takes that this was fitted for.
    pub(crate) expected_len: usize,
    decoder: OnceLock<DecodeTables>,
    encoder: OnceLock<EncodeTables>,
}

impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.contexts.number();
        write!(
            f,
            "Delta({:?} from {:?}, {:?}, {number} contexts)",
            self.to, self.from, self.form
        )
    }
}

/// Whether a dtype's elements are floats of at most 32 bits, whose differences this plan codes.
pub(crate) fn covers(dtype: Dtype) -> bool {
    let is_float = dtype.is_float() || matches!(dtype, Dtype::C32 | Dtype::C64);
    is_float && Layout::of(dtype).unit() <= 4
}

impl Delta {
    /// Reads what frames share.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Delta, Error> {
        let Some(base) = facts.base else {
            return Err(Error::Malformed("delta without a base"));
        };
        let sound = base.residual == Residual::Planned && covers(facts.hint.dtype);
        if !sound || !can(base.dtype, facts.hint.dtype) || facts.lead != 0 {
            return Err(Error::Malformed("delta of this kind"));
        }
        shared::read(shared, facts, base.dtype)
    }

    /// The elements and what to expect of them; a frame that is decoded has no elements yet.
    fn pair<'a>(&'a self, first: usize, raw: &'a [u8], base: &'a [u8]) -> Pair<'a> {
        Pair {
            from: self.from,
            to: self.to,
            raw,
            base,
            first,
            place: self.place,
            low_rank: self.low_rank.as_ref(),
        }
    }

    fn unit(&self) -> usize {
        Layout::of(self.to).unit()
    }

    fn decoder(&self) -> &DecodeTables {
        self.decoder.get_or_init(|| self.tables.decoder())
    }

    fn encoder(&self) -> &EncodeTables {
        self.encoder.get_or_init(|| self.tables.encoder())
    }

    /// Bytes of the low bits that are kept apart, for each element.
    fn low_bytes(&self) -> usize {
        (self.form.low / 8) as usize
    }

    fn has_contexts(&self) -> bool {
        self.contexts.number() > 1
    }

    /// Takes a stored frame apart: low bits, raw bits, payload.
    fn split<'a>(&self, stored: &'a [u8], count: usize) -> Result<[&'a [u8]; 3], Error> {
        let (len, rest) = stored.split_first_chunk::<LEN>().ok_or(ERROR)?;
        let raw_len = u32::from_le_bytes(*len) as usize;
        let (low, rest) = rest
            .split_at_checked(count * self.low_bytes())
            .ok_or(ERROR)?;
        let (raw, payload) = rest.split_at_checked(raw_len).ok_or(ERROR)?;
        Ok([low, raw, payload])
    }
}

impl Plan for Delta {
    fn code(&self) -> Code {
        Code::Delta
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.shared);
    }

    fn encode(&self, core: Core<'_>, _: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        frame::encode(self, core, &mut scratch.delta, out);
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, _: &mut Scratch) -> Result<(), Error> {
        match stored {
            [] => frame::decode_equal(self, core),
            stored => frame::decode(self, stored, core),
        }
    }

    fn decode_two(
        &self,
        [(stored_a, a), (stored_b, b)]: [(&[u8], Decoded<'_>); 2],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        if stored_a.is_empty() || stored_b.is_empty() {
            self.decode(stored_a, a, scratch)?;
            return self.decode(stored_b, b, scratch);
        }
        frame::decode_two(self, [(stored_a, a), (stored_b, b)])
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let count = core_len / self.unit();
        let [low, raw, payload] = match stored {
            [] => [&[] as &[u8]; 3],
            stored => self.split(stored, count)?,
        };
        let part = |name, raw_len, stored: &[u8], coding| Part {
            name,
            raw_len,
            stored_len: stored.len(),
            coding,
        };
        let low_len = count * self.low_bytes();
        Ok(vec![
            part("low bits", low_len, low, "raw"),
            part("places", 0, raw, "raw"),
            part("differences", core_len - low_len, payload, "rans"),
        ])
    }
}
