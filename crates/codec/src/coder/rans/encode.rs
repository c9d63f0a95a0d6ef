//! Symbols to a payload. Lanes work like stacks, so encoding goes from the last symbol to the first.

use std::cell::Cell;

use super::{FIRST, LANES, Tables, with_bits};

/// Symbols, their contexts (none: all are context 0) and what they are coded with.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub symbols: &'a [u8],
    pub contexts: &'a [u8],
    pub tables: &'a EncodeTables,
}

/// What the encoder needs of tables.
#[derive(Debug)]
pub(crate) struct EncodeTables {
    pub(super) bits: u32,
    contexts: usize,
    /// By context and symbol, [`entry`].
    pub(super) entries: Vec<u64>,
}

/// An entry: reciprocal (32 bits), share (14), start (14), the share's log2 rounded up (4). 0 for a
/// symbol that is missing.
fn entry(share: u16, start: u32) -> u64 {
    match share {
        0 => 0,
        share => {
            u64::from(reciprocal(share))
                | u64::from(share) << 32
                | u64::from(start) << 46
                | u64::from(log_up(share)) << 60
        }
    }
}

/// The log2, rounded up.
fn log_up(share: u16) -> u32 {
    u32::from(share).next_power_of_two().trailing_zeros()
}

/// 2^(31 + log) / share, rounded up: below 2^32, as the share is above 2^(log - 1).
fn reciprocal(share: u16) -> u32 {
    (1u64 << (31 + log_up(share))).div_ceil(u64::from(share)) as u32
}

/// Whether multiplying with the reciprocal divides every number below share * 2^(32 - bits) exactly:
/// its error, at most the number times the reciprocal's excess, must stay below one unit.
pub(super) fn is_exact(bits: u32, share: u16) -> bool {
    if share == 0 {
        return true;
    }
    let one = 1u64 << (31 + log_up(share));
    let excess = u64::from(reciprocal(share)) * u64::from(share) - one;
    let most = (u64::from(share) << (32 - bits)) - 1;
    most * excess < one
}

impl Tables {
    /// Whether an encoder can be made of them.
    pub(crate) fn encode(&self) -> bool {
        let mut shares = self.shares.as_flattened().iter();
        shares.all(|share| is_exact(self.bits, *share))
    }

    /// What the encoder needs of them.
    ///
    /// # Panics
    /// When they were read from bytes that [`Tables::new`]'s shares cannot have given.
    pub(crate) fn encoder(&self) -> EncodeTables {
        let mut entries = Vec::with_capacity(256 * self.contexts());
        for shares in &self.shares {
            let mut start = 0;
            for &share in shares {
                assert!(is_exact(self.bits, share));
                entries.push(entry(share, start));
                start += u32::from(share);
            }
        }
        EncodeTables {
            bits: self.bits,
            contexts: self.contexts(),
            entries,
        }
    }
}

/// Encodes symbols to the end of `out`; whether their contexts have them all. If not, `out` is as it was.
pub(crate) fn encode(
    symbols: &[u8],
    contexts: &[u8],
    tables: &EncodeTables,
    out: &mut Vec<u8>,
) -> bool {
    encode_segments(
        &[Segment {
            symbols,
            contexts,
            tables,
        }],
        out,
    )
}

/// Encodes segments to the end of `out`; whether their contexts have all symbols. If not, `out` is as
/// it was.
///
/// # Panics
/// When a segment's contexts are not as many as its symbols, or are not in its tables.
pub(crate) fn encode_segments(segments: &[Segment<'_>], out: &mut Vec<u8>) -> bool {
    let mut kept = KEPT.take();
    let done = encode_with(segments, &mut kept, out);
    KEPT.set(kept);
    done
}

thread_local! {
    /// Room for words, which is far more than the payload takes in the end.
    static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn encode_with(segments: &[Segment<'_>], words: &mut Vec<u8>, out: &mut Vec<u8>) -> bool {
    let symbols: usize = segments.iter().map(|segment| segment.symbols.len()).sum();
    // A symbol gives one word at most. The words grow down from the end.
    let len = words.len().max(2 * symbols);
    words.resize(len, 0);
    let mut lanes = [FIRST; LANES];
    let mut at = len;
    for segment in segments.iter().rev() {
        segment.check();
        let done = with_bits!(
            segment.tables.bits,
            encode_one(segment, &mut lanes, words, at)
        );
        let Some(now) = done else {
            return false;
        };
        at = now;
    }
    out.extend(lanes.iter().flat_map(|lane| lane.to_le_bytes()));
    out.extend_from_slice(&words[at..]);
    true
}

impl Segment<'_> {
    /// Contexts that the tables do not have are the caller's mistake.
    fn check(&self) {
        let Segment {
            symbols,
            contexts,
            tables,
        } = self;
        assert!(contexts.is_empty() || contexts.len() == symbols.len());
        assert!(super::decode::are_below(contexts, tables.contexts));
    }

    pub(super) fn entry(&self, i: usize) -> u64 {
        let context = self.contexts.get(i).copied().unwrap_or(0);
        self.tables.entries[usize::from(context) << 8 | usize::from(self.symbols[i])]
    }
}

/// Encodes a segment that was checked in front of the words from `at`; where they begin now, or nothing if
/// a symbol is missing.
fn encode_one<const BITS: u32>(
    segment: &Segment<'_>,
    lanes: &mut [u32; LANES],
    words: &mut [u8],
    at: usize,
) -> Option<usize> {
    let whole = segment.symbols.len() / LANES * LANES;
    let at = encode_plainly::<BITS>(segment, whole..segment.symbols.len(), lanes, words, at)?;
    #[cfg(target_arch = "x86_64")]
    if crate::cpu::has_v4() {
        // SAFETY: that the tables have the contexts was checked by the caller.
        #[allow(unsafe_code)]
        return unsafe { super::wide::encode::encode::<BITS>(segment, lanes, words, at) };
    }
    #[cfg(target_arch = "x86_64")]
    if crate::cpu::has_v3() {
        return super::simd::encode::<BITS>(segment, lanes, words, at);
    }
    encode_plainly::<BITS>(segment, 0..whole, lanes, words, at)
}

/// Any machine's way.
pub(super) fn encode_plainly<const BITS: u32>(
    segment: &Segment<'_>,
    range: std::ops::Range<usize>,
    lanes: &mut [u32; LANES],
    words: &mut [u8],
    mut at: usize,
) -> Option<usize> {
    for i in range.rev() {
        let entry = segment.entry(i);
        let share = (entry >> 32) as u32 & 0x3fff;
        if share == 0 {
            return None;
        }
        let lane = &mut lanes[i % LANES];
        // As often as not, which nobody can foresee: so there is no branch, but a number that is 1 or 0, and the
        // word is written in any case.
        let most = (u64::from(share) << (32 - BITS)) - 1;
        let gives = most.wrapping_sub(u64::from(*lane)) >> 63;
        words[at - 2..at].copy_from_slice(&(*lane as u16).to_le_bytes());
        at -= 2 * gives as usize;
        *lane >>= 16 * gives;
        let quotient = (u64::from(*lane) * (entry & 0xffff_ffff)) >> (31 + (entry >> 60));
        let start = (entry >> 46) as u32 & 0x3fff;
        *lane += start + quotient as u32 * ((1 << BITS) - share);
    }
    Some(at)
}

/// The payload of one segment by any machine's way.
#[cfg(test)]
pub(super) fn plainly(symbols: &[u8], contexts: &[u8], tables: &EncodeTables) -> Vec<u8> {
    let mut lanes = [FIRST; LANES];
    let mut words = vec![0; 2 * symbols.len()];
    let segment = Segment {
        symbols,
        contexts,
        tables,
    };
    let end = words.len();
    let all = 0..symbols.len();
    let at = with_bits!(
        tables.bits,
        encode_plainly(&segment, all, &mut lanes, &mut words, end)
    );
    let lanes = lanes.iter().flat_map(|lane| lane.to_le_bytes());
    lanes.chain(words[at.unwrap()..].iter().copied()).collect()
}
