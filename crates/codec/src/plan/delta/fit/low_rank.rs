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
use crate::cpu::at_widest;

/// Turns by some of the rows, and then by all: from nothing, and from a product of a lower rank.
const TURNS: [usize; 2] = [6, 4];
const MORE_TURNS: [usize; 2] = [2, 3];
/// Further turns where a product is most of the difference.
const LAST_TURNS: [usize; 2] = [0, 6];
/// One in so many rows is enough to find columns, if that leaves as many rows.
const STEP: usize = 4;
const ENOUGH: usize = 96;
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
        let (product, turns) = match self.last.take() {
            None => (bounds.first(rank), TURNS),
            Some(last) => (bounds.wider(&last, rank), MORE_TURNS),
        };
        self.turned(product, turns)
    }

    /// The last matrices, nearer to what they can be.
    pub(super) fn nearer(&mut self) -> Option<LowRank> {
        let last = self.last.take()?;
        self.turned(last, LAST_TURNS)
    }

    fn turned(&mut self, mut product: Product, turns: [usize; 2]) -> Option<LowRank> {
        let bounds = &self.bounds;
        let step = (bounds.rows / ENOUGH).clamp(1, STEP);
        for (turns, step) in turns.into_iter().zip([step, 1]) {
            for turn in 1..=turns {
                product = bounds.turn(&product, turn, step);
            }
        }
        product.balance();
        // A single has more to say, and says it with more bits.
        let limit = if self.to == Dtype::F32 { 8191.0 } else { 511.0 };
        let nearest = LowRank::nearest(product.rank, &product.rows, &product.columns, limit);
        self.last = Some(product);
        nearest
    }
}

impl Bounds {
    fn new(pair: &Pair<'_>, rows: usize) -> Bounds {
        let count = pair.elements();
        let (mut low, mut high) = (vec![0.0; count], vec![0.0; count]);
        let (mut bases, mut words) = ([0; BLOCK], [0; BLOCK]);
        let both = low.chunks_mut(BLOCK).zip(high.chunks_mut(BLOCK));
        for (at, (low, high)) in (0..).step_by(BLOCK).zip(both) {
            let (bases, words) = (&mut bases[..low.len()], &mut words[..low.len()]);
            // What is expected without a product, in singles.
            pair.singles(at, bases);
            let unit = pair.unit();
            predict::load(&pair.raw[at * unit..(at + words.len()) * unit], words);
            find_bounds(pair.to, words, bases, low, high);
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
            rows: vec![0.0; rank * self.rows],
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

    /// The next product, by one in `step` rows: rows that fit the columns best, and columns that fit those.
    fn turn(&self, last: &Product, turn: usize, step: usize) -> Product {
        let row = self.place.row;
        let mut wanted = vec![0.0; row];
        let mut next = Product {
            rank: last.rank,
            rows: vec![0.0; self.rows * last.rank],
            columns: vec![0.0; row * last.rank],
        };
        for (number, first, range) in self.rows().step_by(step) {
            let wanted = &mut wanted[..range.len()];
            self.wanted(last, turn, (number, first, range), wanted);
            let factors = &mut next.rows[number * last.rank..][..last.rank];
            project(wanted, &last.columns[first..], row, factors);
            spread(wanted, factors, &mut next.columns[first..], row);
        }
        next.make_orthogonal();
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
        let factors = &last.rows[number * last.rank..][..last.rank];
        if factors.iter().all(|factor| *factor == 0.0) {
            return begin(low, high, out);
        }
        low_rank::product(factors, &last.columns[first..], self.place.row, out);
        // At first the product has hardly anything to do with the bounds.
        let beyond = if turn > 2 { BEYOND } else { 0.0 };
        within(low, high, beyond, out);
    }
}

impl Product {
    /// Makes the rows' factors orthogonal to each other, of length 1, and the columns what fits those.
    fn make_orthogonal(&mut self) {
        let rank = self.rank;
        let upper = root(&gram(&self.rows, rank), rank);
        let inverse = |factor| match upper[factor * rank + factor] {
            0.0 => 0.0,
            size => 1.0 / size,
        };
        for row in self.rows.chunks_mut(rank) {
            for factor in 0..rank {
                row[factor] *= inverse(factor);
                for after in factor + 1..rank {
                    row[after] -= upper[factor * rank + after] * row[factor];
                }
            }
        }
        let len = self.columns.len() / rank;
        for factor in 0..rank {
            let (own, after) = self.columns[factor * len..].split_at_mut(len);
            own.iter_mut().for_each(|column| *column *= inverse(factor));
            for (after, columns) in (factor + 1..).zip(after.chunks_mut(len)) {
                add(-upper[factor * rank + after], own, columns);
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

/// The products of factors with each other, summed over all rows.
fn gram(rows: &[f32], rank: usize) -> Vec<f64> {
    let mut sums = vec![0.0; rank * rank];
    add_products(rows, rank, &mut sums);
    sums
}

at_widest! {
    fn add_products(rows: &[f32], rank: usize, sums: &mut [f64]) = add_products_any
}

#[inline(always)]
fn add_products_any(rows: &[f32], rank: usize, sums: &mut [f64]) {
    for row in rows.chunks(rank) {
        for (one, sums) in row.iter().zip(sums.chunks_mut(rank)) {
            for (sum, other) in sums.iter_mut().zip(row) {
                *sum += f64::from(*one) * f64::from(*other);
            }
        }
    }
}

/// The upper triangle that, multiplied with itself, gives a matrix of products. A factor that has nothing of
/// its own has a row of zeros.
fn root(products: &[f64], rank: usize) -> Vec<f32> {
    let mut upper = vec![0.0; rank * rank];
    for factor in 0..rank {
        let above = |a: usize, b: usize, upper: &[f64]| -> f64 {
            (0..factor)
                .map(|row| upper[row * rank + a] * upper[row * rank + b])
                .sum()
        };
        let own = products[factor * rank + factor];
        let left = own - above(factor, factor, &upper);
        if left <= own * 1e-9 {
            continue;
        }
        let size = left.sqrt();
        for after in factor..rank {
            let left = products[factor * rank + after] - above(factor, after, &upper);
            upper[factor * rank + after] = left / size;
        }
    }
    upper.iter().map(|entry| *entry as f32).collect()
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

at_widest! {
    /// Between which bounds the differences of elements from singles are.
    fn find_bounds(dtype: Dtype, words: &[u32], bases: &[u32], low: &mut [f32], high: &mut [f32]) = find_bounds_any
}

#[inline(always)]
fn find_bounds_any(dtype: Dtype, words: &[u32], bases: &[u32], low: &mut [f32], high: &mut [f32]) {
    match dtype {
        Dtype::Bf16 => each_bounds(words, bases, low, high, |word| word << 16),
        Dtype::F16 => each_bounds(words, bases, low, high, |word| {
            predict::widen(Dtype::F16, word)
        }),
        _ => each_bounds(words, bases, low, high, |word| word),
    }
}

#[inline(always)]
fn each_bounds(
    words: &[u32],
    bases: &[u32],
    low: &mut [f32],
    high: &mut [f32],
    widen: impl Fn(u32) -> u32,
) {
    let bounds = low.iter_mut().zip(high);
    for ((word, base), (low, high)) in words.iter().zip(bases).zip(bounds) {
        let value = |bits| f32::from_bits(widen(bits));
        let (own, base) = (value(*word), f32::from_bits(*base));
        // Between which singles a number is rounded to the element.
        let up = own + (value(word.wrapping_add(1)) - own) / 2.0;
        let below = own + (value(word.wrapping_sub(1)) - own) / 2.0;
        let down = if own == 0.0 { -up } else { below };
        let (from, to) = (up.min(down), up.max(down));
        let known = base.is_finite() && from.is_finite() && to.is_finite();
        *low = if known { from - base } else { f32::MIN / 4.0 };
        *high = if known { to - base } else { f32::MAX / 4.0 };
    }
}

at_widest! {
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

at_widest! {
    /// How much a row has of each factor's columns, which are `stride` after each other.
    fn project(row: &[f32], columns: &[f32], stride: usize, factors: &mut [f32]) = project_any
}

#[inline(always)]
fn project_any(row: &[f32], columns: &[f32], stride: usize, factors: &mut [f32]) {
    for (factor, columns) in factors.iter_mut().zip(columns.chunks(stride)) {
        *factor = dot_any(row, &columns[..row.len()]);
    }
}

at_widest! {
    /// Adds a row to each factor's columns, as much as that has of it.
    fn spread(row: &[f32], factors: &[f32], columns: &mut [f32], stride: usize) = spread_any
}

#[inline(always)]
fn spread_any(row: &[f32], factors: &[f32], columns: &mut [f32], stride: usize) {
    for (factor, columns) in factors.iter().zip(columns.chunks_mut(stride)) {
        add_any(*factor, row, &mut columns[..row.len()]);
    }
}

at_widest! {
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

at_widest! {
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
