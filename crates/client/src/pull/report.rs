use std::path::{Path, PathBuf};

use serde::Serialize;
use sheaf_types::files::FileManifest;
use sheaf_types::pickles::PickleState;
use sheaf_types::revisions::{Revision, TreeEntry};
use sheaf_types::{FilePath, RepositoryName};

/// What a pull came to. Bytes are of this pull alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PullReport {
    /// Where it came from.
    pub repository: RepositoryName,
    /// What was pulled.
    pub revision: Revision,
    /// Where it is now.
    pub destination: PathBuf,
    /// Files that were asked for.
    pub files: u64,
    /// Those of them that were there already.
    pub skipped: u64,
    /// The sum of the files' sizes.
    pub raw_bytes: u64,
    /// Raw bytes that were there already, in whole files or in unfinished ones.
    pub reused_bytes: u64,
    /// Bytes of the blobs that were received for the others.
    pub received_bytes: u64,
    /// That many of them straight from the bucket.
    pub direct_bytes: u64,
    /// Files whose pickles are not known to be harmless.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pickles: Vec<PickledFile>,
    /// Files whose weights were rounded before they were pushed, in the order of their paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near_lossless: Vec<NearLosslessFile>,
}

/// A file that is not as its maker had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearLosslessFile {
    /// Which.
    pub path: FilePath,
    /// Its weights are multiples of 2 to minus this.
    pub bits: u8,
}

/// A file whose pickles are not known to be harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PickledFile {
    /// Which.
    pub path: FilePath,
    /// What the server's verdict comes to.
    pub state: PickleState,
    /// Why.
    pub why: String,
}

/// What the pull of one file came to.
#[derive(Debug, Clone)]
pub(super) struct Pulled {
    pub skipped: bool,
    pub raw_bytes: u64,
    pub reused_bytes: u64,
    pub received_bytes: u64,
    pub direct_bytes: u64,
    pub pickles: Option<PickledFile>,
}

impl PickledFile {
    /// What is to be said of a file, if anything is.
    pub(super) fn of(manifest: &FileManifest) -> Option<PickledFile> {
        let verdict = manifest.pickles.as_ref()?;
        (verdict.state != PickleState::Clean).then(|| PickledFile {
            path: manifest.path.clone(),
            state: verdict.state,
            why: verdict.why.clone(),
        })
    }
}

impl Pulled {
    pub fn skipped(size: u64) -> Self {
        Self {
            skipped: true,
            raw_bytes: size,
            reused_bytes: size,
            received_bytes: 0,
            direct_bytes: 0,
            pickles: None,
        }
    }
}

impl PullReport {
    pub(super) fn new(
        name: &RepositoryName,
        revision: Revision,
        files: &[TreeEntry],
        destination: &Path,
    ) -> Self {
        let rounded = |file: &TreeEntry| {
            Some(NearLosslessFile {
                path: file.path.clone(),
                bits: file.near_lossless_bits?,
            })
        };
        Self {
            repository: name.clone(),
            revision,
            destination: destination.into(),
            files: 0,
            skipped: 0,
            raw_bytes: 0,
            reused_bytes: 0,
            received_bytes: 0,
            direct_bytes: 0,
            pickles: vec![],
            near_lossless: files.iter().filter_map(rounded).collect(),
        }
    }

    pub(super) fn add(&mut self, file: Pulled) {
        self.files += 1;
        self.skipped += u64::from(file.skipped);
        self.raw_bytes += file.raw_bytes;
        self.reused_bytes += file.reused_bytes;
        self.received_bytes += file.received_bytes;
        self.direct_bytes += file.direct_bytes;
        self.pickles.extend(file.pickles);
    }
}
