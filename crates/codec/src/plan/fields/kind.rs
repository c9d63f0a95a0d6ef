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
    /// 16 scales of 6 bits, in 12 bytes before the half.
    Thirds,
    /// 8 scales of 6 bits after the half: 2 bytes of upper bits, then nibbles.
    Upper,
    /// 16 scales of 3 bits, the lower bits of the last 4 words; two of them as one number.
    Threes,
    /// 16 bytes that begin at one.
    Sixteen(usize),
    /// 8 bytes from one on, each so many after the one before.
    Eight(usize, usize),
}

/// How a block has its quants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quants {
    /// Two in a byte, all of one group.
    Nibbles,
    /// Two in a byte, of two groups: each 32 bytes have a pair of those.
    PairedNibbles,
    /// Two in a byte, numbers of the points of a fixed curve, of which 8 is the one about zero.
    Points,
    /// A signed byte each.
    Bytes,
    /// 4 bytes of fifth bits, then nibbles.
    Fifths,
    /// 32 bytes of fifth bits, a bit for each of 8 groups, then nibbles as pairs have them.
    PairedFifths,
    /// Nibbles, then the upper 2 bits.
    Sixes,
    /// Four in a byte, of four groups.
    Twos,
    /// 32 bytes of third bits, a bit for each of 8 groups, then the lower 2 bits.
    Thirds,
    /// Indices of a grid, and what is beside them.
    Grid(Grid),
}

/// Where indices of a grid are, whose points are several quants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grid {
    /// 4 indices, then 4 bytes of signs and a scale, 8 times.
    Twos,
    /// The lower byte of each word.
    TwosInWords,
    /// 64 indices, then signs and a scale in 4 bytes, 8 times.
    Threes,
    /// 32 bytes of lower bits, then words of upper bits with a scale.
    Ones,
    /// 32 bytes of lower bits, then 16 of upper ones.
    OnesByHalves,
}

impl Kind {
    /// The kind of a dtype, where it has one.
    pub(super) fn of(dtype: Dtype) -> Option<Kind> {
        let (halves, mode, subs, quants) = match dtype {
            Dtype::GgmlQ4_0 => (1, Mode::Brain, Subs::None, Quants::Nibbles),
            Dtype::GgmlIq4Nl => (1, Mode::Brain, Subs::None, Quants::Points),
            Dtype::GgmlQ4_1 => (2, Mode::Range(15), Subs::None, Quants::Nibbles),
            Dtype::GgmlQ5_0 => (1, Mode::Brain, Subs::None, Quants::Fifths),
            Dtype::GgmlQ5_1 => (2, Mode::Range(31), Subs::None, Quants::Fifths),
            Dtype::GgmlQ8_0 => (1, Mode::Most(127), Subs::None, Quants::Bytes),
            _ => return Kind::plain_halves(dtype),
        };
        Some(Kind::new(dtype, halves, mode, subs, quants))
    }

    /// Those whose halves were made from no others.
    fn plain_halves(dtype: Dtype) -> Option<Kind> {
        let (halves, subs, quants) = match dtype {
            Dtype::GgmlQ2K => (2, Subs::Sixteen(0), Quants::Twos),
            Dtype::GgmlQ3K => (1, Subs::Thirds, Quants::Thirds),
            Dtype::GgmlQ4K => (2, Subs::Sixes, Quants::PairedNibbles),
            Dtype::GgmlQ5K => (2, Subs::Sixes, Quants::PairedFifths),
            Dtype::GgmlQ6K => (1, Subs::Sixteen(192), Quants::Sixes),
            Dtype::GgmlIq4Xs => (1, Subs::Upper, Quants::Points),
            Dtype::GgmlIq2Xxs => (1, Subs::Eight(9, 8), Quants::Grid(Grid::Twos)),
            Dtype::GgmlIq2Xs => (1, Subs::Eight(66, 1), Quants::Grid(Grid::TwosInWords)),
            Dtype::GgmlIq3Xxs => (1, Subs::Eight(69, 4), Quants::Grid(Grid::Threes)),
            Dtype::GgmlIq1S => (1, Subs::Eight(35, 2), Quants::Grid(Grid::Ones)),
            Dtype::GgmlIq1M => (1, Subs::Threes, Quants::Grid(Grid::OnesByHalves)),
            _ => return None,
        };
        Some(Kind::new(dtype, halves, Mode::Plain, subs, quants))
    }

    fn new(dtype: Dtype, halves: usize, mode: Mode, subs: Subs, quants: Quants) -> Kind {
        Kind {
            unit: dtype.block_bytes(),
            halves,
            mode,
            subs,
            quants,
        }
    }

    /// Series of numbers by group, each of so many for a block.
    pub(super) fn series(&self) -> &'static [usize] {
        match self.subs {
            Subs::None => &[],
            Subs::Sixes => &[8, 8],
            Subs::Sixteen(_) | Subs::Thirds => &[16],
            Subs::Eight(..) | Subs::Upper | Subs::Threes => &[8],
        }
    }

    /// By how much quants are turned: so many bytes of a block.
    pub(super) fn turns(&self) -> usize {
        match self.quants {
            Quants::Nibbles => 1,
            Quants::PairedNibbles | Quants::Twos => 4,
            _ => 0,
        }
    }

    /// Bytes of a block that are looked at closer.
    pub(super) fn dense(&self) -> usize {
        match self.quants {
            Quants::Nibbles => 16,
            Quants::PairedNibbles => 128,
            Quants::Points if self.unit == 18 => 16,
            Quants::Points => 128,
            Quants::Bytes | Quants::PairedFifths | Quants::Thirds => 32,
            Quants::Fifths => 4,
            Quants::Sixes | Quants::Twos | Quants::Grid(Grid::Threes) => 64,
            Quants::Grid(_) => 32,
        }
    }

    /// Bytes of a block that are a plane as they are.
    pub(super) fn plain(&self) -> usize {
        match self.quants {
            Quants::Nibbles | Quants::PairedNibbles | Quants::Points => 0,
            Quants::Bytes | Quants::Twos => 0,
            Quants::Fifths => 16,
            Quants::PairedFifths => 128,
            Quants::Sixes => 160,
            Quants::Thirds => 64,
            Quants::Grid(Grid::Twos | Grid::Threes) => 24,
            Quants::Grid(Grid::TwosInWords) => 32,
            Quants::Grid(Grid::Ones) => 8,
            Quants::Grid(Grid::OnesByHalves) => 16,
        }
    }
}
