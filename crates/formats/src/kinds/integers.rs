//! Runs of small integers of 64 or 32 bits, as a model's ids, positions and indices are: the upper bytes of each
//! are zero.
//!
//! Such a run is often shorter than what shows by frequencies, and takes a thirtieth of its bytes where it is a
//! chunk of its own.

use std::ops::Range;

use super::Change;

/// A shorter run is not looked for.
const WORTH: usize = 1 << 10;

/// From one place that is looked at to the next, and how many bytes of integers must be there.
const PROBE: usize = 256;

/// What comes before a run and is shorter goes with it.
const LEAD: usize = 64;

/// Looks for the first place in `chunk` at which such a run begins, or ends where the chunk begins with one. A run
/// may show only now of which the last look saw the beginning.
pub(super) fn find(chunk: &[u8], from: usize) -> Option<Change> {
    let mut place = from.saturating_sub(WORTH);
    while place < chunk.len() {
        let Some(run) = run_at(chunk, place) else {
            place += PROBE;
            continue;
        };
        let begins = run.start >= LEAD;
        let ends = run.end + LONGEST <= chunk.len();
        if run.len() >= WORTH && (begins || ends) {
            let cut = if begins { run.start } else { run.end };
            return Change::of(cut..cut, 0);
        }
        place = run.end.max(place + PROBE);
    }
    None
}

/// Bytes of the longest integers.
const LONGEST: usize = 8;

/// The longest run about a place. The upper bytes of floats whose lower ones are zero would be larger numbers.
fn run_at(chunk: &[u8], place: usize) -> Option<Range<usize>> {
    let long = run_of(chunk, place, |word: &[u8; LONGEST]| {
        word[2] < 16 && word[3..] == [0; 5]
    });
    let short = run_of(chunk, place, |word: &[u8; 4]| {
        word[1] < 16 && word[2..] == [0; 2]
    });
    let runs = long.into_iter().chain(short);
    runs.max_by_key(ExactSizeIterator::len)
}

/// The run of integers of `WIDTH` bytes about a place.
fn run_of<const WIDTH: usize>(
    chunk: &[u8],
    place: usize,
    is_small: fn(&[u8; WIDTH]) -> bool,
) -> Option<Range<usize>> {
    let window = chunk.get(place..place + PROBE + WIDTH)?;
    let phases = (0..WIDTH).map(|phase| (words::<WIDTH>(&window[phase..]), phase));
    let whole = phases.filter(|(words, _)| words.iter().all(is_small));
    let (low_bytes, phase) = whole.map(|(words, at)| (low_bytes(words), at)).max()?;
    if low_bytes < PROBE / WIDTH / 2 {
        return None;
    }
    let (before, behind) = chunk.split_at(place + phase);
    let before = before.as_rchunks::<WIDTH>().1.iter().rev();
    let before = before.take_while(|word| is_small(word)).count();
    let behind = words::<WIDTH>(behind).iter();
    let behind = behind.take_while(|word| is_small(word)).count();
    let at = place + phase;
    Some(at - before * WIDTH..at + behind * WIDTH)
}

fn words<const WIDTH: usize>(bytes: &[u8]) -> &[[u8; WIDTH]] {
    bytes.as_chunks().0
}

/// How many words have a lowest byte: where a word begins, most do.
fn low_bytes<const WIDTH: usize>(words: &[[u8; WIDTH]]) -> usize {
    words.iter().filter(|word| word[0] != 0).count()
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
    fn integers_of_32_bits() {
        let groups: Vec<u8> = (0..384_u32).flat_map(|i| (i / 128).to_le_bytes()).collect();
        let bytes = [&[7; 3001][..], &groups, &[7; 3000]].concat();
        assert_eq!(find(&bytes, 0).expect("its beginning").end, 3001);
        assert_eq!(find(&bytes[3001..], 0).expect("its end").end, groups.len());
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
        let short = [vec![7; 5000], ids(127), vec![7; 5000]].concat();
        assert_eq!(find(&short, 0), None);
        let floats = (0..250_u8).cycle().take(9000).map(f32::from);
        let singles: Vec<u8> = floats.clone().flat_map(f32::to_le_bytes).collect();
        let doubles: Vec<u8> = floats.flat_map(|x| f64::from(x).to_le_bytes()).collect();
        assert_eq!(find(&singles, 0), None);
        assert_eq!(find(&doubles, 0), None);
    }
}
