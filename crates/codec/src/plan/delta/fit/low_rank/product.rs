//! Matrices in the making.

use super::linear::{add, dot, gram, root};

/// Matrices in the making: a row's factors together; for each factor all columns.
pub(super) struct Product {
    pub(super) rank: usize,
    pub(super) rows: Vec<f32>,
    pub(super) columns: Vec<f32>,
}

impl Product {
    /// Makes the rows' factors orthogonal to each other, of length 1, and the columns what fits those.
    pub(super) fn make_orthogonal(&mut self) {
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
    pub(super) fn balance(&mut self) {
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
