//! A copy of the catalog, for an administrator to keep.

use std::path::Path;

use crate::{Error, Result};

/// Copies the catalog at a URL into an empty file, as it is at one moment. Servers may go on meanwhile.
pub async fn back_up_catalog(url: &str, into: &Path) -> Result<()> {
    let done = sheaf_catalog::back_up(url, into).await;
    done.map_err(Error::internal)
}
