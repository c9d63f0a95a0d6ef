//! Rows with columns below each other.

use std::io::Write;

use crate::output;

/// Prints rows, each column as wide as its widest cell.
pub fn print<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> anyhow::Result<()> {
    let rows: Vec<_> = rows.collect();
    let mut out = output::stdout();
    for line in lines(&rows) {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

/// The lines that are printed.
pub fn lines<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let len = |cell: &String| cell.chars().count();
    let width = |column: usize| rows.iter().map(|row| len(&row[column])).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells.map(|(cell, w)| format!("{cell:<w$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a", "b"], ["long", ""], ["ü", "c"]].map(|row| row.map(str::to_owned));
        assert_eq!(lines(&rows), ["a     b", "long", "ü     c"]);
    }
}
