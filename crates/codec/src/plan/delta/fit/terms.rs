//! How much rows, columns and exponents each add to the size of differences: a product of three
//! factors, fitted in turns to the differences' roots, which keeps single large ones from ruling.

use super::super::contexts::{Contexts, Key, Place, Terms};
use super::super::difference::{self, Form};
use super::super::pair::{BLOCK, Block, Pair};
use super::super::shared::MAX_TERMS;

/// Turns of the fit.
const TURNS: usize = 3;
/// Steps of a term for each doubling of a difference; two for each of its root.
const STEPS: f32 = 2.0 * 4.0;
/// How far terms of keys go below the largest, and those of rows and columns from the middle one.
const KEY_RANGE: f32 = 120.0;
const RANGE: f32 = 40.0;

/// What is known of each element, by its place.
struct Elements {
    place: Place,
    keys: Vec<u8>,
    roots: Vec<f32>,
}

struct Factors {
    keys: [f32; 256],
    rows: Vec<f32>,
    columns: Vec<f32>,
}

/// The terms by rows, by columns, and by both; none where rows are not known or hardly any.
pub(super) fn ways(pair: &Pair<'_>, place: Place, form: Form) -> Vec<Terms> {
    let rows = place.rows(pair.elements());
    if place.row < 8 || rows < 8 || place.row.max(rows) > MAX_TERMS {
        return Vec::new();
    }
    let elements = Elements::new(pair, place, form);
    let ways = [(true, false), (false, true), (true, true)];
    ways.map(|(rows, columns)| elements.fit(rows, columns))
        .into()
}

impl Elements {
    fn new(pair: &Pair<'_>, place: Place, form: Form) -> Elements {
        let count = pair.elements();
        let (mut keys, mut roots) = (vec![0; count], vec![0.0; count]);
        let by_key = Contexts {
            key: Key::of(pair.to),
            terms: None,
            bounds: Vec::new(),
        };
        let mut block = Block::new();
        for at in (0..count).step_by(BLOCK) {
            let len = pair.load(at, &mut block);
            by_key.sums(place, at, &block.expected[..len], &mut keys[at..at + len]);
            difference::apart(
                form,
                &block.expected[..len],
                &mut block.words[..len],
                &mut block.lows,
            );
            for (root, word) in roots[at..].iter_mut().zip(&block.words[..len]) {
                *root = (*word as f32).sqrt();
            }
        }
        Elements { place, keys, roots }
    }

    fn fit(&self, rows: bool, columns: bool) -> Terms {
        let Place { row, .. } = self.place;
        let mut factors = Factors {
            keys: [1.0; 256],
            rows: vec![1.0; self.place.rows(self.roots.len())],
            columns: vec![1.0; row],
        };
        for _ in 0..TURNS {
            self.fit_keys(&mut factors);
            if rows {
                self.fit_rows(&mut factors);
            }
            if columns {
                self.fit_columns(&mut factors);
            }
        }
        factors.terms(&self.occurring(), rows, columns)
    }

    fn occurring(&self) -> [bool; 256] {
        let mut occurring = [false; 256];
        for key in &self.keys {
            occurring[usize::from(*key)] = true;
        }
        occurring
    }

    /// Each row: its number, its first column, and its elements.
    fn rows(&self) -> impl Iterator<Item = (usize, usize, &[u8], &[f32])> {
        let Place { row, column } = self.place;
        let mut at = 0;
        (0..).map_while(move |number| {
            let first = if number == 0 { column } else { 0 };
            let end = (at + row - first).min(self.keys.len());
            let from = std::mem::replace(&mut at, end);
            (from < end).then(|| (number, first, &self.keys[from..end], &self.roots[from..end]))
        })
    }

    fn fit_keys(&self, factors: &mut Factors) {
        let (mut found, mut expected) = ([0f32; 256], [0f32; 256]);
        for (number, first, keys, roots) in self.rows() {
            let of_row = factors.rows[number];
            let columns = &factors.columns[first..];
            for ((key, root), column) in keys.iter().zip(roots).zip(columns) {
                found[usize::from(*key)] += root;
                expected[usize::from(*key)] += of_row * column;
            }
        }
        factors.keys = std::array::from_fn(|key| (found[key] + 0.02) / (expected[key] + 0.02));
    }

    fn fit_rows(&self, factors: &mut Factors) {
        for (number, first, keys, roots) in self.rows() {
            let (mut found, mut expected) = (0.5, 0.5);
            for ((key, root), column) in keys.iter().zip(roots).zip(&factors.columns[first..]) {
                found += root;
                expected += factors.keys[usize::from(*key)] * column;
            }
            factors.rows[number] = found / expected;
        }
    }

    fn fit_columns(&self, factors: &mut Factors) {
        let mut found = vec![0.5f32; factors.columns.len()];
        let mut expected = found.clone();
        for (number, first, keys, roots) in self.rows() {
            let of_row = factors.rows[number];
            let sums = found[first..].iter_mut().zip(&mut expected[first..]);
            for ((key, root), (found, expected)) in keys.iter().zip(roots).zip(sums) {
                *found += root;
                *expected += factors.keys[usize::from(*key)] * of_row;
            }
        }
        let both = found.iter().zip(&expected);
        factors.columns = both.map(|(found, expected)| found / expected).collect();
    }
}

impl Factors {
    fn terms(&self, occurring: &[bool; 256], rows: bool, columns: bool) -> Terms {
        let log = |factor: &f32| factor.log2() * STEPS;
        let of_keys = self.keys.map(|factor| log(&factor));
        let all = of_keys.iter().zip(occurring).filter(|(_, occurs)| **occurs);
        let most = all.clone().map(|(term, _)| *term).fold(f32::MIN, f32::max);
        let least = all
            .map(|(term, _)| *term)
            .fold(f32::MAX, f32::min)
            .max(most - KEY_RANGE);
        let keys = std::array::from_fn(|key| match occurring[key] {
            // 0 is for keys that do not occur.
            true => (of_keys[key] - least).clamp(0.0, KEY_RANGE).round() as u8 + 1,
            false => 0,
        });
        let of = |factors: &[f32], wanted| match wanted {
            true => about_the_middle(factors.iter().map(log).collect()),
            false => Vec::new(),
        };
        Terms {
            keys: Box::new(keys),
            rows: of(&self.rows, rows),
            columns: of(&self.columns, columns),
        }
    }
}

/// Terms that are not too far from the middle one, from 0 on.
fn about_the_middle(terms: Vec<f32>) -> Vec<u8> {
    let mut sorted = terms.clone();
    sorted.sort_by(f32::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let near = |term: &f32| (term - middle).clamp(-RANGE, RANGE).round() as i32;
    let least = terms.iter().map(near).min().unwrap_or(0);
    terms
        .iter()
        .map(|term| (near(term) - least) as u8)
        .collect()
}
