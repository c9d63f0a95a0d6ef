//! How often each symbol occurs in each cell of a grid: the elements of a class of rows and a class
//! of columns.

use super::MAX_CLASSES;
use super::rows::Rows;

/// Cells of a grid.
pub(super) const CELLS: usize = MAX_CLASSES * MAX_CLASSES;

/// By cell, how often each symbol occurs. Cell: class of the row times 8, and class of the column.
pub(super) fn count(symbols: &[u8], rows: Rows, row: &[u8], column: &[u8]) -> Vec<[u32; 256]> {
    let mut counts = vec![0u32; CELLS << 8];
    let Ok(counts) = <&mut [u32; CELLS << 8]>::try_from(counts.as_mut_slice()) else {
        return Vec::new();
    };
    let mut rest = symbols;
    for run in rows.runs(0, symbols.len()) {
        let (own, after) = rest.split_at(run.len);
        rest = after;
        let cell = usize::from(row.get(run.row).copied().unwrap_or(0)) % MAX_CLASSES * MAX_CLASSES;
        match column.get(run.column..run.column + run.len) {
            Some(columns) => count_line(own, columns, cell, counts),
            None => count_plain(own, cell, counts),
        }
    }
    counts.as_chunks::<256>().0.to_vec()
}

fn count_line(symbols: &[u8], columns: &[u8], cell: usize, counts: &mut [u32; CELLS << 8]) {
    for (symbol, column) in symbols.iter().zip(columns) {
        // The mask says that this stays within, for the compiler.
        let at = (cell + usize::from(*column)) << 8 | usize::from(*symbol);
        counts[at & ((CELLS << 8) - 1)] += 1;
    }
}

fn count_plain(symbols: &[u8], cell: usize, counts: &mut [u32; CELLS << 8]) {
    for symbol in symbols {
        counts[(cell << 8 | usize::from(*symbol)) & ((CELLS << 8) - 1)] += 1;
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
