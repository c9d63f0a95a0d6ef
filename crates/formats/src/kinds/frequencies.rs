//! A change of kind found from the frequencies of bytes by their position in a word of 8: it is where two codes,
//! one for each side, take fewer bits than one for both.

use std::ops::Range;
use std::sync::LazyLock;

use super::{Change, WORTH_A_CHUNK};

/// Bytes that are looked at together: what the codec gives a code of its own.
pub(crate) const SPAN: usize = 256 << 10;

/// Where the kind may change at first sight.
const STEP: usize = 8 << 10;
const STEPS: usize = SPAN / STEP;

/// Steps between places that are tried first.
const STRIDE: usize = 4;

/// Of so many bytes the first are looked at, which is enough to tell, and faster.
const CELL: usize = 2 << 10;
const SAMPLE: usize = 512;
const SCALE: i64 = (CELL / SAMPLE) as i64;

/// Positions in a word.
const WIDTH: usize = 8;

/// What a cut must save, in bytes: a chunk costs the header of a blob, tables, a hash, a row.
const WORTH: i64 = 1024;

/// What a cut between two spans must save, where the codec changes codes anyway: there it is another
/// width of elements that counts.
const WORTH_BETWEEN: i64 = 8192;

/// What lies between is a chunk of its own from here on where one side has few values at some position: a third
/// costs half a bit for each of them in a code of whole bits.
const WORTH_BESIDE_FEW: usize = 64;

/// Bits of a logarithm behind the point.
const POINT: u32 = 12;

/// What half a nat is in bits: what a further symbol saves by chance.
const BY_CHANCE: i64 = 2955;

/// How often each byte is at each position.
type Counts = [[u16; 256]; WIDTH];

/// Looks for the first place in `chunk`, from about `from` on, at which its kind changes.
pub(super) fn find(chunk: &[u8], from: usize) -> Option<Change> {
    let from = from - from % WIDTH;
    let span = &chunk[from..];
    let steps = (span.len() / STEP).min(STEPS);
    if steps < 2 {
        return None;
    }
    let sums = Sums::of(span, steps);
    let mut before = [[0; 256]; WIDTH];
    count_cells(&chunk[from.saturating_sub(SPAN)..from], &mut before);
    let change = sums.first_change(steps);
    let first = 0..change.as_ref().map_or(steps, |behind| behind.start);
    let behind = match differs(&before, &sums.between(&first)) {
        true => first,
        false => change?,
    };
    let about = from + behind.start * STEP;
    // The steps about the change may have something of both kinds.
    add(&mut before, &sums.0[behind.start.saturating_sub(1)]);
    if total(&before[0]) == 0 {
        before = sums.0[behind.start];
    }
    let pure = (behind.start + 1).min(behind.end - 1)..behind.end;
    exactly(chunk, about, &before, &sums.between(&pure))
}

/// Whether two spans are worlds apart.
fn differs(before: &Counts, behind: &Counts) -> bool {
    total(&before[0]) > 0
        && !both_text(before, behind)
        && gain(before, behind, [true; WIDTH]) > WORTH_BETWEEN
}

/// Counts of all bytes up to each step.
struct Sums(Vec<Counts>);

impl Sums {
    fn of(span: &[u8], steps: usize) -> Sums {
        let mut sums = Vec::with_capacity(steps + 1);
        let mut counts = [[0; 256]; WIDTH];
        sums.push(counts);
        for step in span.chunks_exact(STEP).take(steps) {
            count_cells(step, &mut counts);
            sums.push(counts);
        }
        Sums(sums)
    }

    fn between(&self, steps: &Range<usize>) -> Counts {
        let mut counts = self.0[steps.end];
        for (counts, before) in counts.iter_mut().zip(&self.0[steps.start]) {
            for (count, before) in counts.iter_mut().zip(before) {
                *count -= before;
            }
        }
        counts
    }

    /// What comes behind the first step at which a cut is worth it: of what is before the best cut, again the best.
    fn first_change(&self, mut end: usize) -> Option<Range<usize>> {
        let mut found = None;
        while let Some(step) = self.best(end) {
            found = Some(step..end);
            end = step;
        }
        found
    }

    /// The step before `end` at which a cut saves most, if it saves enough.
    fn best(&self, end: usize) -> Option<usize> {
        let telling = telling(&self.0[end]);
        if telling == [false; WIDTH] {
            return None;
        }
        let gain_at = |step: usize| gain(&self.0[step], &self.between(&(step..end)), telling);
        let best_of = |steps: &mut dyn Iterator<Item = usize>| {
            let gains = steps.map(|step| (gain_at(step), step));
            gains.max_by_key(|(gain, _)| *gain)
        };
        let (gain, rough) = best_of(&mut (1..end).step_by(STRIDE))?;
        // Near a change a cut saves most of what one right there does.
        if gain < WORTH / 4 {
            return None;
        }
        let near = rough.saturating_sub(STRIDE - 1).max(1)..(rough + STRIDE).min(end);
        let (gain, step) = best_of(&mut near.into_iter())?;
        let worth = gain > WORTH && !both_text(&self.0[step], &self.between(&(step..end)));
        worth.then_some(step)
    }
}

/// Where about a place one kind ends and another begins: so that most is likely of the one before its end, and of the
/// other from its beginning on.
fn exactly(chunk: &[u8], about: usize, before: &Counts, behind: &Counts) -> Option<Change> {
    let range = about.saturating_sub(STEP)..(about + STEP).min(chunk.len());
    let (before, behind) = (Kind::of(before), Kind::of(behind));
    let mut end = range.start;
    let (mut sum, mut most_before) = (0, 0);
    let mut rest: i64 = range.clone().map(|at| behind.odds(chunk, at)).sum();
    let (mut most, mut change) = (rest, end..end);
    for at in range {
        sum += before.odds(chunk, at);
        rest -= behind.odds(chunk, at);
        if sum > most_before && before.ends[at % WIDTH] {
            (most_before, end) = (sum, at + 1);
        }
        if most_before + rest > most && behind.ends[at % WIDTH] {
            (most, change) = (most_before + rest, end..at + 1);
        }
    }
    let worth = if before.few || behind.few {
        WORTH_BESIDE_FEW
    } else {
        WORTH_A_CHUNK
    };
    Change::of(change, worth)
}

/// How much likelier each byte is in a kind than in noise, as a logarithm, and behind which positions of a word
/// an element ends.
struct Kind {
    odds: [[i32; 256]; WIDTH],
    ends: [bool; WIDTH],
    /// Whether at some position there are two values at most.
    few: bool,
}

impl Kind {
    fn of(counts: &Counts) -> Kind {
        let telling = telling(counts);
        let mut odds = [[0; 256]; WIDTH];
        let positions = odds.iter_mut().zip(counts).zip(telling);
        for ((odds, counts), _) in positions.filter(|(_, telling)| *telling) {
            *odds = odds_of(counts);
        }
        let values = |counts: &[u16; 256]| counts.iter().filter(|&&count| count > 0).count();
        Kind {
            odds,
            ends: ends(counts),
            few: counts.iter().any(|counts| values(counts) <= 2),
        }
    }

    fn odds(&self, chunk: &[u8], at: usize) -> i64 {
        i64::from(self.odds[at % WIDTH][usize::from(chunk[at])])
    }
}

/// Bytes that were not seen are the less likely the fewer were (Witten and Bell).
fn odds_of(counts: &[u16; 256]) -> [i32; 256] {
    let seen = counts.iter().filter(|&&count| count > 0).count() as u32;
    let all = log2(total(counts) + seen) - (8 << POINT);
    let unseen = log2(seen) - log2(256 - seen) - all;
    counts.map(|count| match count {
        0 => unseen as i32,
        count => (log2(count.into()) - all) as i32,
    })
}

/// The positions whose bytes are the most uneven, if they are not all the same: those of sign and exponent, with
/// which an element ends.
fn ends(counts: &Counts) -> [bool; WIDTH] {
    let uneven = counts.map(|counts| {
        let n = u64::from(total(&counts));
        let equal: u64 = counts.iter().map(|&n| u64::from(n) * u64::from(n)).sum();
        if equal < n * n * 31 / 32 { equal } else { 0 }
    });
    let most = uneven.into_iter().max().unwrap_or(0);
    uneven.map(|uneven| 4 * uneven >= most)
}

fn count_cells(bytes: &[u8], counts: &mut Counts) {
    for cell in bytes.chunks_exact(CELL) {
        for word in cell[..SAMPLE].as_chunks::<WIDTH>().0 {
            for (counts, &byte) in counts.iter_mut().zip(word) {
                counts[usize::from(byte)] += 1;
            }
        }
    }
}

fn add(counts: &mut Counts, more: &Counts) {
    for (counts, more) in counts.iter_mut().zip(more) {
        for (count, more) in counts.iter_mut().zip(more) {
            *count += more;
        }
    }
}

fn total(counts: &[u16; 256]) -> u32 {
    counts.iter().map(|&n| u32::from(n)).sum()
}

/// About how many bytes two codes save over one at some positions, beyond what they would save by
/// chance.
fn gain(a: &Counts, b: &Counts, telling: [bool; WIDTH]) -> i64 {
    let pairs = a.iter().zip(b).zip(telling);
    let bits: i64 = pairs
        .filter(|(_, telling)| *telling)
        .map(|((a, b), _)| saved(a, b))
        .sum();
    (bits * SCALE) >> (POINT + 3)
}

fn saved(a: &[u16; 256], b: &[u16; 256]) -> i64 {
    let (total_a, total_b) = (total(a), total(b));
    let mut bits = term(total_a + total_b) - term(total_a) - term(total_b);
    let (mut in_a, mut in_b, mut in_any) = (0, 0, 0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (u32::from(a), u32::from(b));
        if a > 0 && b > 0 {
            bits += term(a) + term(b) - term(a + b);
        }
        in_a += i64::from(a > 0);
        in_b += i64::from(b > 0);
        in_any += i64::from(a + b > 0);
    }
    if in_any > 2 && in_a.min(in_b) <= 2 {
        bits = bits.max(whole_bits(a, b));
    }
    bits - in_any * BY_CHANCE
}

/// What is saved where one side has no more than two values: by a code of whole bits, which takes one for each of them,
/// and two for all but the most frequent where there are more.
fn whole_bits(a: &[u16; 256], b: &[u16; 256]) -> i64 {
    let mut both = *a;
    both.iter_mut().zip(b).for_each(|(both, b)| *both += b);
    (code_len(&both) - code_len(a) - code_len(b)) << POINT
}

fn code_len(counts: &[u16; 256]) -> i64 {
    let n = i64::from(total(counts));
    let most = i64::from(counts.iter().copied().max().unwrap_or(0));
    match counts.iter().filter(|&&count| count > 0).count() {
        0 | 1 => 0,
        2 => n,
        // So few others are as good as left out.
        _ if most * 10 > n * 9 => n - most,
        _ => 2 * n - most,
    }
}

/// `n` times its logarithm.
fn term(n: u32) -> i64 {
    i64::from(n) * log2(n)
}

/// The logarithm, of 0 as of 1.
fn log2(n: u32) -> i64 {
    i64::from(LOG2[n as usize])
}

/// Logarithms of what two spans have of a byte at a position, doubled.
static LOG2: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let most = 2 * (2 * SPAN / WIDTH / SCALE as usize) + 256;
    (0..=most as u64).map(fixed_log2).collect()
});

/// A logarithm, bit by bit: where the square of a number from 1 to 2 reaches 2, its bit is set.
fn fixed_log2(n: u64) -> u16 {
    const ONE: u64 = 1 << 31;
    let whole = n.max(1).ilog2();
    let mut number = (n.max(1) << 31) >> whole;
    let mut log = whole as u16;
    for _ in 0..POINT {
        number = (number * number) >> 31;
        log <<= 1;
        if number >= 2 * ONE {
            number >>= 1;
            log |= 1;
        }
    }
    log
}

/// The positions at which not all bytes are about equally likely: no change shows in noise.
fn telling(counts: &Counts) -> [bool; WIDTH] {
    counts.map(|counts| {
        let n = u64::from(total(&counts));
        let equal: u64 = counts.iter().map(|&n| u64::from(n) * u64::from(n)).sum();
        // Of noise: n²/256 + n, give or take a few.
        equal * 256 >= n * n + 320 * n
    })
}

/// Whether both are text, which is cut where its content says and nowhere else: its words say more of
/// it than its letters.
fn both_text(a: &Counts, b: &Counts) -> bool {
    is_text(a) && is_text(b)
}

fn is_text(counts: &Counts) -> bool {
    let (mut text, mut all) = (0, 0);
    for counts in counts {
        for (byte, &n) in counts.iter().enumerate() {
            all += u32::from(n);
            if matches!(byte, 9 | 10 | 13 | 32..=126) {
                text += u32::from(n);
            }
        }
    }
    text >= all / 100 * 90
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise in the low byte, a few values in the high one.
    fn words(count: usize, seed: u64, scale: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(99);
            state >> 33
        };
        (0..count)
            .flat_map(|_| [next() as u8, (scale + next() % 4 + next() % 4) as u8])
            .collect()
    }

    #[test]
    fn a_change_is_found_about_where_it_is() {
        for change in [20_000, 60_000, 131_072, 199_998] {
            let bytes = [words(change / 2, 1, 7), words(150_000, 2, 9)].concat();
            let found = find(&bytes[..SPAN], 0).unwrap().begin;
            assert!(found.abs_diff(change) <= 64, "{found} for {change}");
        }
        assert_eq!(find(&words(SPAN / 2, 1, 7), 0), None);
    }

    #[test]
    fn a_change_of_phase_is_a_change() {
        let mut bytes = words(50_001, 1, 7);
        bytes.push(0);
        bytes.extend(words(100_000, 2, 7));
        let found = find(&bytes[..SPAN], 0).unwrap().begin;
        assert!(found.abs_diff(100_002) <= 64, "{found}");
    }

    #[test]
    fn of_several_changes_the_first() {
        let bytes = [
            words(30_000, 1, 7),
            words(30_000, 2, 20),
            words(90_000, 3, 40),
        ]
        .concat();
        let found = find(&bytes[..SPAN], 0).unwrap().begin;
        assert!(found.abs_diff(60_000) <= 64, "{found}");
    }

    #[test]
    fn noise_text_and_short_runs_do_not_change() {
        let noise = words(100_000, 1, 0)
            .into_iter()
            .step_by(2)
            .collect::<Vec<_>>();
        assert_eq!(find(&noise, 0), None);
        let text = [
            include_bytes!("frequencies.rs").repeat(10),
            include_bytes!("../cdc.rs").repeat(10),
        ];
        assert_eq!(find(&text.concat(), 0), None);
        assert_eq!(find(&[], 0), None);
        assert_eq!(find(&[7; 20_000], 0), None);
        assert_eq!(find(&[7; 20_000], 19_999), None);
    }

    #[test]
    fn logarithms() {
        for n in [1_u32, 2, 3, 10, 1000, 16_384, 33_000] {
            let exact = f64::from(n).log2() * f64::from(1 << POINT);
            assert!((log2(n) as f64 - exact).abs() <= 1.0, "{n}");
        }
        assert_eq!(log2(0), 0);
    }
}
