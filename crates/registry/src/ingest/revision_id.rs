//! What names a revision.

use sheaf_types::revisions::TreeEntry;
use sheaf_types::{RevisionId, Sha256};

/// The first 20 bytes of the BLAKE3 of parent, message, time and each file's path, size and SHA-256.
/// Never of chunks, so that storing otherwise changes no id. Texts go in with their lengths, so that
/// no two revisions are written alike.
pub(crate) fn revision_id<'a>(
    parent: Option<RevisionId>,
    message: &str,
    created_at: jiff::Timestamp,
    files: impl Iterator<Item = &'a TreeEntry>,
) -> RevisionId {
    let mut hasher = blake3::Hasher::new_derive_key("sheaf revision 1");
    match parent {
        Some(parent) => hasher.update(&[1]).update(parent.as_bytes()),
        None => hasher.update(&[0]),
    };
    text(&mut hasher, message);
    hasher.update(&created_at.as_microsecond().to_le_bytes());
    for file in files {
        text(&mut hasher, file.path.as_str());
        hasher.update(&file.size.to_le_bytes());
        hasher.update(file.sha256.as_bytes());
    }
    let mut id = [0; 20];
    hasher.finalize_xof().fill(&mut id);
    RevisionId(id)
}

/// What names a list of chunks: the BLAKE3 of their ids and sizes, and of the file's SHA-256.
pub(crate) fn list_id(sha256: &Sha256, chunks: &[sheaf_types::files::ChunkRef]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("sheaf list of chunks 1");
    hasher.update(sha256.as_bytes());
    for chunk in chunks {
        hasher.update(chunk.id.as_bytes());
        hasher.update(&chunk.size.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

fn text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn entry(path: &str) -> TreeEntry {
        TreeEntry {
            path: path.parse().unwrap(),
            size: 3,
            sha256: Sha256([7; 32]),
            near_lossless_bits: None,
            pickles: None,
        }
    }

    #[test]
    fn an_id_depends_on_all_that_a_revision_says() {
        let time = Timestamp::from_microsecond(1).unwrap();
        let parent = Some(RevisionId([1; 20]));
        let files = [entry("a"), entry("b")];
        let ids = [
            revision_id(None, "m", time, files.iter()),
            revision_id(parent, "m", time, files.iter()),
            revision_id(None, "n", time, files.iter()),
            revision_id(None, "m", Timestamp::UNIX_EPOCH, files.iter()),
            revision_id(None, "m", time, files[..1].iter()),
            revision_id(None, "ma", time, files.iter()),
        ];
        for (i, id) in ids.iter().enumerate() {
            assert!(!ids[..i].contains(id), "{i}");
        }
        assert_eq!(ids[0], revision_id(None, "m", time, files.iter()));
    }
}
