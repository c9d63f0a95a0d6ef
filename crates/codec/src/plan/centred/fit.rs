//! Whether rows and columns differ by so much that it pays to tell, found from a few of them.

use super::kind::Kind;
use super::{Centred, MAX_COLUMNS, shared, shift};
use crate::header::Facts;
use crate::plan::Planes;
use crate::plan::rows::{MIN_LEN, Rows};

/// Shorter chunks are not worth the look.
const LEAST: usize = 32 << 10;
/// Rows that are looked at, and columns of each: runs that lie together in memory.
const SAMPLE: usize = 32;
const ACROSS: usize = 64;
const RUN: usize = 16;
/// Bits that an element must take less.
const GAIN: f64 = 0.15;
/// What rounding to whole exponents adds to the variance.
const ROUNDING: f64 = 1.0 / 12.0;
/// What a row's part takes, about, in bits.
const ROW_BITS: f64 = 4.0;
/// Rows of which the columns' parts are the mean: so many, or as many as make a sixteenth of the elements.
const MOST_ROWS: usize = 64;
const PART: usize = 16;

pub(super) fn fit(raw: &[u8], facts: &Facts) -> Option<Centred> {
    let kind = Kind::of(facts.hint.dtype)?;
    if facts.base.is_some() || raw.len() < LEAST {
        return None;
    }
    let units = raw.get(usize::from(facts.lead)..)?;
    let chunk = Chunk::of(kind, units, facts)?;
    let sample = chunk.sample();
    let (by_row, by_column) = sample.worth(chunk.rows.len())?;
    let (middle, columns) = match by_column {
        true => chunk.columns(),
        false => (sample.mean.round() as i32, Vec::new()),
    };
    Some(Centred {
        kind,
        planes: Planes::new(facts.hint.dtype, None),
        rows: chunk.rows,
        by_row,
        shared: shared(chunk.rows, by_row, &columns),
        columns,
        middle,
    })
}

/// The whole rows of a chunk.
struct Chunk<'a> {
    kind: Kind,
    rows: Rows,
    bytes: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Nothing where there are too few rows.
    fn of(kind: Kind, raw: &'a [u8], facts: &Facts) -> Option<Chunk<'a>> {
        let len = match facts.hint.row {
            0 | 1 => return None,
            row if row < MIN_LEN => row * (2 * MIN_LEN).div_ceil(row),
            row => row,
        };
        let rows = Rows::new(len, facts.hint.offset);
        let count = raw.len() / kind.width;
        let before = rows.runs(0, count).next().filter(|run| run.column > 0);
        let bytes = raw.get(before.map_or(0, |run| run.len) * kind.width..)?;
        let chunk = Chunk { kind, rows, bytes };
        (chunk.number() >= SAMPLE).then_some(chunk)
    }

    fn number(&self) -> usize {
        self.bytes.len() / (self.rows.len() * self.kind.width)
    }

    fn row(&self, row: usize) -> &'a [u8] {
        let len = self.rows.len() * self.kind.width;
        &self.bytes[row * len..][..len]
    }

    fn sample(&self) -> Sample {
        let len = self.rows.len();
        let across = len.min(ACROSS) / RUN * RUN;
        let mut exponents = vec![0; SAMPLE * across];
        for (i, to) in exponents.chunks_exact_mut(across).enumerate() {
            let row = self.row(i * self.number() / SAMPLE);
            for (j, to) in to.chunks_exact_mut(RUN).enumerate() {
                let first = (j * RUN * len / across).min(len - RUN);
                let run = &row[first * self.kind.width..][..RUN * self.kind.width];
                shift::add_to(self.kind, run, to);
            }
        }
        Sample::of(exponents, across)
    }

    /// About what exponents are, and what each column's are above that.
    fn columns(&self) -> (i32, Vec<u8>) {
        let len = self.rows.len();
        let number = (self.number() / PART).clamp(SAMPLE, MOST_ROWS);
        let mut sums = vec![0; len];
        for i in 0..number {
            shift::add_to(self.kind, self.row(i * self.number() / number), &mut sums);
        }
        let all: u64 = sums.iter().map(|sum| u64::from(*sum)).sum();
        let middle = (all as f64 / (len * number) as f64).round();
        let part = |sum: &u32| (f64::from(*sum) / number as f64 - middle).round() as i8 as u8;
        (middle as i32, sums.iter().map(part).collect())
    }
}

/// Exponents of some columns of some rows.
struct Sample {
    exponents: Vec<u32>,
    across: usize,
    mean: f64,
}

impl Sample {
    /// Zeros, which have no size, count as if they were like the others.
    fn of(mut exponents: Vec<u32>, across: usize) -> Sample {
        let sum: u32 = exponents.iter().sum();
        let some: u32 = exponents
            .iter()
            .map(|exponent| u32::from(*exponent > 0))
            .sum();
        let mean = (f64::from(sum) / f64::from(some.max(1))).round() as u32;
        for exponent in &mut exponents {
            *exponent = if *exponent == 0 { mean } else { *exponent };
        }
        let sum: u32 = exponents.iter().sum();
        Sample {
            mean: f64::from(sum) / exponents.len() as f64,
            exponents,
            across,
        }
    }

    /// Whether parts of rows, and of columns, are worth it; nothing where neither are.
    fn worth(&self, row_len: usize) -> Option<(bool, bool)> {
        let all = self.variance(&self.exponents, 1);
        let rows = self.exponents.chunks_exact(self.across);
        let rows: Vec<u32> = rows.map(|row| row.iter().sum()).collect();
        let rows = self.variance(&rows, self.across);
        let mut columns = vec![0; self.across];
        for row in self.exponents.chunks_exact(self.across) {
            for (sum, exponent) in columns.iter_mut().zip(row) {
                *sum += exponent;
            }
        }
        let columns = self.variance(&columns, SAMPLE);
        // Means of few differ by chance too.
        let chance = (all - rows - columns).max(0.0);
        let rows = rows - chance / self.across as f64;
        let columns = columns - chance / SAMPLE as f64;
        let gain = |part: f64| 0.5 * (all / (all - part + ROUNDING)).log2();
        let by_row = gain(rows) > GAIN / 2.0 + ROW_BITS / row_len as f64;
        let by_column = row_len <= MAX_COLUMNS && gain(columns) > GAIN / 2.0;
        let part = f64::from(u8::from(by_row)) * rows + f64::from(u8::from(by_column)) * columns;
        (gain(part) > GAIN).then_some((by_row, by_column))
    }

    /// The variance of means, of which these are so many times as much.
    fn variance(&self, sums: &[u32], of: usize) -> f64 {
        // Whole numbers, which a vector has many of: sums of few small ones have room.
        let mean = (self.mean * of as f64).round();
        let off = |sum: &u32| i64::from(*sum) - mean as i64;
        let squares: i64 = sums.iter().map(|sum| off(sum) * off(sum)).sum();
        squares as f64 / (of * of * sums.len()) as f64
    }
}
