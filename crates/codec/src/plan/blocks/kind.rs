//! What the blocks of a dtype hold, as fields that can be coded.

use std::ops::Range;

use super::scales::Mode;
use crate::Dtype;

/// A dtype whose blocks are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub dtype: Dtype,
    /// Bytes of a block.
    pub unit: usize,
    /// Quants of a block.
    pub quants: usize,
    /// Bits of a quant.
    pub bits: u32,
    /// Quants that have a scale of their own.
    pub group: usize,
    /// Half-precision numbers of a block: a scale, and perhaps a minimum.
    pub halves: usize,
    /// Series of small numbers by group, that the halves are multiplied with: scales, and perhaps
    /// minimums.
    pub subs: usize,
    /// What the halves may have been made from.
    pub mode: Mode,
    /// What a symbol is made of. Where that is not one quant, the numbers of quants above are those of
    /// symbols.
    pub form: Form,
    /// Bits of a quant, whatever the form.
    pub plain_bits: u32,
    /// Bytes of a block that are stored as they are, beside the symbols.
    pub low: usize,
}

/// What a symbol of a block's quants is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A quant.
    Each,
    /// Two quants, as a byte of the block has them.
    Pairs,
    /// The upper bits of several.
    Upper,
    /// The upper bits of two that are no marks.
    Twos,
}

impl Kind {
    /// The kind of a dtype, where it has one.
    pub(super) fn of(dtype: Dtype) -> Option<Kind> {
        let (bits, group, halves, subs, mode) = match dtype {
            Dtype::GgmlQ4_0 | Dtype::GgmlIq4Nl => (4, 32, 1, 0, Mode::Brain),
            Dtype::GgmlQ4_1 => (4, 32, 2, 0, Mode::Range(15)),
            Dtype::GgmlQ5_0 => (5, 32, 1, 0, Mode::Brain),
            Dtype::GgmlQ5_1 => (5, 32, 2, 0, Mode::Range(31)),
            Dtype::GgmlQ8_0 => (8, 32, 1, 0, Mode::Most(127)),
            Dtype::GgmlQ4K => (4, 32, 2, 2, Mode::Plain),
            Dtype::GgmlQ5K => (5, 32, 2, 2, Mode::Plain),
            Dtype::GgmlQ6K => (6, 16, 1, 1, Mode::Plain),
            _ => return None,
        };
        Some(Kind {
            dtype,
            unit: dtype.block_bytes(),
            quants: dtype.block_elements() as usize,
            bits,
            group,
            halves,
            subs,
            mode,
            form: Form::Each,
            plain_bits: bits,
            low: 0,
        })
    }

    /// The kind with two quants taken as one, where both have the same group: half as many symbols
    /// to code.
    pub(super) fn paired(&self) -> Option<Kind> {
        let simple = self.bits == 4 && self.subs == 0;
        simple.then_some(Kind {
            quants: self.quants / 2,
            bits: 8,
            group: self.group / 2,
            form: Form::Pairs,
            ..*self
        })
    }

    /// Groups of a block.
    pub(super) fn groups(&self) -> usize {
        self.quants / self.group
    }
}

/// The fields of a run of blocks, each with all blocks' values in order. A value of few bits has a
/// byte.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    /// The scales and minimums.
    pub halves: [Vec<u16>; 2],
    /// By group.
    pub subs: [Vec<u8>; 2],
    /// In the order of the elements: quants, or symbols of several.
    pub quants: Vec<u8>,
    /// Where symbols are upper bits, the lower ones.
    pub low: Vec<u8>,
}

impl Fields {
    /// Makes room for blocks, but for their quants; what is in it then is of no meaning.
    pub(super) fn resize(&mut self, kind: &Kind, blocks: usize) {
        for (i, half) in self.halves.iter_mut().enumerate() {
            half.resize(if i < kind.halves { blocks } else { 0 }, 0);
        }
        for (i, sub) in self.subs.iter_mut().enumerate() {
            let len = blocks * kind.groups();
            sub.resize(if i < kind.subs { len } else { 0 }, 0);
        }
        self.low.resize(blocks * kind.low, 0);
    }

    /// What some of the blocks have; of quants only where there are those of all blocks.
    pub(super) fn view(&self, kind: &Kind, blocks: Range<usize>) -> View<'_> {
        let of = |each: usize| each * blocks.start..each * blocks.end;
        let (half, sub) = (of(1), of(kind.groups()));
        View {
            halves: [0, 1].map(|i| self.halves[i].get(half.clone()).unwrap_or_default()),
            subs: [0, 1].map(|i| self.subs[i].get(sub.clone()).unwrap_or_default()),
            quants: self.quants.get(of(kind.quants)).unwrap_or_default(),
            low: &self.low[of(kind.low)],
        }
    }
}

/// The fields of some blocks of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub halves: [&'a [u16]; 2],
    pub subs: [&'a [u8]; 2],
    pub quants: &'a [u8],
    pub low: &'a [u8],
}
