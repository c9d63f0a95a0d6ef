//! What is done to the exponents of a run of elements at once.

use super::kind::Kind;
use crate::cpu::at_widest;

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

at_widest! {
    /// Adds the sum of a row's part and each element's column's to exponents, with no columns the row's alone.
    pub(super) fn add(kind: Kind, row: u8, columns: &[u8], units: &mut [u8]) = add_any
}

at_widest! {
    /// The inverse of [`add`].
    pub(super) fn subtract(kind: Kind, row: u8, columns: &[u8], units: &mut [u8]) = subtract_any
}

at_widest! {
    /// The sum of exponents.
    pub(super) fn sum(kind: Kind, units: &[u8]) -> u64 = sum_any
}

at_widest! {
    /// Adds each element's exponent to its column's sum.
    pub(super) fn add_to(kind: Kind, units: &[u8], sums: &mut [u32]) = add_to_any
}

#[inline(always)]
fn add_any(kind: Kind, row: u8, columns: &[u8], units: &mut [u8]) {
    for_word!(kind, move_by(kind, row, columns, false, units));
}

#[inline(always)]
fn subtract_any(kind: Kind, row: u8, columns: &[u8], units: &mut [u8]) {
    for_word!(kind, move_by(kind, row, columns, true, units));
}

#[inline(always)]
fn move_by<W: Word<N>, const N: usize>(
    kind: Kind,
    row: u8,
    columns: &[u8],
    back: bool,
    units: &mut [u8],
) {
    let units = units.as_chunks_mut::<N>().0;
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
fn sum_any(kind: Kind, units: &[u8]) -> u64 {
    for_word!(kind, sum_of(kind, units))
}

#[inline(always)]
fn sum_of<W: Word<N>, const N: usize>(kind: Kind, units: &[u8]) -> u64 {
    let parts = units.as_chunks::<N>().0.chunks(PART);
    let sum = |part: &[[u8; N]]| {
        let each = part.iter().map(|unit| W::get(*unit).exponent(kind));
        u64::from(each.sum::<u32>())
    };
    parts.map(sum).sum()
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
            let columns: Vec<u8> = (0..300u32).map(|i| (i * i) as u8).collect();
            for (row, columns) in [(0, &columns[..]), (200, &columns), (127, &[])] {
                let (mut best, mut plain) = (raw.clone(), raw.clone());
                subtract(kind, row, columns, &mut best);
                subtract_any(kind, row, columns, &mut plain);
                assert!(best == plain && best != raw);
                add_any(kind, row, columns, &mut plain);
                add(kind, row, columns, &mut best);
                assert!(best == raw && plain == raw);
            }
            assert_eq!(sum(kind, &raw), sum_any(kind, &raw));
            let (mut best, mut plain) = (vec![1; 300], vec![1; 300]);
            add_to(kind, &raw, &mut best);
            add_to_any(kind, &raw, &mut plain);
            assert_eq!(best, plain);
            let sums = best.iter().map(|sum| u64::from(*sum) - 1);
            assert_eq!(sums.sum::<u64>(), sum(kind, &raw));
        }
    }
}
