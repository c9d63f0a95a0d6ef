//! A payload to symbols.

use super::{FIRST, LANES, LANES_LEN, Tables, with_bits};
use crate::Error;
use crate::cpu::at_best;

/// What the decoder needs of tables: for each context and slot an entry, from the lowest bit on the
/// share (`bits` bits), the slot's number among the symbol's (`bits`), the symbol.
#[derive(Debug)]
pub(crate) struct DecodeTables {
    bits: u32,
    contexts: usize,
    entries: Vec<u32>,
}

impl Tables {
    /// What the decoder needs of them: 2^bits * 4 bytes for each context.
    pub(crate) fn decoder(&self) -> DecodeTables {
        let bits = self.bits;
        let mut entries = Vec::with_capacity(self.contexts() << bits);
        for shares in &self.shares {
            for (symbol, &share) in shares.iter().enumerate() {
                let first = (symbol as u32) << (2 * bits) | u32::from(share);
                entries.extend((0..u32::from(share)).map(|i| first | i << bits));
            }
        }
        DecodeTables {
            bits,
            contexts: self.contexts(),
            entries,
        }
    }
}

/// Decodes a payload of one segment into exactly `out`.
pub(crate) fn decode(
    payload: &[u8],
    contexts: &[u8],
    tables: &DecodeTables,
    out: &mut [u8],
) -> Result<(), Error> {
    let mut decoder = Decoder::new(payload)?;
    decoder.decode(contexts, tables, out)?;
    decoder.finish()
}

/// A payload that is being decoded, segment by segment.
pub(crate) struct Decoder<'a> {
    pub(super) lanes: [u32; LANES],
    pub(super) words: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Begins with a payload.
    pub(crate) fn new(payload: &'a [u8]) -> Result<Decoder<'a>, Error> {
        let (lanes, words) = payload
            .split_at_checked(LANES_LEN)
            .ok_or(Error::Malformed("lanes"))?;
        let lanes = lanes.as_chunks::<4>().0;
        Ok(Decoder {
            lanes: std::array::from_fn(|i| u32::from_le_bytes(lanes[i])),
            words,
        })
    }

    /// Decodes the next segment, which fills `out`. `contexts` are as many as that, or none: then all
    /// are context 0.
    pub(crate) fn decode(
        &mut self,
        contexts: &[u8],
        tables: &DecodeTables,
        out: &mut [u8],
    ) -> Result<(), Error> {
        let plain = contexts.is_empty();
        if !(plain || contexts.len() == out.len() && are_below(contexts, tables.contexts)) {
            return Err(Error::Malformed("contexts"));
        }
        with_bits!(tables.bits, decode_segment(self, contexts, tables, out))
    }

    /// After the last segment: the lanes and the words must be used up.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.words.is_empty() && self.lanes == [FIRST; LANES] {
            Ok(())
        } else {
            Err(Error::Malformed("end of the lanes"))
        }
    }
}

at_best! {
    /// Whether all contexts are below a number.
    pub(super) fn are_below(contexts: &[u8], number: usize) -> bool = all_below
}

#[inline(always)]
fn all_below(contexts: &[u8], number: usize) -> bool {
    let most = contexts.iter().fold(0, |most, context| most.max(*context));
    usize::from(most) < number
}

fn decode_segment<const BITS: u32>(
    decoder: &mut Decoder<'_>,
    contexts: &[u8],
    tables: &DecodeTables,
    out: &mut [u8],
) -> Result<(), Error> {
    #[cfg(target_arch = "x86_64")]
    let done = if crate::cpu::has_v3() {
        super::simd::decode::<BITS>(decoder, contexts, &tables.entries, out)
    } else {
        0
    };
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    decode_plainly::<BITS>(decoder, contexts, &tables.entries, done, out)
}

/// Any machine's way, from symbol `done`, the first of a round, on.
pub(super) fn decode_plainly<const BITS: u32>(
    decoder: &mut Decoder<'_>,
    contexts: &[u8],
    entries: &[u32],
    done: usize,
    out: &mut [u8],
) -> Result<(), Error> {
    let mask = (1 << BITS) - 1;
    for (round, to) in out[done..].chunks_mut(LANES).enumerate() {
        let first = done + round * LANES;
        for (i, (to, lane)) in to.iter_mut().zip(&mut decoder.lanes).enumerate() {
            let context = contexts.get(first + i).copied().unwrap_or(0);
            let slot = *lane & mask;
            let entry = entries[usize::from(context) << BITS | slot as usize];
            *to = (entry >> (2 * BITS)) as u8;
            // Below 2^32: share and slot are below 2^bits, and what is left of the lane below 2^(32 - bits).
            *lane = (entry & mask) * (*lane >> BITS) + (entry >> BITS & mask);
            if *lane < FIRST {
                let (word, rest) = decoder
                    .words
                    .split_first_chunk()
                    .ok_or(Error::Malformed("words end early"))?;
                decoder.words = rest;
                *lane = *lane << 16 | u32::from(u16::from_le_bytes(*word));
            }
        }
    }
    Ok(())
}

/// A segment by any machine's way.
#[cfg(test)]
pub(super) fn plainly(
    decoder: &mut Decoder<'_>,
    contexts: &[u8],
    tables: &DecodeTables,
    out: &mut [u8],
) -> Result<(), Error> {
    with_bits!(
        tables.bits,
        decode_plainly(decoder, contexts, &tables.entries, 0, out)
    )
}
