//! A run of elements and their base's, block by block.

use super::contexts::Place;
use super::difference::{self, Form, number_width};
use super::low_rank::LowRank;
use super::predict;
use crate::Dtype;
use crate::layout::Layout;

/// Elements that are worked on at once, so that all that is known of them stays in the nearest
/// cache. A multiple of the lanes of the coder.
pub(super) const BLOCK: usize = 2048;

/// Elements, and those of the base at the same places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub from: Dtype,
    pub to: Dtype,
    /// Whole elements.
    pub raw: &'a [u8],
    /// At least as many elements of the base.
    pub base: &'a [u8],
    /// How many elements of the chunk come before, and where those are in their rows.
    pub first: usize,
    pub place: Place,
    /// What is added to the base.
    pub low_rank: Option<&'a LowRank>,
}

/// What the base lets expect of a block, where that is not the base itself.
pub(super) struct Expected {
    words: [u32; BLOCK],
    bytes: [u8; 4 * BLOCK],
}

/// What is known of a block of elements.
pub(super) struct Block {
    expected: Expected,
    /// Differences, of [`number_width`] bytes each.
    numbers: [u8; 4 * BLOCK],
    /// The differences' low bits.
    pub lows: [u16; BLOCK],
}

impl Expected {
    pub(super) fn new() -> Expected {
        Expected {
            words: [0; BLOCK],
            bytes: [0; 4 * BLOCK],
        }
    }

    /// What to expect of so many elements from number `at` on.
    pub(super) fn find<'a>(&'a mut self, pair: &Pair<'a>, at: usize, len: usize) -> &'a [u8] {
        if !pair.is_direct() {
            let words = &mut self.words[..len];
            pair.expect(at, words);
            predict::store(words, &mut self.bytes[..len * pair.unit()]);
        }
        self.found(pair, at, len)
    }

    /// The same once more.
    pub(super) fn found<'a>(&'a self, pair: &Pair<'a>, at: usize, len: usize) -> &'a [u8] {
        if pair.is_direct() {
            pair.base_at(at, len)
        } else {
            &self.bytes[..len * pair.unit()]
        }
    }
}

impl Block {
    pub(super) fn new() -> Block {
        Block {
            expected: Expected::new(),
            numbers: [0; 4 * BLOCK],
            lows: [0; BLOCK],
        }
    }

    /// What is expected of the elements from number `at` on, at most a block of them, and the numbers of
    /// their differences.
    pub(super) fn apart<'a>(
        &'a mut self,
        pair: &Pair<'a>,
        form: Form,
        at: usize,
    ) -> (&'a [u8], &'a [u8]) {
        let (unit, len) = (pair.unit(), BLOCK.min(pair.elements() - at));
        let expected = self.expected.find(pair, at, len);
        let raw = &pair.raw[at * unit..(at + len) * unit];
        let numbers = &mut self.numbers[..len * number_width(unit)];
        difference::apart(form, raw, expected, numbers, &mut self.lows);
        (expected, numbers)
    }
}

impl<'a> Pair<'a> {
    pub(super) fn unit(&self) -> usize {
        Layout::of(self.to).unit()
    }

    /// Whether what is expected of the elements is the base itself.
    pub(super) fn is_direct(&self) -> bool {
        self.low_rank.is_none() && self.from == self.to
    }

    /// Whether all elements are the base's.
    pub(super) fn is_equal(&self) -> bool {
        self.is_direct() && self.raw == self.base
    }

    /// How many elements there are.
    pub(super) fn elements(&self) -> usize {
        self.raw.len() / self.unit()
    }

    /// What to expect of the elements from number `at` on.
    pub(super) fn expect(&self, at: usize, out: &mut [u32]) {
        match self.low_rank {
            None => predict::predict(self.from, self.to, self.base_at(at, out.len()), out),
            Some(low_rank) => {
                self.singles(at, out);
                low_rank.add(self.to, self.place, self.first + at, out);
            }
        }
    }

    /// The base's elements from number `at` on, as singles.
    pub(super) fn singles(&self, at: usize, out: &mut [u32]) {
        predict::predict(self.from, Dtype::F32, self.base_at(at, out.len()), out);
    }

    fn base_at(&self, at: usize, len: usize) -> &'a [u8] {
        let unit = Layout::of(self.from).unit();
        &self.base[at * unit..(at + len) * unit]
    }
}
