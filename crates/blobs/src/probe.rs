//! Whether a store can be used at all, found out before anything depends on it.

use bytes::Bytes;
use futures::TryStreamExt;

use crate::{Blobs, Error, key};

/// Beside the blobs, so that what a server leaves that dies meanwhile is never taken for one.
const PREFIX: &str = "startup-checks";

/// The key of no object.
pub(crate) const NOTHING: &str = "startup-checks/nothing";

/// Writes, lists, reads and deletes a small object.
pub(crate) async fn check(blobs: &Blobs) -> Result<(), Error> {
    let name = key::random_name()?;
    let path = format!("{PREFIX}/{name}");
    blobs.put(&path, Bytes::from(name.clone())).await?;
    let listed = blobs.list_below(&path).try_collect::<Vec<_>>().await;
    let read = blobs.get(&path, 0..name.len() as u64).await;
    // Deleted before the outcome of the others counts.
    blobs.delete(&path).await?;
    listed?;
    match read? == name {
        true => Ok(()),
        false => Err(Error::Unfaithful),
    }
}
