use sheaf_types::{BlobId, ChunkId};

use crate::Error;

/// What every object key begins with.
pub(crate) const PREFIX: &str = "blobs";

/// A key for one write of a blob: `blobs/<2 hex>/<chunk id>.<blob id>.<this write>`. The last part is
/// random, so that a deletion can never hit a later write of the same bytes.
pub fn object_key(chunk: &ChunkId, blob: &BlobId) -> Result<String, Error> {
    let write = random_name()?;
    let first = hex::encode(&chunk.as_bytes()[..1]);
    Ok(format!("{PREFIX}/{first}/{chunk}.{blob}.{write}"))
}

/// A name that nothing else has.
pub(crate) fn random_name() -> Result<String, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(hex::encode(bytes))
}
