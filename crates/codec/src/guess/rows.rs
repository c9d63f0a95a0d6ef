//! How long rows of floats are of which only the bytes are known, found by what their exponents have in common:
//! those of a column come again after a row, and those of a row end with it.

use crate::Dtype;
use crate::cpu::at_widest;
use crate::plan::Centred;

/// Elements that are looked at.
const MOST: usize = 64 << 10;
const LEAST: usize = 8 << 10;
/// Runs that are compared with what comes after them.
const RUNS: usize = 64;
const RUN: usize = 64;
/// The shortest row, and the longest.
const SHORTEST: usize = 16;
const LONGEST: usize = 4096;
/// Lengths on each side of one beside which it must show.
const BESIDE: usize = 4;
/// Rows without columns of their own have a multiple of this, and their first is looked for at so many places.
const MULTIPLE: usize = 32;
const PLACES: usize = 16;
/// How many rows there may be between exponents that seem to come again.
const PARTS: [usize; 6] = [1, 2, 3, 4, 6, 8];
/// What a row's part takes, and a column's over all rows, in bits.
const PART_BITS: f64 = 4.0;
/// Bits that an element must take less.
const GAIN: f64 = 0.1;
/// What rounding to whole exponents adds to the variance.
const ROUNDING: f64 = 1.0 / 12.0;

/// Elements of a row, and how many of the first row come before these bytes.
pub(super) fn find(units: &[u8], dtype: Dtype) -> Option<(u32, u64)> {
    let look = Look::at(units, dtype)?;
    let with_columns = look.with_columns();
    let all = look.without_columns().into_iter().chain(with_columns);
    let (gain, len, place) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
    // The first whole row of those that were looked at begins there.
    let first = (look.start + place) % len;
    (gain > GAIN).then_some((len as u32, ((len - first) % len) as u64))
}

/// Exponents, in the midst of a chunk.
struct Look {
    start: usize,
    exponents: Vec<u8>,
    /// Of all before each.
    sums: Vec<u32>,
    /// Of the squares of those.
    squares: Vec<u32>,
    mean: f64,
    variance: f64,
}

impl Look {
    fn at(units: &[u8], dtype: Dtype) -> Option<Look> {
        let width = dtype.block_bytes();
        let count = units.len() / width;
        let taken = count.min(MOST);
        if taken < LEAST {
            return None;
        }
        let start = (count - taken) / 2;
        let exponents = Centred::exponents(&units[start * width..][..taken * width], dtype)?;
        Some(Look::of(start, &exponents))
    }

    /// Zeros, which have no size, count as if they were like the others.
    fn of(start: usize, exponents: &[u32]) -> Look {
        let some = || exponents.iter().filter(|exponent| **exponent > 0);
        let usual = some().sum::<u32>() / (some().count() as u32).max(1);
        let least = usual.saturating_sub(128);
        let near = |exponent: &u32| match *exponent {
            0 => (usual - least) as u8,
            exponent => exponent.saturating_sub(least).min(255) as u8,
        };
        let exponents: Vec<u8> = exponents.iter().map(near).collect();
        let sums = up_to_each(exponents.iter().map(|&exponent| u32::from(exponent)));
        let squares = up_to_each(exponents.iter().map(|&exponent| u32::from(exponent).pow(2)));
        let n = exponents.len();
        let mean = f64::from(sums[n]) / n as f64;
        Look {
            start,
            mean,
            variance: f64::from(squares[n]) / n as f64 - mean * mean,
            exponents,
            sums,
            squares,
        }
    }

    /// Bits that an element takes less where that is left of the variance.
    fn gain(&self, left: f64) -> f64 {
        let ratio = self.variance / (left.max(0.0) + ROUNDING);
        0.5 * ratio.log2()
    }

    /// What rows of each length gain whose exponents seem to come again, with their length and the first's beginning.
    fn with_columns(&self) -> Vec<(f64, usize, usize)> {
        let part = |period: usize| {
            let parts = PARTS
                .into_iter()
                .filter(move |by| period.is_multiple_of(*by));
            parts.map(move |by| period / by)
        };
        let mut lens: Vec<usize> = self.periods().into_iter().flat_map(part).collect();
        lens.retain(|len| *len >= SHORTEST);
        lens.sort_unstable();
        lens.dedup();
        let gain = |len| {
            let (place, columns) = (self.place(len), self.columns(len));
            let both = self.gain(self.in_rows(len, place) - columns) - PART_BITS / len as f64;
            let alone = self.gain(self.variance - columns);
            let parts = PART_BITS * len as f64 / self.exponents.len() as f64;
            (both.max(alone) - parts, len, place)
        };
        lens.into_iter().map(gain).collect()
    }

    /// After how many elements exponents seem to come again, be it after one row or several: first, and most.
    fn periods(&self) -> [usize; 3] {
        let longest = LONGEST.min(self.exponents.len() / 8);
        let mut apart = vec![0; longest + 2 * BESIDE + 1 - SHORTEST];
        distances(&self.exponents, SHORTEST - BESIDE, &mut apart);
        let show = |around: &[u32]| {
            let others = around.iter().sum::<u32>() - around[BESIDE];
            i64::from(others) - 2 * BESIDE as i64 * i64::from(around[BESIDE])
        };
        let shows: Vec<i64> = apart.windows(2 * BESIDE + 1).map(show).collect();
        let most = shows.iter().copied().max().unwrap_or(0);
        [most / 2, most / 4 * 3, most].map(|least| {
            let first = shows.iter().position(|show| *show >= least);
            SHORTEST + first.unwrap_or(0)
        })
    }

    /// The variance of columns' means, beyond that of chance.
    fn columns(&self, len: usize) -> f64 {
        let mut sums = vec![0_u32; len];
        let rows = self.exponents.chunks_exact(len);
        let count = rows.len() as f64;
        for row in rows {
            for (sum, exponent) in sums.iter_mut().zip(row) {
                *sum += u32::from(*exponent);
            }
        }
        let off = |sum: u32| f64::from(sum) / count - self.mean;
        let found = sums.into_iter().map(|sum| off(sum) * off(sum)).sum::<f64>() / len as f64;
        found - (self.variance - found) / count
    }

    /// The variance within rows that begin at a place.
    fn in_rows(&self, len: usize, place: usize) -> f64 {
        let rows = (self.exponents.len() - place) / len;
        let square = |row: usize| {
            let at = place + row * len;
            u64::from(self.sums[at + len] - self.sums[at]).pow(2)
        };
        let of_sums: u64 = (0..rows).map(square).sum();
        let all = self.squares[place + rows * len] - self.squares[place];
        let found = f64::from(all) - of_sums as f64 / len as f64;
        found / (rows * (len - 1)).max(1) as f64
    }

    /// Where a row best begins.
    fn place(&self, len: usize) -> usize {
        let step = len.div_ceil(PLACES);
        let about = self.best((0..len).step_by(step), len).1;
        let near = (about + 1).saturating_sub(step)..(about + step).min(len);
        self.best(near, len).1
    }

    fn best(&self, places: impl Iterator<Item = usize>, len: usize) -> (f64, usize) {
        let rows = places.map(|place| (self.in_rows(len, place), place));
        rows.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
    }

    /// The rows that gain most without columns: what they gain, their length and the first's beginning.
    fn without_columns(&self) -> Option<(f64, usize, usize)> {
        let longest = LONGEST.min(self.exponents.len() / 8);
        let lens = (MULTIPLE..=longest).step_by(MULTIPLE);
        let all = lens.map(|len| {
            let (left, _) = self.best((0..len).step_by(len.div_ceil(PLACES)), len);
            (self.gain(left) - PART_BITS / len as f64, len)
        });
        let (gain, len) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some((gain, len, self.place(len)))
    }
}

/// The sums of all before each.
fn up_to_each(numbers: impl ExactSizeIterator<Item = u32>) -> Vec<u32> {
    let mut sums = vec![0; numbers.len() + 1];
    let mut sum = 0;
    for (end, number) in sums[1..].iter_mut().zip(numbers) {
        sum += number;
        *end = sum;
    }
    sums
}

at_widest! {
    /// For each number of elements from the first on: how far runs are from those so many later.
    fn distances(exponents: &[u8], first: usize, out: &mut [u32]) = distances_any
}

#[inline(always)]
fn distances_any(exponents: &[u8], first: usize, out: &mut [u32]) {
    let last = exponents.len().saturating_sub(RUN + first + out.len());
    for start in (0..RUNS).map(|i| i * last / RUNS) {
        let Some((run, _)) = exponents[start..].split_first_chunk::<RUN>() else {
            return;
        };
        let later = exponents[start + first..].windows(RUN);
        for (out, later) in out.iter_mut().zip(later) {
            let apart = |(a, b): (&u8, &u8)| (i32::from(*a) - i32::from(*b)).unsigned_abs();
            *out += run.iter().zip(later).map(apart).sum::<u32>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hint, Level, decode, encode};

    /// Floats whose sizes differ by row, by column or not at all.
    fn floats(rows: usize, len: usize, by_row: bool, by_column: bool) -> Vec<u8> {
        let mut bits = blake3::Hasher::new().update(b"floats").finalize_xof();
        let mut draw = move || {
            let mut bytes = [0; 4];
            bits.fill(&mut bytes);
            f64::from(i32::from_le_bytes(bytes)) / f64::from(i32::MAX)
        };
        let mut sizes = |count: usize, differ: bool| -> Vec<f64> {
            let size = |_| if differ { (5.0 * draw()).exp2() } else { 1.0 };
            (0..count).map(size).collect()
        };
        let (rows, columns) = (sizes(rows, by_row), sizes(len, by_column));
        let all = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| row * column));
        all.flat_map(|size| ((size * draw() * 0.02) as f32).to_le_bytes())
            .collect()
    }

    #[test]
    fn rows_are_found_wherever_the_bytes_begin() {
        for (len, by_row, by_column) in [(256, true, true), (40, false, true), (768, true, false)] {
            let all = floats(100_000 / len, len, by_row, by_column);
            for first in [0, 1, len / 2, len + 3] {
                let (found, offset) = find(&all[4 * first..], Dtype::F32).unwrap();
                // What holds for rows holds for their parts.
                let whole = if by_column {
                    found as usize == len
                } else {
                    len % found as usize == 0
                };
                assert!(whole, "{found} for {len}");
                let off = (first as u64).abs_diff(offset) % u64::from(found);
                let off = off.min(u64::from(found) - off);
                assert!(!by_row || off <= 2, "{offset} for {first}");
            }
        }
    }

    #[test]
    fn of_floats_that_are_alike_nothing_is_found() {
        assert_eq!(find(&floats(100, 1000, false, false), Dtype::F32), None);
        assert_eq!(find(&[0; 100_000], Dtype::F32), None);
        assert_eq!(find(&[], Dtype::F32), None);
        assert_eq!(find(&[1; 100_000], Dtype::I8), None);
    }

    #[test]
    fn bytes_that_begin_in_an_element_take_as_much_as_others() {
        let all = floats(1000, 256, true, true);
        let size = |raw: &[u8], dtype, row| {
            let (hint, id) = (
                Hint {
                    dtype,
                    row,
                    offset: 0,
                },
                *blake3::hash(raw).as_bytes(),
            );
            let blob = encode(raw, id, &hint, None, Level::Default);
            assert!(decode(&blob.bytes, None).unwrap() == raw);
            blob.bytes.len()
        };
        let known = size(&all, Dtype::F32, 256);
        for first in [0, 1, 3, 1002] {
            let unknown = size(&all[first..], Dtype::Unknown, 0);
            assert!(
                unknown < known + known / 200,
                "{unknown} for {known}, {first}"
            );
        }
        assert!(known < size(&all, Dtype::F32, 0) / 20 * 19);
    }
}
