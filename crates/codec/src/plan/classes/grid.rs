//! How often each symbol occurs in each cell of a grid: the elements of a class of rows and a class
//! of columns.

use super::MAX_CLASSES;
use crate::cpu::at_best;
use crate::plan::rows::Rows;

/// Cells of a grid.
pub(super) const CELLS: usize = MAX_CLASSES * MAX_CLASSES;

/// Counts of a class of rows, by class of the column.
type Row = [u32; MAX_CLASSES << 8];

/// By cell, how often each symbol occurs. Cell: class of the row times 8, and class of the column.
pub(super) fn count(symbols: &[u8], rows: Rows, row: &[u8], column: &[u8]) -> Vec<[u32; 256]> {
    let mut counts = vec![[0; 256]; CELLS];
    let (by_row, _) = counts.as_flattened_mut().as_chunks_mut();
    let mut rest = symbols;
    for run in rows.runs(0, symbols.len()) {
        let (own, after) = rest.split_at(run.len);
        rest = after;
        let class = usize::from(row.get(run.row).copied().unwrap_or(0)) % MAX_CLASSES;
        match column.get(run.column..run.column + run.len) {
            Some(columns) => count_line(own, columns, &mut by_row[class]),
            None => count_plain(own, &mut by_row[class]),
        }
    }
    counts
}

/// Symbols whose places in the counts are found at once.
const RUN: usize = 64;

at_best! {
    fn count_line(symbols: &[u8], columns: &[u8], counts: &mut Row) = count_line_any
}

#[inline(always)]
fn count_line_any(symbols: &[u8], columns: &[u8], counts: &mut Row) {
    let (symbols, last) = symbols.as_chunks::<RUN>();
    let (columns, last_columns) = columns.as_chunks::<RUN>();
    for (symbols, columns) in symbols.iter().zip(columns) {
        let mut places = [0u16; RUN];
        for i in 0..RUN {
            places[i] = u16::from(columns[i]) << 8 | u16::from(symbols[i]);
        }
        for place in places {
            // The mask says that this stays within, for the compiler.
            counts[usize::from(place) & ((MAX_CLASSES << 8) - 1)] += 1;
        }
    }
    for (symbol, column) in last.iter().zip(last_columns) {
        counts[(usize::from(*column) % MAX_CLASSES) << 8 | usize::from(*symbol)] += 1;
    }
}

fn count_plain(symbols: &[u8], counts: &mut Row) {
    let counts: &mut [u32] = counts;
    for symbol in symbols {
        counts[usize::from(*symbol)] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_is_in_its_cell() {
        let symbols: Vec<u8> = (0..100).collect();
        let rows = Rows::new(20, 13);
        let row: Vec<u8> = (0..6).collect();
        let column: Vec<u8> = (0..20).map(|i| i / 4).collect();
        for column in [&column[..], &[]] {
            let counts = count(&symbols, rows, &row, column);
            assert_eq!(counts.iter().flatten().sum::<u32>(), 100);
            for symbol in &symbols {
                let place = usize::from(*symbol) + 13;
                let class = column.get(place % 20).copied().unwrap_or(0);
                let cell = place / 20 * 8 + usize::from(class);
                assert_eq!(counts[cell][usize::from(*symbol)], 1);
            }
        }
    }
}
