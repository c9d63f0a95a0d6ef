//! Rows and factors, multiplied and added.

use crate::cpu::at_widest;

/// The products of factors with each other, summed over all rows.
pub(super) fn gram(rows: &[f32], rank: usize) -> Vec<f64> {
    let mut sums = vec![0.0; rank * rank];
    add_products(rows, rank, &mut sums);
    sums
}

at_widest! {
    pub(super) fn add_products(rows: &[f32], rank: usize, sums: &mut [f64]) = add_products_any
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
pub(super) fn root(products: &[f64], rank: usize) -> Vec<f32> {
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

at_widest! {
    pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 = dot_any
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
    pub(super) fn project(row: &[f32], columns: &[f32], stride: usize, factors: &mut [f32]) = project_any
}

#[inline(always)]
fn project_any(row: &[f32], columns: &[f32], stride: usize, factors: &mut [f32]) {
    for (factor, columns) in factors.iter_mut().zip(columns.chunks(stride)) {
        *factor = dot_any(row, &columns[..row.len()]);
    }
}

at_widest! {
    /// Adds a row to each factor's columns, as much as that has of it.
    pub(super) fn spread(row: &[f32], factors: &[f32], columns: &mut [f32], stride: usize) = spread_any
}

#[inline(always)]
fn spread_any(row: &[f32], factors: &[f32], columns: &mut [f32], stride: usize) {
    for (factor, columns) in factors.iter().zip(columns.chunks_mut(stride)) {
        add_any(*factor, row, &mut columns[..row.len()]);
    }
}

at_widest! {
    /// Adds a multiple.
    pub(super) fn add(factor: f32, from: &[f32], to: &mut [f32]) = add_any
}

#[inline(always)]
fn add_any(factor: f32, from: &[f32], to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}
