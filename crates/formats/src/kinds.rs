//! Where bytes of which nothing is known become bytes of another kind.
//!
//! Tensors of a file without a header follow each other: floats of one scale, floats of another, of
//! another width, integers, text. What codes well for one does not for the next, so that a chunk should
//! end where its kind does. That place is found from the frequencies of bytes by their position in a
//! word of 8: it is where two codes, one for each side, take fewer bits than one for both.
//!
//! A cut that is found so depends on the bytes of its chunk alone, and all is reckoned in whole numbers:
//! every machine finds the same.

use std::sync::LazyLock;

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

/// Bits of a logarithm behind the point.
const POINT: u32 = 12;

/// What half a nat is in bits: what a further symbol saves by chance.
const BY_CHANCE: i64 = 2955;

/// How often each byte is at each position.
type Counts = [[u16; 256]; WIDTH];

/// Looks for the first place in `chunk`, from `from` on, at which its kind changes. What is looked at
/// is at most [`SPAN`] bytes, and as many before it.
pub(crate) fn find(chunk: &[u8], from: usize) -> Option<usize> {
    let from = from - from % WIDTH;
    let span = &chunk[from..];
    let steps = (span.len() / STEP).min(STEPS);
    if steps < 2 {
        return None;
    }
    let sums = Sums::of(span, steps);
    let before = from.checked_sub(SPAN).map(|start| &chunk[start..from]);
    if let Some(before) = before
        && differs(before, &sums)
    {
        return Some(from);
    }
    let step = sums.first_change(steps)?;
    Some(from + sums.exactly(span, step))
}

/// Whether two spans are worlds apart.
fn differs(before: &[u8], sums: &Sums) -> bool {
    let mut counts = [[0; 256]; WIDTH];
    count_cells(before, &mut counts);
    let behind = &sums.0[sums.steps()];
    !both_text(&counts, behind) && gain(&counts, behind, [true; WIDTH]) > WORTH_BETWEEN
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

    fn steps(&self) -> usize {
        self.0.len() - 1
    }

    fn between(&self, start: usize, end: usize) -> Counts {
        let mut counts = self.0[end];
        for (counts, before) in counts.iter_mut().zip(&self.0[start]) {
            for (count, before) in counts.iter_mut().zip(before) {
                *count -= before;
            }
        }
        counts
    }

    /// The first step at which a cut is worth it: of what is before the best cut, again the best.
    fn first_change(&self, mut end: usize) -> Option<usize> {
        let mut found = None;
        while let Some(step) = self.best(end) {
            found = Some(step);
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
        let gain_at = |step: usize| gain(&self.0[step], &self.between(step, end), telling);
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
        let worth = gain > WORTH && !both_text(&self.0[step], &self.between(step, end));
        worth.then_some(step)
    }

    /// The place about a step from which on bytes are more likely of the kind behind it.
    fn exactly(&self, span: &[u8], step: usize) -> usize {
        let odds = Odds::of(&self.0[step], &self.between(step, self.steps()));
        let start = (step - 1) * STEP;
        let end = ((step + 1) * STEP).min(span.len());
        let (mut sum, mut least, mut place) = (0, 0, start);
        for (word, bytes) in span[start..end].chunks_exact(WIDTH).enumerate() {
            for (odds, &byte) in odds.0.iter().zip(bytes) {
                sum += i64::from(odds[usize::from(byte)]);
            }
            // What was before this place is rather of the kind before it.
            if sum < least {
                (least, place) = (sum, start + (word + 1) * WIDTH);
            }
        }
        place.max(WIDTH)
    }
}

/// How much likelier each byte is behind a change than before it, as a logarithm.
struct Odds([[i32; 256]; WIDTH]);

impl Odds {
    fn of(before: &Counts, behind: &Counts) -> Odds {
        let mut odds = [[0; 256]; WIDTH];
        for ((odds, before), behind) in odds.iter_mut().zip(before).zip(behind) {
            // Of bytes that were not seen there is half of one.
            let all = log2(total(behind) + 128) - log2(total(before) + 128);
            for ((odds, &before), &behind) in odds.iter_mut().zip(before).zip(behind) {
                let ratio = log2(2 * u32::from(behind) + 1) - log2(2 * u32::from(before) + 1);
                *odds = (ratio - all) as i32;
            }
        }
        Odds(odds)
    }
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

fn total(counts: &[u16; 256]) -> u32 {
    counts.iter().map(|&n| u32::from(n)).sum()
}

/// About how many bytes two codes save over one at some positions, beyond what they would save by
/// chance.
fn gain(a: &Counts, b: &Counts, telling: [bool; WIDTH]) -> i64 {
    let mut bits = 0;
    for ((a, b), _) in a.iter().zip(b).zip(telling).filter(|(_, telling)| *telling) {
        let (total_a, total_b) = (total(a), total(b));
        bits += term(total_a + total_b) - term(total_a) - term(total_b);
        for (&a, &b) in a.iter().zip(b) {
            let (a, b) = (u32::from(a), u32::from(b));
            if a > 0 && b > 0 {
                bits += term(a) + term(b) - term(a + b);
            }
            bits -= i64::from(a + b > 0) * BY_CHANCE;
        }
    }
    (bits * SCALE) >> (POINT + 3)
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
            let found = find(&bytes[..SPAN], 0).unwrap();
            assert!(found.abs_diff(change) <= 64, "{found} for {change}");
        }
        assert_eq!(find(&words(SPAN / 2, 1, 7), 0), None);
    }

    #[test]
    fn a_change_of_phase_is_a_change() {
        let mut bytes = words(50_001, 1, 7);
        bytes.push(0);
        bytes.extend(words(100_000, 2, 7));
        let found = find(&bytes[..SPAN], 0).unwrap();
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
        let found = find(&bytes[..SPAN], 0).unwrap();
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
            include_bytes!("kinds.rs").repeat(10),
            include_bytes!("cdc.rs").repeat(10),
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
