//! A payload to symbols.

use super::{FIRST, LANES, LANES_LEN, ROUND_WORDS, Tables, with_bits};
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
        for (context, shares) in self.shares.iter().enumerate() {
            for (symbol, &share) in shares.iter().enumerate() {
                let first = (symbol as u32) << (2 * bits) | u32::from(share);
                entries.extend((0..u32::from(share)).map(|i| first | i << bits));
            }
            // Products may have no sum at all, of symbols that make no pair.
            entries.resize((context + 1) << bits, 0);
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
        tables.check(contexts, out)?;
        with_bits!(tables.bits, decode_segment(self, contexts, tables, out))
    }

    /// Decodes the next segments of two payloads side by side, which takes less time than one after the
    /// other. Of each, what [`Decoder::decode`] says of one.
    pub(crate) fn decode_two(
        decoders: [&mut Decoder<'_>; 2],
        contexts: [&[u8]; 2],
        tables: &DecodeTables,
        outs: [&mut [u8]; 2],
    ) -> Result<(), Error> {
        Decoder::decode_two_by(decoders, contexts, [tables; 2], outs)
    }

    /// As [`Decoder::decode_two`], each payload by tables of its own.
    pub(crate) fn decode_two_by(
        [a, b]: [&mut Decoder<'_>; 2],
        contexts: [&[u8]; 2],
        tables: [&DecodeTables; 2],
        [out_a, out_b]: [&mut [u8]; 2],
    ) -> Result<(), Error> {
        tables[0].check(contexts[0], out_a)?;
        tables[1].check(contexts[1], out_b)?;
        if tables[0].bits != tables[1].bits {
            a.decode(contexts[0], tables[0], out_a)?;
            return b.decode(contexts[1], tables[1], out_b);
        }
        with_bits!(
            tables[0].bits,
            decode_two_segments([a, b], contexts, tables, [out_a, out_b])
        )
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

impl DecodeTables {
    /// Contexts are as many as symbols and have their tables, or are none.
    fn check(&self, contexts: &[u8], out: &[u8]) -> Result<(), Error> {
        let fit = contexts.len() == out.len() && are_below(contexts, self.contexts);
        if fit || contexts.is_empty() {
            return Ok(());
        }
        Err(Error::Malformed("contexts"))
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

/// Decodes a segment whose contexts were checked.
fn decode_segment<const BITS: u32>(
    decoder: &mut Decoder<'_>,
    contexts: &[u8],
    tables: &DecodeTables,
    out: &mut [u8],
) -> Result<(), Error> {
    let done = whole_rounds::<BITS, 1>([&mut *decoder], [contexts], [tables], [&mut *out]);
    decode_plainly::<BITS>(decoder, contexts, &tables.entries, done, out)
}

/// Decodes two segments whose contexts were checked, by tables of BITS both.
fn decode_two_segments<const BITS: u32>(
    [a, b]: [&mut Decoder<'_>; 2],
    contexts: [&[u8]; 2],
    tables: [&DecodeTables; 2],
    [out_a, out_b]: [&mut [u8]; 2],
) -> Result<(), Error> {
    let outs = [&mut *out_a, &mut *out_b];
    let done = match contexts[0].is_empty() == contexts[1].is_empty() {
        true => whole_rounds::<BITS, 2>([&mut *a, &mut *b], contexts, tables, outs),
        false => 0,
    };
    // One may have more left than the other.
    let [rest_a, rest_b] = contexts.map(|own| own.get(done..).unwrap_or_default());
    decode_segment::<BITS>(a, rest_a, tables[0], &mut out_a[done..])?;
    decode_segment::<BITS>(b, rest_b, tables[1], &mut out_b[done..])
}

/// Decodes whole rounds of some segments whose contexts were checked, which all of them have or none, by the
/// machine's better instructions; how many symbols of each that were.
fn whole_rounds<const BITS: u32, const N: usize>(
    mut decoders: [&mut Decoder<'_>; N],
    contexts: [&[u8]; N],
    tables: [&DecodeTables; N],
    mut outs: [&mut [u8]; N],
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if crate::cpu::has_v3() {
        use super::{simd, wide};
        let plain = contexts.iter().all(|contexts| contexts.is_empty());
        let wide = crate::cpu::has_v4();
        let decode = match (wide && crate::cpu::gathers_fast(), wide && N > 1, plain) {
            (true, _, true) => wide::decode_gathering::<BITS, false, N>,
            (true, _, false) => wide::decode_gathering::<BITS, true, N>,
            (_, true, true) => wide::decode::<BITS, false, N>,
            (_, true, false) => wide::decode::<BITS, true, N>,
            (_, _, true) => simd::decode::<BITS, false, N>,
            (_, _, false) => simd::decode::<BITS, true, N>,
        };
        let entries = tables.map(|tables| tables.entries.as_slice());
        // SAFETY: the features were just found. There are the entries of all contexts, at least one, and the
        // caller has checked that no other occurs, and how many there are.
        #[allow(unsafe_code)]
        return unsafe { decode(&mut decoders, contexts, entries, &mut outs) };
    }
    let _ = (&mut decoders, contexts, tables, &mut outs);
    0
}

/// Any machine's way, from symbol `done`, the first of a round, on.
pub(super) fn decode_plainly<const BITS: u32>(
    decoder: &mut Decoder<'_>,
    contexts: &[u8],
    entries: &[u32],
    done: usize,
    out: &mut [u8],
) -> Result<(), Error> {
    let rest = contexts.get(done..).unwrap_or_default();
    let done = done + decode_rounds_plainly::<BITS>(decoder, rest, entries, &mut out[done..]);
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

/// Decodes whole rounds, as long as the words surely last; how many symbols that were.
fn decode_rounds_plainly<const BITS: u32>(
    decoder: &mut Decoder<'_>,
    contexts: &[u8],
    entries: &[u32],
    out: &mut [u8],
) -> usize {
    let no_contexts = [0; LANES];
    let rounds = out.as_chunks_mut::<LANES>().0;
    let mut contexts = contexts.as_chunks::<LANES>().0.iter();
    // On the stack, so that nobody else sees them change.
    let (mut lanes, mut words) = (decoder.lanes, decoder.words);
    let mut done = 0;
    for to in rounds {
        let Some(window) = words.first_chunk::<ROUND_WORDS>() else {
            break;
        };
        let contexts = contexts.next().unwrap_or(&no_contexts);
        let taken = decode_round::<BITS>(&mut lanes, window, contexts, entries, to);
        words = &words[taken..];
        done += LANES;
    }
    (decoder.lanes, decoder.words) = (lanes, words);
    done
}

/// Decodes a round; how many bytes of the window it takes.
#[inline(always)]
fn decode_round<const BITS: u32>(
    lanes: &mut [u32; LANES],
    window: &[u8; ROUND_WORDS],
    contexts: &[u8; LANES],
    entries: &[u32],
    out: &mut [u8; LANES],
) -> usize {
    let mask = (1 << BITS) - 1;
    let window = window.as_chunks::<2>().0;
    let mut taken = 0;
    for ((lane, to), context) in lanes.iter_mut().zip(out).zip(contexts) {
        let slot = *lane & mask;
        let entry = entries[usize::from(*context) << BITS | slot as usize];
        *to = (entry >> (2 * BITS)) as u8;
        let next = (entry & mask) * (*lane >> BITS) + (entry >> BITS & mask);
        // As often as not, which nobody can foresee: so there is no branch, but a number that is 1 or 0.
        let takes = u64::from(next).wrapping_sub(u64::from(FIRST)) >> 63;
        let word = u32::from(u16::from_le_bytes(window[taken % LANES]));
        *lane = next << (16 * takes) | (word & (takes as u32).wrapping_neg());
        taken += takes as usize;
    }
    2 * taken
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
