//! Where a chunk's blocks are in their tensor.

use super::kind::Kind;

/// The rows of a chunk's groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Groups of a row; 0 when there are no rows.
    row: usize,
    /// Groups of its first row that came before the chunk.
    phase: usize,
}

impl Place {
    pub(super) fn new(kind: &Kind, row: u32, offset: u64) -> Place {
        let row = row as usize;
        let whole = row.is_multiple_of(kind.quants) && offset.is_multiple_of(kind.quants as u64);
        if row == 0 || !whole {
            return Place { row: 0, phase: 0 };
        }
        Place {
            row: row / kind.group,
            phase: (offset % row as u64) as usize / kind.group,
        }
    }

    /// Groups of a row; 0 when there are no rows.
    pub(super) fn row(&self) -> usize {
        self.row
    }

    /// Which group of its row a chunk's group is.
    pub(super) fn column(&self, group: usize) -> usize {
        match self.row {
            0 => 0,
            row => (self.phase + group) % row,
        }
    }
    /// The place in its row of the group after the one at a place.
    #[inline(always)]
    pub(super) fn after(&self, column: usize) -> usize {
        if column + 1 == self.row {
            0
        } else {
            column + 1
        }
    }
}
