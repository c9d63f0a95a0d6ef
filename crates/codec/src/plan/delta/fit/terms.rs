//! How much rows, columns and exponents each add to the size of differences: a product of three
//! factors, fitted in turns to sums of the differences' roots, which keep single large ones from ruling.
//!
//! What a row lets expect follows from how often it has each key, as if its columns were like those of
//! all rows; and the same for columns. So one pass over the elements is enough.

use super::super::contexts::{Contexts, Key, Place, Terms};
use super::super::difference::Form;
use super::super::pair::{BLOCK, Block, Pair};
use super::super::shared::MAX_TERMS;
use crate::cpu::at_widest;

/// Turns of the fit.
const TURNS: usize = 3;
/// Steps of a term for each doubling of a difference; two for each of its root.
const STEPS: f32 = 2.0 * 4.0;
/// How far terms of keys go below the largest, and those of rows and columns from the middle one.
const KEY_RANGE: f32 = 120.0;
const RANGE: f32 = 40.0;
/// The most counts of keys, for all rows or for all columns.
const MAX_COUNTS: usize = 4 << 20;
/// What is taken for seen everywhere, so that nothing is ruled by nothing.
const FLOOR: f32 = 0.5;

/// Sums over the lines of one direction: rows or columns.
struct Lines {
    /// By line: the sum of the roots.
    roots: Vec<f32>,
    /// By line and key: how many elements.
    counts: Vec<u32>,
}

/// Sums over all elements.
struct Sums {
    /// The keys that occur.
    keys: Vec<u8>,
    /// By number of the key: the sum of the roots.
    roots: Vec<f32>,
    rows: Lines,
    columns: Lines,
}

/// What multiplies with what; 1 where a direction has no say.
struct Factors {
    keys: Vec<f32>,
    rows: Vec<f32>,
    columns: Vec<f32>,
}

/// The terms by rows, by columns, and by both; none where rows are not known or hardly any.
pub(super) fn ways(pair: &Pair<'_>, form: Form, keys: &[u8]) -> Vec<Terms> {
    let place = pair.place;
    let rows = place.rows(pair.elements());
    let most = place.row.max(rows);
    if place.row < 8 || rows < 8 || most > MAX_TERMS || most * keys.len() > MAX_COUNTS {
        return Vec::new();
    }
    let sums = Sums::new(pair, place, form, keys);
    let ways = [(true, false), (false, true), (true, true)];
    ways.map(|(rows, columns)| sums.fit(rows, columns)).into()
}

impl Sums {
    fn new(pair: &Pair<'_>, place: Place, form: Form, keys: &[u8]) -> Sums {
        let lines = |number: usize| Lines {
            roots: vec![0.0; number],
            counts: vec![0; number * keys.len()],
        };
        let mut sums = Sums {
            keys: keys.to_vec(),
            roots: vec![0.0; keys.len()],
            rows: lines(place.rows(pair.elements())),
            columns: lines(place.row),
        };
        let mut numbers = [0; 256];
        for (number, key) in keys.iter().enumerate() {
            numbers[usize::from(*key)] = number as u8;
        }
        let by_key = Contexts {
            key: Key::of(pair.to),
            terms: None,
            bounds: Vec::new(),
        };
        let (mut block, mut own) = (Block::new(), [0; BLOCK]);
        for at in (0..pair.elements()).step_by(BLOCK) {
            let (expected, differences) = block.apart(pair, form, at);
            let own = &mut own[..expected.len() / pair.unit()];
            by_key.sums(place, at, expected, own);
            own.iter_mut()
                .for_each(|key| *key = numbers[usize::from(*key)]);
            sums.add(place, place.column + at, own, differences);
        }
        sums
    }

    /// Adds elements from a place on, counted from the beginning of the chunk's first row.
    fn add(&mut self, place: Place, at: usize, keys: &[u8], differences: &[u8]) {
        let (mut row, mut column) = (at / place.row, at % place.row);
        let number = self.keys.len();
        let mut roots = [0.0; BLOCK];
        find_roots(differences, &mut roots[..keys.len()]);
        for (key, root) in keys.iter().zip(roots) {
            let key = usize::from(*key);
            self.rows.counts[row * number + key] += 1;
            self.columns.counts[column * number + key] += 1;
            self.roots[key] += root;
            self.rows.roots[row] += root;
            self.columns.roots[column] += root;
            column += 1;
            if column == place.row {
                (row, column) = (row + 1, 0);
            }
        }
    }

    fn fit(&self, rows: bool, columns: bool) -> Terms {
        let mut factors = Factors {
            keys: vec![1.0; self.keys.len()],
            rows: vec![1.0; self.rows.roots.len()],
            columns: vec![1.0; self.columns.roots.len()],
        };
        for _ in 0..TURNS {
            factors.keys = self.keys_beside(&factors.rows);
            if rows {
                factors.rows = self.rows.beside(&factors.keys);
            }
            if columns {
                factors.columns = self.columns.beside(&factors.keys);
            }
        }
        factors.terms(&self.keys, rows, columns)
    }

    /// The factors of the keys, given those of the rows.
    fn keys_beside(&self, rows: &[f32]) -> Vec<f32> {
        let mut expected = vec![FLOOR; self.keys.len()];
        for (row, counts) in rows
            .iter()
            .zip(self.rows.counts.chunks(self.keys.len().max(1)))
        {
            for (expected, count) in expected.iter_mut().zip(counts) {
                *expected += row * *count as f32;
            }
        }
        let both = self.roots.iter().zip(&expected);
        both.map(|(found, expected)| (found + FLOOR / 16.0) / expected)
            .collect()
    }
}

impl Lines {
    /// The factors of the lines, given those of the keys.
    fn beside(&self, keys: &[f32]) -> Vec<f32> {
        let lines = self.roots.iter().zip(self.counts.chunks(keys.len().max(1)));
        let factors = lines.map(|(found, counts)| {
            let each = counts
                .iter()
                .zip(keys)
                .map(|(count, key)| *count as f32 * key);
            (found + FLOOR) / (each.sum::<f32>() + FLOOR)
        });
        factors.collect()
    }
}

impl Factors {
    fn terms(&self, keys: &[u8], rows: bool, columns: bool) -> Terms {
        let of_keys: Vec<f32> = self.keys.iter().map(log).collect();
        let most = of_keys.iter().copied().fold(f32::MIN, f32::max);
        let least = of_keys
            .iter()
            .copied()
            .fold(f32::MAX, f32::min)
            .max(most - KEY_RANGE);
        let mut terms = Box::new([0; 256]);
        for (key, term) in keys.iter().zip(&of_keys) {
            // 0 is for keys that do not occur.
            terms[usize::from(*key)] = (term - least).clamp(0.0, KEY_RANGE).round() as u8 + 1;
        }
        let of = |factors: &[f32], wanted| match wanted {
            true => about_the_middle(factors.iter().map(log).collect()),
            false => Vec::new(),
        };
        Terms {
            keys: terms,
            rows: of(&self.rows, rows),
            columns: of(&self.columns, columns),
        }
    }
}

at_widest! {
    /// The roots of differences, which are bytes.
    fn find_roots(differences: &[u8], roots: &mut [f32]) = find_roots_any
}

#[inline(always)]
fn find_roots_any(differences: &[u8], roots: &mut [f32]) {
    if differences.len() == 2 * roots.len() {
        for (root, own) in roots.iter_mut().zip(differences.as_chunks().0) {
            *root = f32::from(u16::from_le_bytes(*own)).sqrt();
        }
    } else {
        for (root, own) in roots.iter_mut().zip(differences.as_chunks().0) {
            *root = (u32::from_le_bytes(*own) as f32).sqrt();
        }
    }
}

/// A factor of roots as a term.
fn log(factor: &f32) -> f32 {
    factor.log2() * STEPS
}

/// Terms that are not too far from the middle one, from 0 on.
fn about_the_middle(terms: Vec<f32>) -> Vec<u8> {
    let mut sorted = terms.clone();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let near = |term: &f32| (term - middle).clamp(-RANGE, RANGE).round() as i32;
    let least = terms.iter().map(near).min().unwrap_or(0);
    let above = terms.iter().map(|term| (near(term) - least) as u8);
    above.collect()
}
