//! Blocks of quants, as in GGUF, found by their scales: of all bytes of a block, only the upper byte of a scale
//! takes few values, and it comes again after just as many bytes as a block has.
//!
//! A tensor of floats between two of blocks is seldom a whole number of blocks long, so that blocks of
//! the same kind begin at another place behind it.

use super::{Change, WORTH_A_CHUNK};

/// Blocks of a length, and where in them the upper bytes of scales are.
struct Shape {
    len: usize,
    scales: &'static [usize],
}

const fn shape(len: usize, scales: &'static [usize]) -> Shape {
    Shape { len, scales }
}

/// Those of GGUF that can be told apart. Shorter ones first: each shows after any number of blocks, too.
/// Cuts depend on them, so they never change.
const SHAPES: [Shape; 16] = [
    shape(18, &[1]),
    shape(20, &[1, 3]),
    shape(22, &[1]),
    shape(24, &[1, 3]),
    shape(34, &[1]),
    shape(54, &[53]),
    shape(66, &[1]),
    shape(74, &[1]),
    shape(82, &[1]),
    shape(84, &[81, 83]),
    shape(98, &[1]),
    shape(110, &[109]),
    shape(136, &[1]),
    shape(144, &[1, 3]),
    shape(176, &[1, 3]),
    shape(210, &[209]),
];

/// Bytes that are looked at together: 78 blocks of the longest.
const WINDOW: usize = 16 << 10;

/// From one window to the next where there are blocks; where there are none it is twice as far.
const STRIDE: usize = 32 << 10;

/// Blocks of a window that are looked at, and at first sight.
const BLOCKS: usize = 256;
const FIRST_BLOCKS: usize = 127;

/// Short blocks, whose scales are the most varied, are compared with two that follow, others with one.
const SHORT: usize = 50;

/// Places behind a scale at which there is none.
const NO_SCALE: [usize; 4] = [3, 5, 6, 8];

/// The longest row of blocks that is compared at once.
const ROW: usize = 256;

/// Looks for the first change from blocks, or to blocks. A window that shows none may just be unlucky: such
/// a change counts once the next shows none either, which may be there at the next look only, so that each
/// look begins two windows early.
pub(super) fn find(chunk: &[u8], from: usize) -> Option<Change> {
    let at = |start: usize| chunk.get(start..start + WINDOW).is_some();
    let mut sure = from.saturating_sub(2 * STRIDE);
    if !at(sure) {
        return None;
    }
    let known = Blocks::of(chunk, sure);
    let mut start = sure + STRIDE;
    while at(start) {
        let now = Blocks::like(known, chunk, start);
        if now == known {
            sure = start;
        } else if now.is_some() {
            return change(chunk, (known, sure), (now, start));
        } else if !at(start + STRIDE) {
            return None;
        } else {
            let next = Blocks::like(known, chunk, start + STRIDE);
            if next != known {
                return change(chunk, (known, sure), (next, start + STRIDE));
            }
        }
        start += if known.is_some() { STRIDE } else { 2 * STRIDE };
    }
    None
}

/// The change between two windows.
fn change(
    chunk: &[u8],
    before: (Option<Blocks>, usize),
    behind: (Option<Blocks>, usize),
) -> Option<Change> {
    let begin = behind.0.map(|kind| kind.begin(chunk, behind.1, before.1));
    let end = before
        .0
        .map(|kind| kind.end(chunk, before.1, begin.unwrap_or(behind.1 + WINDOW)));
    let end = end.or(begin)?;
    Change::of(end..begin.unwrap_or(end), WORTH_A_CHUNK)
}

/// What a part of a chunk is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blocks {
    /// Which of the shapes.
    shape: usize,
    /// Where the chunk's first whole block would begin.
    first: usize,
}

impl Blocks {
    /// What a window is made of, if it is the same as another, or what else.
    fn like(known: Option<Blocks>, chunk: &[u8], start: usize) -> Option<Blocks> {
        let same = known.filter(|known| known.goes_on(chunk, start));
        same.or_else(|| Blocks::of(chunk, start))
    }

    fn goes_on(self, chunk: &[u8], start: usize) -> bool {
        let shape = &SHAPES[self.shape];
        let blocks = &chunk[self.next_block(start)..start + WINDOW];
        let pairs = |place: usize| {
            let mut counts = [0_u16; 256];
            let bytes = blocks.chunks_exact(shape.len).take(BLOCKS);
            bytes
                .map(|block| see(&mut counts, block[place]))
                .sum::<u32>()
        };
        let scale = shape.scales.iter().map(|&place| pairs(place)).min();
        let other = NO_SCALE.map(|by| pairs((shape.scales[0] + by) % shape.len));
        let n = BLOCKS.min(blocks.len() / shape.len);
        let other = other.into_iter().max().unwrap_or(0);
        scale.is_some_and(|scale| far_more(scale, other, n))
    }

    /// What a window is made of, if it is blocks.
    fn of(chunk: &[u8], start: usize) -> Option<Blocks> {
        let window = &chunk[start..start + WINDOW];
        if is_numbers(window) {
            return None;
        }
        let mut best = None;
        for (index, shape) in SHAPES.iter().enumerate() {
            if !shape.may_be(window) {
                continue;
            }
            let Some((share, first)) = shape.place(&equal_pairs(window, shape.len)) else {
                continue;
            };
            // A longer block must show better than a shorter one.
            if best.is_none_or(|(most, _)| share * 7 > most * 8) {
                let first = (start + first) % shape.len;
                best = Some((
                    share,
                    Blocks {
                        shape: index,
                        first,
                    },
                ));
            }
        }
        best.map(|(_, found)| found)
    }

    /// Where the blocks of a window begin, not before `least`.
    fn begin(self, chunk: &[u8], window: usize, least: usize) -> usize {
        let usual = self.usual(chunk, window);
        let len = SHAPES[self.shape].len;
        let mut best = Best::at(window);
        let mut place = self.next_block(window);
        while place >= least + len {
            place -= len;
            best.see(self.is_usual(&chunk[place..], &usual), place);
        }
        best.place
    }

    /// Where the blocks of a window end, not behind `most`.
    fn end(self, chunk: &[u8], window: usize, most: usize) -> usize {
        let usual = self.usual(chunk, window);
        let len = SHAPES[self.shape].len;
        let mut best = Best::at(window.min(most));
        let mut place = self.next_block(window);
        while place + len <= most.min(chunk.len()) {
            let fits = self.is_usual(&chunk[place..], &usual);
            place += len;
            best.see(fits, place);
        }
        best.place
    }

    /// The first block's beginning from a place on.
    fn next_block(self, place: usize) -> usize {
        let len = SHAPES[self.shape].len;
        place + (self.first + len - place % len) % len
    }

    /// The bytes that the scales of a window's blocks often have.
    fn usual(self, chunk: &[u8], window: usize) -> Vec<[bool; 256]> {
        let Shape { len, scales } = SHAPES[self.shape];
        let blocks = &chunk[self.next_block(window)..window + WINDOW];
        let usual = |&scale: &usize| {
            let mut counts = [0_usize; 256];
            let mut n = 0;
            for block in blocks.chunks_exact(len) {
                counts[usize::from(block[scale])] += 1;
                n += 1;
            }
            counts.map(|count| count * 64 >= n)
        };
        scales.iter().map(usual).collect()
    }

    fn is_usual(self, block: &[u8], usual: &[[bool; 256]]) -> bool {
        let scales = SHAPES[self.shape].scales.iter();
        scales
            .zip(usual)
            .all(|(&scale, usual)| usual[usize::from(block[scale])])
    }
}

/// The place up to which most fits.
struct Best {
    place: usize,
    sum: i64,
    most: i64,
}

impl Best {
    fn at(place: usize) -> Best {
        Best {
            place,
            sum: 0,
            most: 0,
        }
    }

    fn see(&mut self, fits: bool, place: usize) {
        self.sum += if fits { 1 } else { -2 };
        if self.sum > self.most {
            (self.most, self.place) = (self.sum, place);
        }
    }
}

impl Shape {
    /// Whether it is worth to look closer: bytes at one place are equal to those of the next blocks more often
    /// than elsewhere.
    fn may_be(&self, window: &[u8]) -> bool {
        let hits = equal_to_next(window, self);
        let pairs = self.lags() * FIRST_BLOCKS.min(window.len() / self.len);
        let least = pairs / 40 + self.lags();
        let shows = |hits: u32, other: u32| hits as usize >= least && 2 * hits > 3 * other;
        self.shows(&hits, shows).is_some()
    }

    fn lags(&self) -> usize {
        if self.len < SHORT { 2 } else { 1 }
    }

    /// In how many of 2^16 pairs of blocks a scale has the same upper byte, and where the first block begins.
    fn place(&self, pairs: &[u32]) -> Option<(u64, usize)> {
        let n = BLOCKS.min(WINDOW / self.len);
        let (pairs, first) = self.shows(pairs, |scale, other| far_more(scale, other, n))?;
        Some(((u64::from(pairs) << 16) / all_pairs(n) as u64, first))
    }

    /// Where blocks begin for the upper bytes of their scales to show best, if that is enough beside what the
    /// other bytes show. The lower bytes of scales are neither.
    fn shows(&self, counts: &[u32], enough: impl Fn(u32, u32) -> bool) -> Option<(u32, usize)> {
        let len = self.len;
        let score = |first: usize| {
            let at = |scale: &usize| counts[(first + scale) % len];
            self.scales.iter().map(at).min().unwrap_or(0)
        };
        let first = (0..len).rev().max_by_key(|&first| score(first))?;
        let in_scale = |at: usize| {
            let at = (at + len - first) % len;
            self.scales
                .iter()
                .any(|&scale| scale == at || scale == at + 1)
        };
        let other = (0..len)
            .filter(|&at| !in_scale(at))
            .map(|at| counts[at])
            .max();
        enough(score(first), other.unwrap_or(0)).then(|| (score(first), first))
    }
}

/// Whether the scales of `n` blocks share a byte often, and far more often than other bytes: those of no
/// pattern do in 1 of 256 pairs.
fn far_more(scale: u32, other: u32, n: usize) -> bool {
    scale as usize >= all_pairs(n) / 32 && scale > 2 * other
}

fn all_pairs(n: usize) -> usize {
    n * n.saturating_sub(1) / 2
}

/// Counts a byte, and says how many of its kind there were before.
fn see(counts: &mut [u16; 256], byte: u8) -> u32 {
    let count = &mut counts[usize::from(byte)];
    *count += 1;
    u32::from(*count) - 1
}

/// Whether a window is rather numbers of 2, 4 or 8 bytes: at some position of a word, or at several, bytes are
/// far from equally likely. A scale is one of many bytes at its position.
fn is_numbers(window: &[u8]) -> bool {
    let mut counts = [[0; 256]; 8];
    let mut pairs = [0; 8];
    for cell in window.chunks_exact(2048) {
        for word in cell[..512].as_chunks::<8>().0 {
            for ((pairs, counts), &byte) in pairs.iter_mut().zip(&mut counts).zip(word) {
                *pairs += see(counts, byte);
            }
        }
    }
    let all = all_pairs(window.len() / 32) as u32;
    let more_than = |part: u32| pairs.iter().filter(|&&pairs| pairs > all / part).count();
    more_than(16) > 0 || more_than(40) > 2
}

/// For each byte of a block: in how many of all pairs of blocks it is the same.
fn equal_pairs(window: &[u8], len: usize) -> Vec<u32> {
    let mut counts = vec![[0_u16; 256]; len];
    let mut equal = vec![0; len];
    for block in window.chunks_exact(len).take(BLOCKS) {
        for ((equal, counts), &byte) in equal.iter_mut().zip(&mut counts).zip(block) {
            *equal += see(counts, byte);
        }
    }
    equal
}

/// For each byte of a block: in how many blocks it is the same as in the next, and, of short ones, in the one after that.
fn equal_to_next(window: &[u8], shape: &Shape) -> Vec<u32> {
    let len = shape.len;
    let row = ROW / len * len;
    let rows = FIRST_BLOCKS / (row / len);
    let mut hits = [0_u8; ROW];
    for lag in (1..=shape.lags()).map(|blocks| blocks * len) {
        let pairs = window
            .chunks_exact(row)
            .zip(window[lag..].chunks_exact(row));
        for (blocks, next) in pairs.take(rows) {
            for ((hits, a), b) in hits.iter_mut().zip(blocks).zip(next) {
                *hits += u8::from(a == b);
            }
        }
    }
    let mut sums = vec![0; len];
    for blocks in hits[..row].chunks_exact(len) {
        for (sum, &hits) in sums.iter_mut().zip(blocks) {
            *sum += u32::from(hits);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    /// Blocks with scales of one to four values of the upper byte.
    fn blocks(shape: &Shape, count: usize) -> Vec<u8> {
        let mut bytes = noise(shape.len * count);
        for block in bytes.chunks_exact_mut(shape.len) {
            for &scale in shape.scales {
                block[scale] = 0x10 | block[scale] & 3;
            }
        }
        bytes
    }

    #[test]
    fn what_a_window_is_made_of() {
        for (index, shape) in SHAPES.iter().enumerate() {
            let bytes = blocks(shape, 3 * WINDOW / shape.len);
            for start in [0, 1, 1000, WINDOW] {
                let found = Blocks::of(&bytes, start);
                assert_eq!(
                    found,
                    Some(Blocks {
                        shape: index,
                        first: 0
                    }),
                    "{}",
                    shape.len
                );
            }
        }
        let floats: Vec<u8> = (0..WINDOW)
            .zip(noise(WINDOW))
            .map(|(i, byte)| if i % 2 == 1 { 0x30 | byte & 7 } else { byte })
            .collect();
        let text = include_bytes!("frequencies.rs").repeat(2);
        for other in [noise(WINDOW), vec![0; WINDOW], floats, text] {
            assert_eq!(Blocks::of(&other, 0), None);
        }
    }

    #[test]
    fn a_norm_between_blocks() {
        for shape in &SHAPES {
            let before = blocks(shape, 150_000 / shape.len);
            let norm: Vec<u8> = (0..577_u32)
                .flat_map(|i| (1.0 + i as f32 / 1000.0).to_le_bytes())
                .collect();
            let file = [&before[..], &norm, &blocks(shape, 150_000 / shape.len)].concat();
            let found = find(&file, 0).expect("a change");
            let near = |found: usize, place: usize| found.abs_diff(place) <= 2 * shape.len;
            let begin = before.len() + norm.len();
            assert!(
                near(found.end, before.len()) && near(found.begin, begin),
                "{found:?} {}",
                shape.len
            );
            // From there on all is of a kind.
            assert_eq!(find(&file[found.begin..], 0), None);
        }
    }

    #[test]
    fn to_other_blocks_and_to_none() {
        let [a, b] = [&SHAPES[1], &SHAPES[15]].map(|shape| blocks(shape, 200_000 / shape.len));
        for (before, behind) in [
            (&a, &b),
            (&b, &a),
            (&a, &noise(200_000)),
            (&noise(200_000), &a),
        ] {
            let file = [&before[..], behind].concat();
            let found = find(&file, 0).expect("a change");
            assert!(found.end.abs_diff(before.len()) <= 420, "{found:?}");
            assert!(found.begin.abs_diff(before.len()) <= 420, "{found:?}");
        }
    }
}
