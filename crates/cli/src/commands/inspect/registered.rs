//! What a registry knows of a file, so that its bytes need not be looked at for it.

use serde::Serialize;
use sheaf_types::files::{FileManifest, NearLossless};
use sheaf_types::pickles::PickleVerdict;
use sheaf_types::{FilePath, RepositoryName, RevisionId, Sha256};

/// What a registry knows of a file.
#[derive(Debug, Serialize)]
pub struct Registered {
    pub repository: RepositoryName,
    pub revision: RevisionId,
    pub path: FilePath,
    pub sha256: Sha256,
    /// The bytes of the blobs that hold it, whoever else they belong to.
    pub stored_bytes: u64,
    #[serde(skip)]
    pub near_lossless: Option<NearLossless>,
    #[serde(skip)]
    pub pickles: Option<PickleVerdict>,
}

impl Registered {
    /// What a manifest says.
    pub fn of(repository: RepositoryName, manifest: FileManifest) -> Self {
        Self {
            repository,
            revision: manifest.revision,
            path: manifest.path,
            sha256: manifest.sha256,
            stored_bytes: manifest.chunks.iter().map(|chunk| chunk.stored_size).sum(),
            near_lossless: manifest.near_lossless,
            pickles: manifest.pickles,
        }
    }
}
