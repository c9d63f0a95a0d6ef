//! Two thin matrices whose product, added to the base and rounded, gives as many elements as it can.
//!
//! An element only tells between which bounds its difference was before it was rounded. So a product is
//! fitted to what is nearest to the last one within the bounds, over and over; going beyond that comes
//! there in fewer turns.

mod bounds;
mod linear;
mod product;

use bounds::{begin, find_bounds, within};
use linear::{project, spread};
use product::Product;

use super::super::contexts::Place;
use super::super::low_rank::{self, LowRank, covers, fits};
use super::super::pair::{BLOCK, Pair};
use super::super::predict;
use crate::Dtype;

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

/// Numbers of no meaning, between -1 and 1, the same every time.
fn noise(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    let numbers = (0..len).map(|_| {
        state = state.wrapping_mul(0x915f_77f5).wrapping_add(1);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    });
    numbers.collect()
}
