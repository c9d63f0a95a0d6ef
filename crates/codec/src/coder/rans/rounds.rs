//! The loop over rounds that the kernels of all machines have, around what a machine does in a round.

use super::ROUND_WORDS;

/// The words that a round may take.
#[inline]
pub(super) fn window(words: &[u8], at: usize) -> Option<&[u8; ROUND_WORDS]> {
    words.get(at..at + ROUND_WORDS)?.first_chunk()
}

/// Defines a function that decodes whole rounds of some payloads in turns, as long as the words of all surely
/// last, and says how many symbols of each those were: while one payload waits for its entries, another goes on.
/// `$round` decodes a round and says how many bytes of words it took.
///
/// # Safety
/// The machine must have the features. For each payload there must be the entries of a table, 2^BITS, or
/// those of each context that occurs, as many of which there are as bytes of the payload's `outs`, or none.
macro_rules! decode_rounds {
    ($features:literal, $name:ident = $round:ident $(, $how:literal)?) => {
        #[allow(unsafe_code)]
        #[target_feature(enable = $features)]
        pub(super) unsafe fn $name<const BITS: u32, const CONTEXTS: bool, const N: usize>(
            decoders: &mut [&mut Decoder<'_>; N],
            contexts: [&[u8]; N],
            entries: [&[u32]; N],
            outs: &mut [&mut [u8]; N],
        ) -> usize {
            let mut lanes = [no_lanes(); N];
            let mut at = [0; N];
            for i in 0..N {
                lanes[i] = load_lanes(&decoders[i].lanes);
            }
            let rounds = outs.iter().fold(usize::MAX, |least, out| least.min(out.len() / LANES));
            let mut round = 0;
            'rounds: while round < rounds {
                let mut windows = [&[0; ROUND_WORDS]; N];
                for i in 0..N {
                    match window(decoders[i].words, at[i]) {
                        Some(window) => windows[i] = window,
                        None => break 'rounds,
                    }
                }
                for i in 0..N {
                    let own = match CONTEXTS {
                        true => &contexts[i].as_chunks::<LANES>().0[round],
                        false => &[0; LANES],
                    };
                    let to = &mut outs[i].as_chunks_mut::<LANES>().0[round];
                    // SAFETY: the caller's.
                    at[i] += unsafe {
                        $round::<BITS, CONTEXTS $(, $how)?>(&mut lanes[i], windows[i], own, entries[i], to)
                    };
                }
                round += 1;
            }
            for i in 0..N {
                store_lanes(&lanes[i], &mut decoders[i].lanes);
                decoders[i].words = &decoders[i].words[at[i]..];
            }
            round * LANES
        }
    };
}
pub(super) use decode_rounds;
