//! What is done to the exponents of a run of elements at once.

use super::kind::Kind;
use crate::cpu::at_widest;
use crate::plan::rows::{Rows, Run};

/// An element's bits.
trait Word<const N: usize>: Copy {
    fn get(bytes: [u8; N]) -> Self;
    /// With so much added to the exponent, within its bits, or taken from it.
    fn moved(self, kind: Kind, by: u8, back: bool) -> [u8; N];
    fn exponent(self, kind: Kind) -> u32;
}

macro_rules! words {
    ($($word:ident $signed:ident $bytes:literal),*) => {$(
        impl Word<$bytes> for $word {
            #[inline(always)]
            fn get(bytes: [u8; $bytes]) -> Self {
                $word::from_le_bytes(bytes)
            }
            #[inline(always)]
            fn moved(self, kind: Kind, by: u8, back: bool) -> [u8; $bytes] {
                let mask: $word = ((1 << kind.exponent) - 1) << kind.mantissa;
                let by = (by as i8 as $signed as $word) << kind.mantissa;
                let moved = if back { self.wrapping_sub(by) } else { self.wrapping_add(by) };
                (self & !mask | moved & mask).to_le_bytes()
            }
            #[inline(always)]
            fn exponent(self, kind: Kind) -> u32 {
                (self >> kind.mantissa) as u32 & ((1 << kind.exponent) - 1)
            }
        }
    )*};
}
words!(u16 i16 2, u32 i32 4, u64 i64 8);

/// Calls a function for the type of an element's word.
macro_rules! for_word {
    ($kind:expr, $call:ident($($arg:expr),*)) => {
        match $kind.width {
            2 => $call::<u16, 2>($($arg),*),
            4 => $call::<u32, 4>($($arg),*),
            _ => $call::<u64, 8>($($arg),*),
        }
    };
}

/// Where some elements are.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub rows: Rows,
    /// How many elements of the chunk come before.
    pub first: usize,
    /// The parts of their rows; what is missing is 0.
    pub parts: &'a [u8],
    /// The columns' parts, or none.
    pub columns: &'a [u8],
}

impl<'a> Place<'a> {
    fn columns_of(&self, run: Run) -> &'a [u8] {
        self.columns
            .get(run.column..run.column + run.len)
            .unwrap_or_default()
    }
}

at_widest! {
    /// Adds the sum of each element's row's part and its column's to its exponent.
    pub(super) fn add(kind: Kind, place: Place<'_>, units: &mut [u8]) = add_any
}

at_widest! {
    /// The sum of each element's row's part and its column's, as bytes.
    pub(super) fn sums(place: Place<'_>, to: &mut [u8]) = sums_any
}

at_widest! {
    /// Finds the part of each row, where there is room for any: what its exponents are above the middle on average,
    /// when columns have what is theirs. And takes off what [`add`] adds.
    pub(super) fn subtract(
        kind: Kind, place: Place<'_>, middle: i32, units: &mut [u8], parts: &mut [u8],
    ) = subtract_any
}

at_widest! {
    /// Adds each element's exponent to its column's sum.
    pub(super) fn add_to(kind: Kind, units: &[u8], sums: &mut [u32]) = add_to_any
}

#[inline(always)]
fn add_any(kind: Kind, place: Place<'_>, units: &mut [u8]) {
    for_word!(kind, add_rows(kind, place, units));
}

#[inline(always)]
fn sums_any(place: Place<'_>, to: &mut [u8]) {
    let mut rest = to;
    let runs = place.rows.runs(place.first, rest.len());
    for (i, run) in runs.enumerate() {
        let (own, after) = rest.split_at_mut(run.len);
        rest = after;
        let row = place.parts.get(i).copied().unwrap_or(0);
        let columns = place.columns_of(run);
        if columns.is_empty() {
            own.fill(row);
        }
        for (to, column) in own.iter_mut().zip(columns) {
            *to = row.wrapping_add(*column);
        }
    }
}

#[inline(always)]
fn subtract_any(kind: Kind, place: Place<'_>, middle: i32, units: &mut [u8], parts: &mut [u8]) {
    for_word!(kind, subtract_rows(kind, place, middle, units, parts));
}

#[inline(always)]
fn add_rows<W: Word<N>, const N: usize>(kind: Kind, place: Place<'_>, units: &mut [u8]) {
    let mut rest = units.as_chunks_mut::<N>().0;
    let runs = place.rows.runs(place.first, rest.len());
    for (i, run) in runs.enumerate() {
        let (own, after) = rest.split_at_mut(run.len);
        rest = after;
        let row = place.parts.get(i).copied().unwrap_or(0);
        move_by::<W, N>(kind, row, place.columns_of(run), false, own);
    }
}

#[inline(always)]
fn subtract_rows<W: Word<N>, const N: usize>(
    kind: Kind,
    place: Place<'_>,
    middle: i32,
    units: &mut [u8],
    parts: &mut [u8],
) {
    let mut rest = units.as_chunks_mut::<N>().0;
    let runs = place.rows.runs(place.first, rest.len());
    for (i, run) in runs.enumerate() {
        let (own, after) = rest.split_at_mut(run.len);
        rest = after;
        let columns = place.columns_of(run);
        let part = parts.get_mut(i).map_or(0, |part| {
            let of_columns: i64 = columns.iter().map(|part| i64::from(*part as i8)).sum();
            let sum = sum_of::<W, N>(kind, own) as i64 - of_columns;
            let count = own.len() as i64;
            let mean = (sum + count / 2).div_euclid(count.max(1)) as i32;
            *part = (mean - middle).clamp(i8::MIN.into(), i8::MAX.into()) as i8 as u8;
            *part
        });
        move_by::<W, N>(kind, part, columns, true, own);
    }
}

#[inline(always)]
fn move_by<W: Word<N>, const N: usize>(
    kind: Kind,
    row: u8,
    columns: &[u8],
    back: bool,
    units: &mut [[u8; N]],
) {
    if columns.is_empty() {
        for unit in units {
            *unit = W::get(*unit).moved(kind, row, back);
        }
        return;
    }
    for (unit, column) in units.iter_mut().zip(columns) {
        *unit = W::get(*unit).moved(kind, row.wrapping_add(*column), back);
    }
}

/// Elements whose exponents' sum has room in 32 bits.
const PART: usize = 1 << 16;

#[inline(always)]
fn sum_of<W: Word<N>, const N: usize>(kind: Kind, units: &[[u8; N]]) -> u64 {
    let sum = |part: &[[u8; N]]| {
        let each = part.iter().map(|unit| W::get(*unit).exponent(kind));
        u64::from(each.sum::<u32>())
    };
    units.chunks(PART).map(sum).sum()
}

#[inline(always)]
fn add_to_any(kind: Kind, units: &[u8], sums: &mut [u32]) {
    for_word!(kind, add_to_of(kind, units, sums));
}

#[inline(always)]
fn add_to_of<W: Word<N>, const N: usize>(kind: Kind, units: &[u8], sums: &mut [u32]) {
    for (unit, sum) in units.as_chunks::<N>().0.iter().zip(sums) {
        *sum += W::get(*unit).exponent(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;

    #[test]
    fn every_machine_does_the_same_and_undoes_it() {
        for dtype in [Dtype::Bf16, Dtype::F16, Dtype::F32, Dtype::F64] {
            let kind = Kind::of(dtype).unwrap();
            let raw: Vec<u8> = (0..300 * kind.width as u32)
                .map(|i| (i.wrapping_mul(0x9e37_79b9) >> 13) as u8)
                .collect();
            let columns: Vec<u8> = (0..70u32).map(|i| (i * i) as u8).collect();
            for (by_row, columns) in [(true, &columns[..]), (false, &columns), (true, &[])] {
                let (mut best, mut plain) = (raw.clone(), raw.clone());
                let mut parts = vec![0; if by_row { 6 } else { 0 }];
                let mut plain_parts = parts.clone();
                let place = |parts| Place {
                    rows: Rows::new(70, 33),
                    first: 5,
                    parts,
                    columns,
                };
                subtract(kind, place(&[]), 60, &mut best, &mut parts);
                subtract_any(kind, place(&[]), 60, &mut plain, &mut plain_parts);
                assert!(best == plain && best != raw && parts == plain_parts);
                add_any(kind, place(&parts), &mut plain);
                add(kind, place(&parts), &mut best);
                assert!(best == raw && plain == raw);
            }
            let (mut best, mut plain) = (vec![1; 300], vec![1; 300]);
            add_to(kind, &raw, &mut best);
            add_to_any(kind, &raw, &mut plain);
            assert_eq!(best, plain);
        }
    }
}
