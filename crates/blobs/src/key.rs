use std::ops::Range;
use std::str::FromStr;

use sheaf_types::{BlobId, ChunkId};

use crate::Error;

/// What the key of every blob begins with.
pub(crate) const PREFIX: &str = "blobs";

/// A key for one write of a blob: `blobs/<2 hex>/<chunk id>.<blob id>.<this write>`. The last part is
/// random, so that a deletion can never hit a later write of the same bytes.
pub fn object_key(chunk: &ChunkId, blob: &BlobId) -> Result<String, Error> {
    let write = random_name()?;
    let first = hex::encode(&chunk.as_bytes()[..1]);
    Ok(format!("{PREFIX}/{first}/{chunk}.{blob}.{write}"))
}

/// Between which keys those of chunks are whose id begins with this byte.
pub fn folder_keys(first: u8) -> Range<String> {
    // What comes after a slash.
    format!("{PREFIX}/{first:02x}/")..format!("{PREFIX}/{first:02x}0")
}

/// What the key of a blob says: of which chunk, and which blob. `None` when it is none.
pub fn read_object_key(key: &str) -> Option<(ChunkId, BlobId)> {
    let mut parts = key.rsplit('/').next()?.splitn(3, '.');
    let chunk = ChunkId::from_str(parts.next()?).ok()?;
    let blob = BlobId::from_str(parts.next()?).ok()?;
    let write = parts.next()?;
    let random = write.len() == 16 && write.bytes().all(|b| b.is_ascii_hexdigit());
    let first = hex::encode(&chunk.as_bytes()[..1]);
    (random && key == format!("{PREFIX}/{first}/{chunk}.{blob}.{write}")).then_some((chunk, blob))
}

/// A name that nothing else has.
pub(crate) fn random_name() -> Result<String, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_it_is() {
        let (chunk, blob) = (ChunkId([0xab; 32]), BlobId([3; 32]));
        let key = object_key(&chunk, &blob).unwrap();
        assert_eq!(read_object_key(&key), Some((chunk, blob)));
        for wrong in [
            key.replace("blobs/ab", "blobs/ac"),
            key.replace("blobs", "records"),
            format!("{key}0"),
            format!("x/{key}"),
            key[..key.len() - 17].to_owned(),
            "blobs/ab/model.bin".to_owned(),
            String::new(),
        ] {
            assert_eq!(read_object_key(&wrong), None, "{wrong}");
        }
        assert!(folder_keys(0xab).contains(&key));
        assert!(!folder_keys(0xac).contains(&key) && !folder_keys(0xaa).contains(&key));
    }
}
