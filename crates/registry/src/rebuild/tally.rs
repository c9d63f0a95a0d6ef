//! What is told at the end.

use sheaf_types::rebuild::{Problem, Rebuilt};

/// Problems that are told one by one.
const TOLD: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub told: Rebuilt,
}

impl Tally {
    /// Something that costs nothing by itself.
    pub fn note(&mut self, of: impl ToString, what: impl ToString) {
        if self.told.problems.len() == TOLD {
            self.told.more_problems += 1;
            return;
        }
        self.told.problems.push(Problem {
            of: of.to_string(),
            what: what.to_string(),
        });
    }

    /// Something that is not back, or not as it was.
    pub fn lose(&mut self, of: impl ToString, what: impl ToString) {
        self.told.lost += 1;
        self.note(of, what);
    }

    pub fn told(self) -> Rebuilt {
        self.told
    }
}
