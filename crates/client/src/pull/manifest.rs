//! A file's manifest, believed only where it agrees with itself and with the tree.

use std::collections::HashMap;

use sheaf_codec::{MAX_CHUNK_LEN, max_blob_len};
use sheaf_types::ChunkId;
use sheaf_types::files::{FileManifest, StoredChunk};
use sheaf_types::revisions::TreeEntry;

use crate::Error;

/// Where a chunk of a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// From its blob, and its base's if it has one.
    Fetch {
        chunk: StoredChunk,
        base: Option<Box<StoredChunk>>,
    },
    /// From the file itself, where the same chunk came before.
    Repeat { from: u64, len: usize },
}

impl Piece {
    /// Raw bytes, blobs and the base's bytes: all that is in memory at once.
    pub fn memory(&self) -> usize {
        match self {
            Self::Repeat { len, .. } => *len,
            Self::Fetch { chunk, base } => {
                let bytes = |chunk: &StoredChunk| (chunk.size + chunk.stored_size) as usize;
                bytes(chunk) + base.as_deref().map_or(0, bytes)
            }
        }
    }
}

/// Whether a manifest is of the file that the tree names and no length in it is out of bounds.
pub(super) fn check(manifest: &FileManifest, file: &TreeEntry) -> Result<(), Error> {
    if manifest.size != file.size || manifest.sha256 != file.sha256 {
        return Err(Error::corrupt(
            &file.path,
            "its manifest is not of the file that the revision names",
        ));
    }
    let chunks = manifest.chunks.iter().chain(&manifest.bases);
    let bounded = |chunk: &StoredChunk| {
        (1..=MAX_CHUNK_LEN as u64).contains(&chunk.size)
            && chunk.stored_size <= max_blob_len(chunk.size as usize) as u64
    };
    // Bounded, so that the sum does not overflow for any list that fits into memory.
    let all_bounded = chunks.into_iter().all(bounded);
    if !all_bounded || manifest.chunks.iter().map(|chunk| chunk.size).sum::<u64>() != file.size {
        return Err(Error::corrupt(
            &file.path,
            "the sizes in its manifest do not add up",
        ));
    }
    Ok(())
}

/// How to get the chunks from the one of number `first` on.
pub(super) fn pieces(
    manifest: &FileManifest,
    first: usize,
    file: &TreeEntry,
) -> Result<Vec<Piece>, Error> {
    let bases: HashMap<ChunkId, StoredChunk> =
        manifest.bases.iter().map(|base| (base.id, *base)).collect();
    let mut seen = HashMap::new();
    let mut pieces = vec![];
    let mut at = 0;
    for (number, chunk) in manifest.chunks.iter().enumerate() {
        let from = *seen.entry(chunk.id).or_insert(at);
        if number >= first {
            pieces.push(if from < at {
                let len = chunk.size as usize;
                Piece::Repeat { from, len }
            } else {
                fetch(chunk, &bases, file)?
            });
        }
        at += chunk.size;
    }
    Ok(pieces)
}

fn fetch(
    chunk: &StoredChunk,
    bases: &HashMap<ChunkId, StoredChunk>,
    file: &TreeEntry,
) -> Result<Piece, Error> {
    let base = chunk.base.map(|id| bases.get(&id));
    match base {
        // A base is never a delta itself.
        Some(None | Some(StoredChunk { base: Some(_), .. })) => Err(Error::corrupt(
            &file.path,
            "its manifest lacks the base of a chunk",
        )),
        base => Ok(Piece::Fetch {
            chunk: *chunk,
            base: base.flatten().map(|base| Box::new(*base)),
        }),
    }
}

#[cfg(test)]
mod tests {
    use sheaf_types::{BlobId, RevisionId, Sha256};

    use super::*;

    fn chunk(id: u8, size: u64, base: Option<u8>) -> StoredChunk {
        StoredChunk {
            id: ChunkId([id; 32]),
            size,
            blob: BlobId([id; 32]),
            stored_size: size,
            base: base.map(|base| ChunkId([base; 32])),
        }
    }

    fn manifest(chunks: Vec<StoredChunk>, bases: Vec<StoredChunk>) -> (FileManifest, TreeEntry) {
        let file = TreeEntry {
            path: "a".parse().unwrap(),
            size: chunks.iter().map(|chunk| chunk.size).sum(),
            sha256: Sha256([0; 32]),
            near_lossless_bits: None,
            pickles: None,
        };
        let manifest = FileManifest {
            revision: RevisionId([0; 20]),
            path: file.path.clone(),
            size: file.size,
            sha256: file.sha256,
            near_lossless: None,
            pickles: None,
            chunks,
            bases,
        };
        (manifest, file)
    }

    #[test]
    fn what_comes_twice_is_fetched_once() {
        let (manifest, file) = manifest(
            vec![chunk(1, 10, None), chunk(2, 5, None), chunk(1, 10, None)],
            vec![],
        );
        let found = pieces(&manifest, 1, &file).unwrap();
        assert!(matches!(found[0], Piece::Fetch { chunk, .. } if chunk.size == 5));
        assert_eq!(found[1], Piece::Repeat { from: 0, len: 10 });
    }

    #[test]
    fn a_delta_comes_with_its_base() {
        let delta = chunk(1, 10, Some(2));
        let (manifest, file) = manifest(vec![delta], vec![chunk(2, 10, None)]);
        let found = pieces(&manifest, 0, &file).unwrap();
        assert!(matches!(&found[0], Piece::Fetch { base: Some(base), .. } if base.id.0[0] == 2));
        assert_eq!(found[0].memory(), 40);
    }

    #[test]
    fn a_delta_without_a_base_or_with_a_delta_as_base_is_refused() {
        for bases in [vec![], vec![chunk(2, 10, Some(3))]] {
            let (manifest, file) = manifest(vec![chunk(1, 10, Some(2))], bases);
            assert!(pieces(&manifest, 0, &file).is_err());
        }
    }

    #[test]
    fn sizes_that_do_not_add_up_are_refused() {
        let (mut manifest, file) = manifest(vec![chunk(1, 10, None)], vec![]);
        assert!(check(&manifest, &file).is_ok());
        manifest.chunks.push(chunk(2, 1, None));
        assert!(check(&manifest, &file).is_err());
        manifest.chunks[1].size = 0;
        assert!(check(&manifest, &file).is_err());
        manifest.chunks[1].size = u64::MAX;
        assert!(check(&manifest, &file).is_err());
    }
}
