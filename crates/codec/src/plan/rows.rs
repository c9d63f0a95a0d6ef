//! Where an element is: in which row of its chunk, and in which column.

/// No row is shorter, so that what is said of rows stays small beside their elements.
pub(crate) const MIN_LEN: u32 = 16;

/// Rows of one length, of which the first may begin before the chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    len: usize,
    /// Elements of the first row that come before the chunk.
    phase: usize,
}

/// A run of elements of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The row, from the chunk's first.
    pub row: usize,
    /// The first element's column.
    pub column: usize,
    /// How many elements.
    pub len: usize,
}

impl Rows {
    /// Rows of a chunk that begins `offset` elements after a row's beginning.
    pub(crate) fn new(len: u32, offset: u64) -> Rows {
        Rows {
            len: len.max(MIN_LEN) as usize,
            phase: (offset % u64::from(len.max(MIN_LEN))) as usize,
        }
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// In how many rows a chunk's first so many elements are.
    pub(crate) fn count(self, elements: usize) -> usize {
        (self.phase + elements).div_ceil(self.len)
    }

    /// The rows of some elements, where `first` of the chunk come before.
    pub(crate) fn runs(self, first: usize, count: usize) -> impl Iterator<Item = Run> {
        let start = self.phase + first;
        let (mut row, mut column, mut left) = (start / self.len, start % self.len, count);
        std::iter::from_fn(move || {
            let len = left.min(self.len - column);
            let run = Run { row, column, len };
            (row, column, left) = (row + 1, 0, left - len);
            (len > 0).then_some(run)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_elements_in_order() {
        for (len, offset, first, count) in [
            (16, 0, 0, 0),
            (16, 5, 0, 3),
            (20, 33, 7, 100),
            (384, 0, 384, 768),
        ] {
            let rows = Rows::new(len, offset);
            let mut at = offset as usize % len as usize + first;
            for run in rows.runs(first, count) {
                assert_eq!(
                    (run.row, run.column),
                    (at / len as usize, at % len as usize)
                );
                at += run.len;
            }
            assert_eq!(at, offset as usize % len as usize + first + count);
            assert_eq!(rows.count(first + count), at.div_ceil(len as usize));
        }
    }
}
