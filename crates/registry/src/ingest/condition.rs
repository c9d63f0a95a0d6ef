//! What must hold of a file for it to be changed: `If-Match` and `If-None-Match`.

use sheaf_types::Sha256;
use sheaf_types::revisions::TreeEntry;

use crate::{Error, Result};

/// What a change of one file depends on. Nothing, when nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// The file must be like this.
    pub only_if: Option<Matching>,
    /// The file must not be like this.
    pub unless: Option<Matching>,
}

/// How a file may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matching {
    /// There.
    Any,
    /// There, with one of these bytes.
    OneOf(Vec<Sha256>),
}

impl Matching {
    fn holds(&self, file: Option<&TreeEntry>) -> bool {
        match (self, file) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::OneOf(listed), Some(file)) => listed.contains(&file.sha256),
        }
    }
}

impl Condition {
    pub(crate) fn check(&self, file: Option<&TreeEntry>) -> Result<()> {
        let wanted = self.only_if.as_ref().is_none_or(|m| m.holds(file));
        let unwanted = self.unless.as_ref().is_some_and(|m| m.holds(file));
        if wanted && !unwanted {
            return Ok(());
        }
        Err(Error::ConditionFailed)
    }
}
