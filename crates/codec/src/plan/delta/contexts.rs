//! Which table an element's symbol is coded with: by the exponent that is expected of it, and by its
//! row and column where those say more.
//!
//! Everything adds to one number, which is about the logarithm of the differences to expect; bounds
//! divide that number's range into contexts.

use super::look_up::{look_up, looks_up_fast};
use crate::Dtype;
use crate::cpu::at_widest;

/// The most contexts.
pub(super) const MAX: usize = 64;

/// The part of an element that its difference depends on: the exponent, with a bit more where
/// exponents are few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    shift: u32,
    mask: u32,
}

impl Key {
    pub(super) fn of(dtype: Dtype) -> Key {
        let (shift, mask) = match dtype {
            Dtype::Bf16 => (7, 0xff),
            Dtype::F16 | Dtype::C32 => (9, 0x3f),
            Dtype::F32 | Dtype::C64 => (23, 0xff),
            _ => (0, 0x7f),
        };
        Key { shift, mask }
    }
}

/// What keys, rows and columns add, in quarters of a doubling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub keys: Box<[u8; 256]>,
    /// By row of the chunk; none where all are the same.
    pub rows: Vec<u8>,
    /// By column; none where all are the same.
    pub columns: Vec<u8>,
}

/// How contexts are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contexts {
    pub key: Key,
    /// Without terms the key itself is the number.
    pub terms: Option<Terms>,
    /// An element's context is how many of these its number reaches. They grow.
    pub bounds: Vec<u8>,
}

/// Where a chunk's elements are in their rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Elements in a row; 0 when there are none.
    pub row: usize,
    /// The column of the chunk's first element.
    pub column: usize,
}

impl Place {
    /// How many rows so many elements touch.
    pub(super) fn rows(self, elements: usize) -> usize {
        (self.column + elements).div_ceil(self.row.max(1))
    }
}

impl Contexts {
    /// How many contexts there are.
    pub(super) fn number(&self) -> usize {
        self.bounds.len() + 1
    }

    /// The contexts of elements from number `first` of the chunk on, by the bytes that are expected.
    ///
    /// # Panics
    /// When the terms do not have these elements' rows and columns.
    pub(super) fn fill(&self, place: Place, first: usize, expected: &[u8], out: &mut [u8]) {
        self.sums(place, first, expected, out);
        classify(&self.bounds, out);
    }

    /// The numbers that contexts go by.
    pub(super) fn sums(&self, place: Place, first: usize, expected: &[u8], out: &mut [u8]) {
        keys(self.key, expected, out);
        if let Some(terms) = &self.terms {
            look_up(&terms.keys, out);
            terms.add(place, first, out);
        }
    }
}

impl Terms {
    /// Adds what rows and columns add.
    fn add(&self, place: Place, first: usize, mut out: &mut [u8]) {
        let at = place.column + first;
        let (mut row, mut column) = (at / place.row.max(1), at % place.row.max(1));
        while !out.is_empty() {
            let len = out.len().min(place.row.max(1) - column);
            let (now, later) = out.split_at_mut(len);
            if let Some(&term) = self.rows.get(row) {
                now.iter_mut()
                    .for_each(|sum| *sum = sum.saturating_add(term));
            }
            if !self.columns.is_empty() {
                add(&self.columns[column..column + len], now);
            }
            (out, row, column) = (later, row + 1, 0);
        }
    }
}

at_widest! {
    fn add(terms: &[u8], sums: &mut [u8]) = add_any
}

#[inline(always)]
fn add_any(terms: &[u8], sums: &mut [u8]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum = sum.saturating_add(*term);
    }
}

at_widest! {
    fn keys(key: Key, expected: &[u8], out: &mut [u8]) = keys_any
}

#[inline(always)]
fn keys_any(key: Key, expected: &[u8], out: &mut [u8]) {
    let Key { shift, mask } = key;
    match expected.len() / out.len().max(1) {
        1 => each(expected, out, |[byte]| byte & mask as u8),
        2 => each(expected, out, |half| {
            (u16::from_le_bytes(half) >> shift & mask as u16) as u8
        }),
        _ => each(expected, out, |single| {
            (u32::from_le_bytes(single) >> shift & mask) as u8
        }),
    }
}

#[inline(always)]
fn each<const W: usize>(bytes: &[u8], out: &mut [u8], key: impl Fn([u8; W]) -> u8) {
    for (out, bytes) in out.iter_mut().zip(bytes.as_chunks::<W>().0) {
        *out = key(*bytes);
    }
}

/// Numbers to how many bounds they reach.
fn classify(bounds: &[u8], numbers: &mut [u8]) {
    if looks_up_fast() {
        let mut reached = [0; 256];
        for (number, bound) in (1..).zip(bounds) {
            reached[usize::from(*bound)..].fill(number);
        }
        return look_up(&reached, numbers);
    }
    compare(bounds, numbers);
}

at_widest! {
    fn compare(bounds: &[u8], numbers: &mut [u8]) = compare_any
}

#[inline(always)]
fn compare_any(bounds: &[u8], numbers: &mut [u8]) {
    let (groups, rest) = numbers.as_chunks_mut::<64>();
    for group in groups {
        let mut reached = [0u8; 64];
        for bound in bounds {
            for (reached, number) in reached.iter_mut().zip(group.iter()) {
                *reached += u8::from(*number >= *bound);
            }
        }
        *group = reached;
    }
    for number in rest {
        *number = bounds.iter().map(|bound| u8::from(*number >= *bound)).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_divide() {
        let mut numbers: Vec<u8> = (0..=255).collect();
        let mut compared = numbers.clone();
        classify(&[1, 7, 200], &mut numbers);
        compare(&[1, 7, 200], &mut compared);
        assert_eq!(numbers, compared);
        let expected = (0..=255).map(|n| u8::from(n >= 1) + u8::from(n >= 7) + u8::from(n >= 200));
        assert_eq!(numbers, expected.collect::<Vec<u8>>());
    }

    #[test]
    fn rows_and_columns_add() {
        let mut keys = Box::new([0; 256]);
        keys[127] = 10;
        let contexts = Contexts {
            key: Key::of(Dtype::Bf16),
            terms: Some(Terms {
                keys,
                rows: vec![0, 50, 250],
                columns: vec![0, 1, 2],
            }),
            bounds: vec![],
        };
        let place = Place { row: 3, column: 2 };
        assert_eq!(place.rows(6), 3);
        let mut sums = [0; 6];
        contexts.sums(place, 0, [0x80, 0x3f].repeat(6).as_slice(), &mut sums);
        assert_eq!(sums, [12, 60, 61, 62, 255, 255]);
        let mut one = [0];
        contexts.sums(place, 3, &[0x80, 0x3f], &mut one);
        assert_eq!(one, [62]);
    }
}
