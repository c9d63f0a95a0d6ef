//! Where the fields of a block are.

use crate::Dtype;
use crate::plan::blocks::Mode;

/// A dtype whose blocks are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// Bytes of a block.
    pub unit: usize,
    /// Half-precision numbers of a block: a scale, and perhaps a minimum.
    pub halves: usize,
    /// What those may have been made from.
    pub mode: Mode,
    /// What they are multiplied with, by group.
    pub subs: Subs,
    pub quants: Quants,
}

/// Small numbers by group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subs {
    None,
    /// 8 scales and 8 minimums of 6 bits, in 12 bytes after the halves.
    Sixes,
    /// 16 scales of 8 bits before the half.
    Bytes,
}

/// How a block has its quants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quants {
    /// Two in a byte, all of one group.
    Nibbles,
    /// Two in a byte, of two groups: each 32 bytes have a pair of those.
    PairedNibbles,
    /// A signed byte each.
    Bytes,
    /// 4 bytes of fifth bits, then nibbles.
    Fifths,
    /// 32 bytes of fifth bits, a bit for each of 8 groups, then nibbles as pairs have them.
    PairedFifths,
    /// Nibbles, then the upper 2 bits.
    Sixes,
}

impl Kind {
    /// The kind of a dtype, where it has one.
    pub(super) fn of(dtype: Dtype) -> Option<Kind> {
        let (halves, mode, subs, quants) = match dtype {
            Dtype::GgmlQ4_0 | Dtype::GgmlIq4Nl => (1, Mode::Brain, Subs::None, Quants::Nibbles),
            Dtype::GgmlQ4_1 => (2, Mode::Range(15), Subs::None, Quants::Nibbles),
            Dtype::GgmlQ5_0 => (1, Mode::Brain, Subs::None, Quants::Fifths),
            Dtype::GgmlQ5_1 => (2, Mode::Range(31), Subs::None, Quants::Fifths),
            Dtype::GgmlQ8_0 => (1, Mode::Most(127), Subs::None, Quants::Bytes),
            Dtype::GgmlQ4K => (2, Mode::Plain, Subs::Sixes, Quants::PairedNibbles),
            Dtype::GgmlQ5K => (2, Mode::Plain, Subs::Sixes, Quants::PairedFifths),
            Dtype::GgmlQ6K => (1, Mode::Plain, Subs::Bytes, Quants::Sixes),
            _ => return None,
        };
        Some(Kind {
            unit: dtype.block_bytes(),
            halves,
            mode,
            subs,
            quants,
        })
    }

    /// Series of numbers by group, each of so many for a block.
    pub(super) fn series(&self) -> &'static [usize] {
        match self.subs {
            Subs::None => &[],
            Subs::Sixes => &[8, 8],
            Subs::Bytes => &[16],
        }
    }

    /// Bytes of a block that are looked at closer.
    pub(super) fn dense(&self) -> usize {
        match self.quants {
            Quants::Nibbles => 16,
            Quants::PairedNibbles => 128,
            Quants::Bytes | Quants::PairedFifths => 32,
            Quants::Fifths => 4,
            Quants::Sixes => 64,
        }
    }

    /// Bytes of a block that are a plane as they are.
    pub(super) fn plain(&self) -> usize {
        match self.quants {
            Quants::Nibbles | Quants::PairedNibbles | Quants::Bytes => 0,
            Quants::Fifths => 16,
            Quants::PairedFifths => 128,
            Quants::Sixes => 160,
        }
    }
}
