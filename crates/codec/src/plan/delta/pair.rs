//! A run of elements and their base's, block by block.

use super::contexts::Place;
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

/// What is known of a block of elements.
pub(super) struct Block {
    /// What the base lets expect.
    pub expected: [u32; BLOCK],
    /// What there is, or its difference.
    pub words: [u32; BLOCK],
    /// The difference's low bits.
    pub lows: [u32; BLOCK],
}

impl Block {
    pub(super) fn new() -> Block {
        Block {
            expected: [0; BLOCK],
            words: [0; BLOCK],
            lows: [0; BLOCK],
        }
    }
}

impl Pair<'_> {
    /// How many elements there are.
    pub(super) fn elements(&self) -> usize {
        self.raw.len() / Layout::of(self.to).unit()
    }

    /// Loads the elements from number `at` on, and what to expect of them; how many those are.
    pub(super) fn load(&self, at: usize, block: &mut Block) -> usize {
        let len = BLOCK.min(self.elements() - at);
        let unit = Layout::of(self.to).unit();
        self.expect(at, &mut block.expected[..len]);
        predict::load(
            &self.raw[at * unit..(at + len) * unit],
            &mut block.words[..len],
        );
        len
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

    fn base_at(&self, at: usize, len: usize) -> &[u8] {
        let unit = Layout::of(self.from).unit();
        &self.base[at * unit..(at + len) * unit]
    }
}
