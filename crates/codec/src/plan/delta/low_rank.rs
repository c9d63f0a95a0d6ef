//! What a product of two thin matrices adds to the base before it is rounded: the whole difference of an
//! adapter (LoRA) that was merged into weights, and much of other training.
//!
//! Sums are taken in singles, term by term in one order, so that every machine comes to the same.

use super::contexts::Place;
use super::predict;
use super::shared::MAX_TERMS;
use crate::coder::{self, Coding};
use crate::cpu::at_widest;
use crate::{Dtype, Error, Level};

const ERROR: Error = Error::Malformed("factors");

/// The most columns of the left matrix, which are the rows of the right one.
pub(super) const MAX_RANK: usize = 32;
/// The most numbers of both matrices.
const MAX_FACTORS: usize = 1 << 18;
/// The largest exponent of the factors' unit, on either side.
const MAX_EXPONENT: i8 = 62;

/// Two matrices of whole numbers, in units of 2^-exponent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LowRank {
    rank: usize,
    exponent: i8,
    /// A row's factors together.
    rows: Vec<f32>,
    /// For each factor, all columns.
    columns: Vec<f32>,
}

/// Whether elements of a dtype can have something added to them.
pub(super) fn covers(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::Bf16 | Dtype::F16 | Dtype::F32)
}

/// Whether a chunk's matrices have a permitted size: with so many rows, columns, and such a rank.
pub(super) fn fits(rows: usize, columns: usize, rank: usize) -> bool {
    (1..=MAX_RANK).contains(&rank)
        && columns > 0
        && rows.max(columns) <= MAX_TERMS
        && (rows + columns) * rank <= MAX_FACTORS
}

impl LowRank {
    /// The nearest to matrices of any numbers, whose largest become at most `limit` units. None if that
    /// is no sensible unit.
    pub(super) fn nearest(
        rank: usize,
        rows: &[f32],
        columns: &[f32],
        limit: f32,
    ) -> Option<LowRank> {
        let all = rows.iter().chain(columns);
        let most = all.fold(0f32, |most, factor| most.max(factor.abs()));
        let exponent = (limit / most).log2().floor();
        let is_sensible = exponent.abs() <= f32::from(MAX_EXPONENT);
        if !is_sensible {
            return None;
        }
        let units = |factors: &[f32]| {
            let unit = exponent.exp2();
            factors
                .iter()
                .map(|factor| (factor * unit).round())
                .collect()
        };
        Some(LowRank {
            rank,
            exponent: exponent as i8,
            rows: units(rows),
            columns: units(columns),
        })
    }

    /// Appends the rank, the exponent, and a plane of low bytes and one of high bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.rank as u8, self.exponent as u8]);
        let factors = self.rows.iter().chain(&self.columns);
        let folded = factors.map(|factor| {
            let whole = *factor as i16;
            ((whole << 1) ^ (whole >> 15)) as u16
        });
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for [a, b] in folded.map(u16::to_le_bytes) {
            low.push(a);
            high.push(b);
        }
        for plane in [low, high] {
            write_plane(&plane, out);
        }
    }

    /// Reads what [`LowRank::write`] wrote; and what follows.
    pub(super) fn read(
        rows: usize,
        columns: usize,
        bytes: &[u8],
    ) -> Result<(LowRank, &[u8]), Error> {
        let &[rank, exponent, ref rest @ ..] = bytes else {
            return Err(ERROR);
        };
        let (rank, exponent) = (usize::from(rank), exponent as i8);
        if !fits(rows, columns, rank) || !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent) {
            return Err(ERROR);
        }
        let (mut low, mut high) = (vec![0; (rows + columns) * rank], Vec::new());
        high.resize(low.len(), 0);
        let rest = read_plane(rest, &mut low)?;
        let rest = read_plane(rest, &mut high)?;
        let factors = low.iter().zip(&high).map(|(low, high)| {
            let folded = u16::from_le_bytes([*low, *high]);
            f32::from((folded >> 1) as i16 ^ -((folded & 1) as i16))
        });
        let mut rows_first: Vec<f32> = factors.collect();
        let columns = rows_first.split_off(rows * rank);
        let factors = LowRank {
            rank,
            exponent,
            rows: rows_first,
            columns,
        };
        Ok((factors, rest))
    }

    /// Replaces what is expected of elements from number `first` of the chunk on: `words` are those of
    /// the base as singles, and become elements of a dtype.
    pub(super) fn add(&self, to: Dtype, place: Place, first: usize, mut words: &mut [u32]) {
        let at = place.column + first;
        let (mut row, mut column) = (at / place.row, at % place.row);
        while !words.is_empty() {
            let len = words.len().min(place.row - column);
            let (now, later) = words.split_at_mut(len);
            let factors = &self.rows[row * self.rank..][..self.rank];
            add_row(
                factors,
                &self.columns[column..],
                place.row,
                self.unit(),
                now,
            );
            (words, row, column) = (later, row + 1, 0);
            predict::narrow(to, now);
        }
    }

    /// What a product of two factors counts.
    fn unit(&self) -> f32 {
        f32::from_bits(((127 - 2 * i32::from(self.exponent)) as u32) << 23)
    }
}

fn write_plane(plane: &[u8], out: &mut Vec<u8>) {
    let mut payload = Vec::new();
    let mut scratch = coder::Scratch::default();
    let coding = coder::encode(plane, Level::Fast, &mut scratch, &mut payload);
    out.push(coding as u8);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes()[..3]);
    out.extend_from_slice(&payload);
}

fn read_plane<'a>(bytes: &'a [u8], out: &mut [u8]) -> Result<&'a [u8], Error> {
    let (head, rest) = bytes.split_first_chunk::<4>().ok_or(ERROR)?;
    let [coding, len @ ..] = *head;
    let coding = Coding::from_code(coding).ok_or(ERROR)?;
    let len = u32::from_le_bytes([len[0], len[1], len[2], 0]) as usize;
    let (payload, rest) = rest.split_at_checked(len).ok_or(ERROR)?;
    coder::decode(coding, payload, out)?;
    Ok(rest)
}

/// Elements that are worked on at once: their sums stay in registers.
const RUN: usize = 64;

at_widest! {
    /// Adds what a row's factors and the columns' make to singles; the columns of one factor are `stride`
    /// after those of the factor before.
    fn add_row(factors: &[f32], columns: &[f32], stride: usize, unit: f32, words: &mut [u32]) = add_row_any
}

#[inline(always)]
fn add_row_any(factors: &[f32], columns: &[f32], stride: usize, unit: f32, words: &mut [u32]) {
    let (runs, rest) = words.as_chunks_mut::<RUN>();
    let done = runs.len() * RUN;
    for (start, words) in (0..).step_by(RUN).zip(runs) {
        let sums = sums(factors, columns, stride, start);
        for (word, sum) in words.iter_mut().zip(sums) {
            *word = moved(*word, sum * unit);
        }
    }
    for (column, word) in (done..).zip(rest) {
        *word = moved(*word, sum(factors, columns, stride, column) * unit);
    }
}

at_widest! {
    /// What a row's factors and the columns' make.
    pub(super) fn product(factors: &[f32], columns: &[f32], stride: usize, out: &mut [f32]) = product_any
}

#[inline(always)]
fn product_any(factors: &[f32], columns: &[f32], stride: usize, out: &mut [f32]) {
    let (runs, rest) = out.as_chunks_mut::<RUN>();
    let done = runs.len() * RUN;
    for (start, out) in (0..).step_by(RUN).zip(runs) {
        *out = sums(factors, columns, stride, start);
    }
    for (column, out) in (done..).zip(rest) {
        *out = sum(factors, columns, stride, column);
    }
}

/// The sums of a run of columns.
#[inline(always)]
fn sums(factors: &[f32], columns: &[f32], stride: usize, start: usize) -> [f32; RUN] {
    let mut sums = [0f32; RUN];
    for (factor, from) in factors.iter().zip((start..).step_by(stride)) {
        if let Some(columns) = columns[from..].first_chunk::<RUN>() {
            for (sum, column) in sums.iter_mut().zip(columns) {
                *sum += factor * column;
            }
        }
    }
    sums
}

/// The sum of one column.
#[inline(always)]
fn sum(factors: &[f32], columns: &[f32], stride: usize, column: usize) -> f32 {
    let each = factors.iter().zip((column..).step_by(stride));
    each.fold(0.0, |sum, (factor, at)| sum + factor * columns[at])
}

/// A single with something added. What is infinite or no number stays as it is, since machines differ
/// there.
#[inline(always)]
fn moved(word: u32, by: f32) -> u32 {
    let moved = (f32::from_bits(word) + by).to_bits();
    if word << 1 >= 0xff00_0000 {
        word
    } else {
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors() -> LowRank {
        let rows: Vec<f32> = (0..6).map(|i| i as f32 - 2.0).collect();
        let columns: Vec<f32> = (0..8).map(|i| 3.0 - i as f32).collect();
        LowRank::nearest(2, &rows, &columns, 511.0).unwrap()
    }

    #[test]
    fn factors_come_back() {
        let factors = factors();
        let mut bytes = Vec::new();
        factors.write(&mut bytes);
        let len = bytes.len();
        bytes.push(7);
        assert_eq!(LowRank::read(3, 4, &bytes), Ok((factors, &[7][..])));
        for cut in 0..len {
            assert!(LowRank::read(3, 4, &bytes[..cut]).is_err());
        }
        assert!(LowRank::read(3, 0, &bytes).is_err());
        assert!(LowRank::read(1 << 17, 4, &bytes).is_err());
    }

    #[test]
    fn the_product_is_added() {
        let factors = factors();
        let place = Place { row: 4, column: 1 };
        let mut words = [1f32.to_bits(); 7];
        factors.add(Dtype::F32, place, 0, &mut words);
        let expected = [1, 2, 3, 0, 1, 2, 3].iter().enumerate().map(|(i, c)| {
            let row = if i < 3 { [-2.0, -1.0] } else { [0.0, 1.0] };
            1.0 + row[0] * (3.0 - *c as f32) + row[1] * (3.0 - (4 + c) as f32)
        });
        assert!(words.iter().map(|word| f32::from_bits(*word)).eq(expected));
        let mut one = [1f32.to_bits()];
        factors.add(Dtype::F32, place, 6, &mut one);
        assert_eq!(one[0], words[6]);
        let mut strange = [f32::INFINITY.to_bits(), 0xffc0_0001];
        factors.add(Dtype::F32, place, 3, &mut strange);
        assert_eq!(strange, [f32::INFINITY.to_bits(), 0xffc0_0001]);
    }

    #[test]
    fn every_machine_adds_the_same() {
        let columns: Vec<f32> = (0..300).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
        let words: Vec<u32> = (0..97u32).map(|i| i.wrapping_mul(0x0123_4567)).collect();
        let (mut best, mut plain) = (words.clone(), words);
        add_row(&[3.0, -7.0, 11.0], &columns, 100, 0.125, &mut best);
        add_row_any(&[3.0, -7.0, 11.0], &columns, 100, 0.125, &mut plain);
        assert_eq!(best, plain);
        let mut sums = [0.0; 97];
        product(&[3.0, -7.0, 11.0], &columns, 100, &mut sums);
        for (i, sum) in sums.iter().enumerate() {
            let each = [(3.0, 0), (-7.0, 100), (11.0, 200)].map(|(f, at)| f * columns[at + i]);
            assert_eq!(*sum, each.iter().sum::<f32>());
        }
    }
}
