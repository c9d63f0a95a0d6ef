//! Text that callers give and the catalog keeps.

use crate::{Error, Result};

/// Refuses what is longer than `limit` bytes, and NUL characters, which not every database can keep.
/// `what` is what the text is, with its article.
pub(crate) fn check_text(what: &'static str, text: &str, limit: usize) -> Result<()> {
    if text.len() > limit {
        let limit = limit as u64;
        return Err(Error::TooLarge { what, limit });
    }
    if text.contains('\0') {
        let reason = format!("{what} has a NUL character: leave it out");
        return Err(Error::Invalid(reason));
    }
    Ok(())
}
