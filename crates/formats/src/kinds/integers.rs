//! Runs of small integers of 64 bits, as a model's ids, positions and indices are: the upper bytes of each are zero.
//!
//! Such a run is often shorter than what shows by frequencies, and takes a thirtieth of its bytes where it is a
//! chunk of its own.

use std::ops::Range;

use super::Change;

/// A shorter run is not looked for.
const WORTH: usize = 2 << 10;

/// From one place that is looked at to the next, and how many bytes of integers must be there.
const PROBE: usize = 512;

const WORD: usize = 8;

/// Looks for the first place in `chunk` at which such a run begins, or ends where the chunk begins with one. A run
/// may show only now of which the last look saw the beginning.
pub(super) fn find(chunk: &[u8], from: usize) -> Option<Change> {
    let mut place = from.saturating_sub(WORTH);
    while place < chunk.len() {
        let Some(run) = run_at(chunk, place) else {
            place += PROBE;
            continue;
        };
        let cut = if run.start > 0 { run.start } else { run.end };
        let ends = run.end + WORD <= chunk.len();
        if run.len() >= WORTH && (run.start > 0 || ends) {
            return Change::of(cut..cut, 0);
        }
        place = run.end.max(place + PROBE);
    }
    None
}

/// The run about a place.
fn run_at(chunk: &[u8], place: usize) -> Option<Range<usize>> {
    let window = chunk.get(place..place + PROBE + WORD - 1)?;
    let phases = (0..WORD).map(|phase| (&window[phase..phase + PROBE], phase));
    let whole = phases.filter(|(bytes, _)| bytes.chunks_exact(WORD).all(is_small));
    let differing = whole.map(|(bytes, phase)| (low_bytes(bytes), phase));
    let (low_bytes, phase) = differing.max()?;
    if low_bytes < PROBE / WORD / 2 {
        return None;
    }
    let (before, behind) = chunk.split_at(place + phase);
    let before = before.rchunks_exact(WORD).take_while(|word| is_small(word));
    let behind = behind.chunks_exact(WORD).take_while(|word| is_small(word));
    let at = place + phase;
    Some(at - before.count() * WORD..at + behind.count() * WORD)
}

fn is_small(word: &[u8]) -> bool {
    word[3..] == [0; 5]
}

/// How many words have a lowest byte: where a word begins, most do.
fn low_bytes(words: &[u8]) -> usize {
    let lowest = words.iter().step_by(WORD);
    lowest.filter(|&&byte| byte != 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: u64) -> Vec<u8> {
        (0..n).flat_map(u64::to_le_bytes).collect()
    }

    #[test]
    fn a_run_begins_and_ends() {
        let text = b"{\"a header\": [1, 2, 3]} ".repeat(20);
        for lead in [0, 1, 3, 7] {
            let head = &text[lead..];
            let bytes = [head, &ids(512), &[0x3f; 9000]].concat();
            let begins = find(&bytes, 0).expect("its beginning");
            assert_eq!((begins.end, begins.begin), (head.len(), head.len()));
            let rest = &bytes[head.len()..];
            assert_eq!(find(rest, 0).expect("its end").end, 4096);
            assert_eq!(find(&rest[4096..], 0), None);
        }
    }

    #[test]
    fn a_run_that_the_last_look_saw_a_part_of() {
        let bytes = [vec![7; 9000], ids(3000)].concat();
        assert_eq!(find(&bytes[..10_000], 0), None);
        assert_eq!(find(&bytes, 10_000).expect("a change").end, 9000);
        // Until it ends a run stays whole.
        assert_eq!(find(&bytes[9000..], 0), None);
        let longer = [&bytes[9000..], &[7; 100]].concat();
        assert_eq!(find(&longer, 24_000).expect("a change").end, 24_000);
    }

    #[test]
    fn zeros_and_short_runs_are_none() {
        assert_eq!(find(&[0; 100_000], 0), None);
        assert_eq!(find(&[], 0), None);
        let short = [vec![7; 5000], ids(255), vec![7; 5000]].concat();
        assert_eq!(find(&short, 0), None);
        let numbers: Vec<u8> = (0..9000_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(find(&numbers, 0), None);
    }
}
