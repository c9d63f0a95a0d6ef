//! Two thin matrices whose product, added to the base and rounded, gives as many elements as it can.
//!
//! An element only tells between which bounds its difference was before it was rounded. So a product is
//! fitted to what is nearest to the last one within the bounds, over and over; going beyond that comes
//! there in fewer turns.

use super::super::contexts::Place;
use super::super::low_rank::{self, LowRank, covers, fits};
use super::super::pair::{BLOCK, Pair};
use super::super::predict;
use crate::Dtype;
use crate::cpu::at_best;

/// Turns from nothing, and from a product of a lower rank.
const TURNS: usize = 10;
const MORE_TURNS: usize = 5;
/// How far to go beyond the bound, as a part of the way to it.
const BEYOND: f32 = 1.5;
/// Fewer rows or columns have little that a product could say for all.
const MIN_LINES: usize = 64;

/// Between which bounds the elements' differences are.
struct Bounds {
    place: Place,
    rows: usize,
    low: Vec<f32>,
    high: Vec<f32>,
}

/// Matrices in the making: a row's factors together; for each factor all columns.
struct Product {
    rank: usize,
    rows: Vec<f32>,
    columns: Vec<f32>,
}

/// The chunk's bounds, where it is a matrix that could have such a product.
pub(super) struct Fitting {
    bounds: Bounds,
    to: Dtype,
    last: Option<Product>,
}

impl Fitting {
    pub(super) fn new(pair: &Pair<'_>) -> Option<Fitting> {
        let rows = pair.place.rows(pair.elements());
        let sensible = covers(pair.from)
            && covers(pair.to)
            && rows.min(pair.place.row) >= MIN_LINES
            && fits(rows, pair.place.row, 1);
        sensible.then(|| Fitting {
            bounds: Bounds::new(pair, rows),
            to: pair.to,
            last: None,
        })
    }

    /// The matrices of a rank above the last one's; none where they would be too large, or nothing.
    pub(super) fn next(&mut self, rank: usize) -> Option<LowRank> {
        let bounds = &self.bounds;
        if !fits(bounds.rows, bounds.place.row, rank) {
            return None;
        }
        let (mut product, turns) = match self.last.take() {
            None => (bounds.first(rank), 1..=TURNS),
            Some(last) => (bounds.wider(&last, rank), TURNS..=TURNS + MORE_TURNS),
        };
        for turn in turns {
            product = bounds.turn(&product, turn);
        }
        product.balance();
        // A single has more to say, and says it with more bits.
        let limit = if self.to == Dtype::F32 { 8191.0 } else { 511.0 };
        let nearest = LowRank::nearest(rank, &product.rows, &product.columns, limit);
        self.last = Some(product);
        nearest
    }
}

impl Bounds {
    fn new(pair: &Pair<'_>, rows: usize) -> Bounds {
        let count = pair.elements();
        let (mut low, mut high) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let (mut bases, mut words) = ([0; BLOCK], [0; BLOCK]);
        for at in (0..count).step_by(BLOCK) {
            let len = BLOCK.min(count - at);
            // What is expected without a product, in singles.
            pair.singles(at, &mut bases[..len]);
            let unit = pair.unit();
            predict::load(&pair.raw[at * unit..(at + len) * unit], &mut words[..len]);
            for (word, base) in words[..len].iter().zip(&bases) {
                let (from, to) = bounds(pair.to, *word);
                let base = f32::from_bits(*base);
                let known = base.is_finite() && from.is_finite() && to.is_finite();
                low.push(if known { from - base } else { f32::MIN / 4.0 });
                high.push(if known { to - base } else { f32::MAX / 4.0 });
            }
        }
        Bounds {
            place: pair.place,
            rows,
            low,
            high,
        }
    }

    /// Columns of no meaning, to begin with.
    fn first(&self, rank: usize) -> Product {
        Product {
            rank,
            rows: Vec::new(),
            columns: noise(rank * self.place.row),
        }
    }

    /// A product with more factors, which have no say in it yet.
    fn wider(&self, last: &Product, rank: usize) -> Product {
        let mut columns = last.columns.clone();
        columns.extend(noise(rank * self.place.row - columns.len()));
        let mut rows = vec![0.0; self.rows * rank];
        for (to, from) in rows.chunks_mut(rank).zip(last.rows.chunks(last.rank)) {
            to[..last.rank].copy_from_slice(from);
        }
        Product {
            rank,
            rows,
            columns,
        }
    }

    /// A row: its number, its first column, and where its elements are.
    fn rows(&self) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
        let Place { row, column } = self.place;
        let count = self.low.len();
        (0..self.rows).map(move |number| {
            let start = (number * row).saturating_sub(column);
            let first = if number == 0 { column } else { 0 };
            (number, first, start..(start + row - first).min(count))
        })
    }

    /// The next product: rows that fit the columns best, and columns that fit those.
    fn turn(&self, last: &Product, turn: usize) -> Product {
        let row = self.place.row;
        let mut wanted = vec![0.0; row];
        let mut next = Product {
            rank: last.rank,
            rows: vec![0.0; self.rows * last.rank],
            columns: vec![0.0; row * last.rank],
        };
        for (number, first, range) in self.rows() {
            let wanted = &mut wanted[..range.len()];
            self.wanted(last, turn, (number, first, range), wanted);
            let factors = next.rows[number * last.rank..].iter_mut();
            for (factor, columns) in factors.zip(last.columns.chunks(row)) {
                *factor = dot(wanted, &columns[first..first + wanted.len()]);
            }
        }
        next.make_orthogonal();
        for (number, first, range) in self.rows() {
            let wanted = &mut wanted[..range.len()];
            self.wanted(last, turn, (number, first, range), wanted);
            let factors = next.rows[number * last.rank..].iter();
            for (factor, columns) in factors.zip(next.columns.chunks_mut(row)) {
                add(*factor, wanted, &mut columns[first..first + wanted.len()]);
            }
        }
        next
    }

    /// What the product should be in a row.
    fn wanted(
        &self,
        last: &Product,
        turn: usize,
        (number, first, range): (usize, usize, std::ops::Range<usize>),
        out: &mut [f32],
    ) {
        let (low, high) = (&self.low[range.clone()], &self.high[range]);
        if turn == 1 {
            return begin(low, high, out);
        }
        let factors = &last.rows[number * last.rank..][..last.rank];
        low_rank::product(factors, &last.columns[first..], self.place.row, out);
        // At first the product has hardly anything to do with the bounds.
        let beyond = if turn > 3 { BEYOND } else { 0.0 };
        within(low, high, beyond, out);
    }
}

impl Product {
    /// Makes the rows' factors orthogonal to each other, of length 1.
    fn make_orthogonal(&mut self) {
        let rank = self.rank;
        for factor in 0..rank {
            for before in 0..factor {
                let both = self.rows.chunks(rank).map(|row| row[factor] * row[before]);
                let part: f32 = both.sum();
                for row in self.rows.chunks_mut(rank) {
                    row[factor] -= part * row[before];
                }
            }
            let squares = self.rows.chunks(rank).map(|row| row[factor] * row[factor]);
            let len = squares.sum::<f32>().sqrt();
            let scale = if len > 0.0 { 1.0 / len } else { 0.0 };
            for row in self.rows.chunks_mut(rank) {
                row[factor] *= scale;
            }
        }
    }

    /// Gives rows and columns the same share of each factor's size.
    fn balance(&mut self) {
        let row = self.columns.len() / self.rank;
        for (factor, columns) in self.columns.chunks_mut(row).enumerate() {
            let len = dot(columns, columns).sqrt();
            if len == 0.0 {
                continue;
            }
            let share = len.sqrt();
            columns.iter_mut().for_each(|column| *column /= share);
            for row in self.rows.chunks_mut(self.rank) {
                row[factor] *= share;
            }
        }
    }
}

/// Numbers of no meaning, between -1 and 1, the same every time.
fn noise(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    let numbers = (0..len).map(|_| {
        state = state.wrapping_mul(0x915f_77f5).wrapping_add(1);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    });
    numbers.collect()
}

/// Between which singles a number is rounded to an element.
fn bounds(dtype: Dtype, element: u32) -> (f32, f32) {
    let value = |bits| f32::from_bits(predict::widen(dtype, bits));
    let own = value(element);
    let up = own + (value(element.wrapping_add(1)) - own) / 2.0;
    let magnitude = own.abs().to_bits();
    let down = if magnitude == 0 {
        -up
    } else {
        own + (value(element.wrapping_sub(1)) - own) / 2.0
    };
    (up.min(down), up.max(down))
}

at_best! {
    fn dot(a: &[f32], b: &[f32]) -> f32 = dot_any
}

#[inline(always)]
fn dot_any(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (a, a_rest) = a.as_chunks::<16>();
    let (b, b_rest) = b.as_chunks::<16>();
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

at_best! {
    /// Adds a multiple.
    fn add(factor: f32, from: &[f32], to: &mut [f32]) = add_any
}

#[inline(always)]
fn add_any(factor: f32, from: &[f32], to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// The middle of the bounds, but 0 where that is within them.
fn begin(low: &[f32], high: &[f32], out: &mut [f32]) {
    for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
        let equal = *low <= 0.0 && *high >= 0.0;
        *out = if equal { 0.0 } else { (low + high) / 2.0 };
    }
}

at_best! {
    /// Moves numbers to their bounds, and as much further.
    fn within(low: &[f32], high: &[f32], beyond: f32, out: &mut [f32]) = within_any
}

#[inline(always)]
fn within_any(low: &[f32], high: &[f32], beyond: f32, out: &mut [f32]) {
    for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
        let near = out.max(*low).min(*high);
        *out = near + beyond * (near - *out);
    }
}
