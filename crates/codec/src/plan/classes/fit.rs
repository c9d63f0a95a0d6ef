//! Fits the plan to a chunk.

use super::coarse::{self, Bins};
use super::grid::{self, CELLS};
use super::merge::merge;
use super::shared::{self, MAX_COLUMNS};
use super::split::{self, Split};
use super::{Classes, MAX_CLASSES, ends, range};
use crate::coder::rans::{Tables, count};
use crate::header::Facts;
use crate::plan::rows::{MIN_LEN, Rows};

/// Fewer elements have no use for tables of their own.
const MIN_ELEMENTS: usize = 512;
/// Elements of a row where the tensor has none: what lies together is often alike.
const PSEUDO_ROW: u32 = 256;
/// Columns have classes when there are so many rows.
const MIN_ROWS: usize = 16;
/// Bits of a table, about.
const TABLE_BITS: f32 = 400.0;
/// Bits that another class of rows or columns costs, about, beside what it says of each.
const CLASS_BITS: f32 = 100.0;
/// Bytes that a frame takes beside its symbols and low bits, about.
const FRAME_LEN: usize = 140;
/// Parts of a share in the tables of rows.
const ROW_BITS: u32 = 10;

/// The most contexts that are made, and the bits of their tables' sum. What the decoder makes of them
/// is to stay in its caches: they are fewer where symbols are most of what is decoded.
struct Tuning {
    contexts: usize,
    bits: u32,
}

fn tuning(kept: u32, split: Split) -> Tuning {
    let (contexts, bits) = match (split.low, kept) {
        (0, 2) => (12, 11),
        // Other bytes have more symbols, each of which takes its share.
        (0, _) => (8, 12),
        (1..8, _) => (8, 11),
        (8, _) => (12, 11),
        (9.., _) => (16, 12),
    };
    Tuning { contexts, bits }
}

/// A plan for a chunk, whichever way is the best of this kind.
pub(super) fn fit(raw: &[u8], facts: &Facts) -> Option<Classes> {
    if facts.lead > 0 || facts.base.is_some() {
        return None;
    }
    let (kept, split) = range::choose(facts.hint.dtype, raw)?;
    let elements = raw.len() / split.width;
    if elements < MIN_ELEMENTS {
        return None;
    }
    let raw = &raw[..elements * split.width];
    let mut symbols = vec![0; elements];
    split::symbols(split, raw, &mut symbols);
    let (row_len, real) = row_len(facts, elements);
    let rows = shared::rows(row_len, facts);
    let grid = Grid::of(&symbols, rows, real, tuning(kept, split).contexts);
    let (zeros, row_zeros) = ends::choose(split, rows, raw);
    let mut plan = plan(kept, split, rows, grid, zeros, &row_zeros);
    let mut written = Vec::new();
    plan.write_shared(&mut written);
    plan.expected_len += low_len(&plan, elements) + written.len() + facts.frames() * FRAME_LEN;
    plan.written = written;
    plan.symbols = symbols;
    Some(plan)
}

fn plan(
    kept: u32,
    split: Split,
    rows: Rows,
    grid: Grid,
    zeros: Vec<u8>,
    row_zeros: &[u8],
) -> Classes {
    let mut counts = vec![[0; 256]; usize::from(*grid.map.iter().max().unwrap_or(&0)) + 1];
    for (context, cell) in grid.map.iter().zip(&grid.counts) {
        for (to, from) in counts[usize::from(*context)].iter_mut().zip(cell) {
            *to += from;
        }
    }
    let row_symbols: Vec<u8> = match row_zeros {
        [] => grid.rows,
        zeros => {
            let both = grid.rows.iter().zip(zeros);
            both.map(|(class, zeros)| class + MAX_CLASSES as u8 * zeros)
                .collect()
        }
    };
    let tables = Tables::new(tuning(kept, split).bits, &counts);
    let several = grid.row_classes * zeros.len() > 1;
    let row_tables = several.then(|| Tables::new(ROW_BITS, &count(&row_symbols, &[], 1)));
    Classes {
        kept: kept as u8,
        split,
        rows,
        zeros,
        row_classes: grid.row_classes,
        column_classes: grid.column_classes,
        map: grid.map,
        columns: grid.columns,
        row_tables,
        expected_len: tables.encoded_len(&counts),
        tables,
        row_symbols,
        symbols: Vec::new(),
        written: Vec::new(),
        made: Default::default(),
    }
}

/// Bytes of the low bits.
fn low_len(plan: &Classes, elements: usize) -> usize {
    let low = plan.split.low as usize;
    let which = |row: usize| match plan.row_symbols.get(row) {
        Some(row) if plan.zeros.len() > 1 => usize::from(*row) / MAX_CLASSES,
        _ => 0,
    };
    let runs = plan.rows.runs(0, elements);
    let bits = runs.map(|run| run.len * (low - usize::from(plan.zeros[which(run.row)])));
    bits.sum::<usize>() / 8
}

/// The length of a row, and whether it is one of the tensor.
fn row_len(facts: &Facts, elements: usize) -> (u32, bool) {
    let row = facts
        .hint
        .row
        .saturating_mul(split::parts(facts.hint.dtype));
    match row {
        0 | 1 => (PSEUDO_ROW, false),
        row if row as usize > elements / 2 => (PSEUDO_ROW, false),
        row if row < MIN_LEN => (row * (2 * MIN_LEN).div_ceil(row), true),
        row => (row, true),
    }
}

/// Classes of rows and columns, and the contexts of their cells.
struct Grid {
    row_classes: usize,
    column_classes: usize,
    rows: Vec<u8>,
    columns: Vec<u8>,
    map: Vec<u8>,
    /// By cell, as the map has them.
    counts: Vec<[u32; 256]>,
}

impl Grid {
    fn of(symbols: &[u8], rows: Rows, real: bool, contexts: usize) -> Grid {
        let row = coarse::row_classes(symbols, rows);
        let with_columns = real && row.len() >= MIN_ROWS && rows.len() <= MAX_COLUMNS;
        let column = match with_columns {
            true => coarse::column_classes(symbols, rows),
            false => Vec::new(),
        };
        let cells = grid::count(symbols, rows, &row, &column);
        let of_rows = margin(&cells, |cell| cell / MAX_CLASSES);
        let of_columns = margin(&cells, |cell| cell % MAX_CLASSES);
        let row_of = merge(&of_rows, &weights(&row), MAX_CLASSES, &price_of_rows);
        let column_of = merge(
            &of_columns,
            &weights(&column),
            MAX_CLASSES,
            &price_of_columns,
        );
        let row_classes = classes(&row_of);
        let column_classes = classes(&column_of);
        let mut counts = vec![[0u32; 256]; row_classes * column_classes];
        for (cell, from) in cells.iter().enumerate() {
            let row = usize::from(row_of[cell / MAX_CLASSES]);
            let column = usize::from(column_of[cell % MAX_CLASSES]);
            for (to, from) in counts[row * column_classes + column].iter_mut().zip(from) {
                *to += from;
            }
        }
        let bins: Vec<Bins> = counts.iter().map(coarse::bins).collect();
        let map = merge(&bins, &vec![1.0; bins.len()], contexts, &|groups| {
            TABLE_BITS * groups.len() as f32
        });
        Grid {
            row_classes,
            column_classes,
            rows: row
                .iter()
                .map(|class| row_of[usize::from(*class)])
                .collect(),
            columns: match column_classes {
                1 => Vec::new(),
                _ => column
                    .iter()
                    .map(|class| column_of[usize::from(*class)])
                    .collect(),
            },
            map,
            counts,
        }
    }
}

fn classes(groups: &[u8]) -> usize {
    groups
        .iter()
        .map(|group| usize::from(*group) + 1)
        .max()
        .unwrap_or(1)
}

/// What the cells have of which a function says the same.
fn margin(cells: &[[u32; 256]], of: impl Fn(usize) -> usize) -> Vec<Bins> {
    let mut sums = vec![[0; 256]; MAX_CLASSES];
    for (cell, counts) in cells.iter().enumerate().take(CELLS) {
        for (to, from) in sums[of(cell)].iter_mut().zip(counts) {
            *to += from;
        }
    }
    sums.iter().map(coarse::bins).collect()
}

/// How many rows or columns each class has.
fn weights(classes: &[u8]) -> Vec<f32> {
    let mut weights = vec![0.0; MAX_CLASSES];
    for class in classes {
        weights[usize::from(*class)] += 1.0;
    }
    weights
}

/// Rows' classes are coded.
fn price_of_rows(weights: &[f32]) -> f32 {
    let sum: f32 = weights.iter().sum();
    let bits = weights.iter().filter(|weight| **weight > 0.0);
    let bits: f32 = bits.map(|weight| weight * (sum / weight).log2()).sum();
    bits + CLASS_BITS * weights.len() as f32
}

/// Columns' classes have whole bits.
fn price_of_columns(weights: &[f32]) -> f32 {
    let sum: f32 = weights.iter().sum();
    let bits = weights.len().next_power_of_two().trailing_zeros();
    sum * bits as f32 + CLASS_BITS * weights.len() as f32
}
