//! What other files say of one that is pushed: those that are pushed with it, and those that the branch has.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use sheaf_formats::{Chunker, MAX_INDEX_LEN, ReadAt, Told, may_be_index, told};
use sheaf_types::{FilePath, RepositoryName};
use tokio::runtime::Handle;

use super::plan::Plan;
use super::walk::SourceFile;
use crate::Client;

/// How a file is cut, and what people should know of it.
pub(super) struct Cutting {
    pub chunker: Chunker,
    pub by_index: bool,
    pub warning: Option<String>,
}

/// Where to look for indexes.
pub(super) struct Beside {
    /// In the order of their paths.
    files: Arc<Vec<SourceFile>>,
    branch: Option<Branch>,
    /// Indexes of the branch that were fetched.
    fetched: HashMap<FilePath, Vec<u8>>,
}

/// What the branch has and keeps.
struct Branch {
    client: Client,
    name: RepositoryName,
    revision: String,
    indexes: Vec<FilePath>,
    runtime: Handle,
}

impl Beside {
    pub fn new(
        client: &Client,
        name: &RepositoryName,
        files: &Arc<Vec<SourceFile>>,
        plan: &Plan,
    ) -> Self {
        let of = |revision: &sheaf_types::revisions::Revision| Branch {
            client: client.clone(),
            name: name.clone(),
            revision: revision.id.to_string(),
            indexes: indexes(plan, files),
            runtime: Handle::current(),
        };
        Self {
            files: Arc::clone(files),
            branch: plan.revision.as_ref().map(of),
            fetched: HashMap::new(),
        }
    }

    /// How to cut one of the files: by its own bytes or by what another says. An index that cannot be read says
    /// nothing, which is no reason not to push.
    pub fn cutting(&mut self, source: &SourceFile, file: &File) -> io::Result<Cutting> {
        if let Some(chunker) = Chunker::by_own_bytes(file)? {
            return Ok(Cutting::of(chunker));
        }
        let path = &source.path;
        Ok(match self.told(source) {
            Ok(None) => Cutting::of(Chunker::unknown()),
            Ok(Some(told)) => Cutting {
                by_index: true,
                ..Cutting::of(told.chunker())
            },
            Err(error) => Cutting {
                warning: Some(format!(
                    "{path}: no file beside it could be asked for its tensors ({error}): it is \
                     pushed as a file of unknown kind"
                )),
                ..Cutting::of(Chunker::unknown())
            },
        })
    }

    fn told(&mut self, source: &SourceFile) -> io::Result<Option<Told>> {
        let files = Arc::clone(&self.files);
        let pushed = files.iter().filter(|other| other.path != source.path);
        let branch = self.branch.as_ref().map(|branch| branch.indexes.clone());
        let branch = branch.unwrap_or_default();
        let paths = pushed.map(|file| &file.path).chain(&branch);
        let paths = paths.map(FilePath::as_str);
        told(source.path.as_str(), paths, &mut |path| self.open(path))
    }

    fn open(&mut self, path: &str) -> io::Result<Box<dyn ReadAt>> {
        let at = self
            .files
            .binary_search_by(|file| file.path.as_str().cmp(path));
        if let Ok(at) = at {
            return Ok(Box::new(File::open(&self.files[at].on_disk)?));
        }
        let path: FilePath = path.parse().map_err(io::Error::other)?;
        if let Some(bytes) = self.fetched.get(&path) {
            return Ok(Box::new(bytes.clone()));
        }
        let branch = self.branch.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let bytes = branch.fetch(&path)?;
        self.fetched.insert(path, bytes.clone());
        Ok(Box::new(bytes))
    }
}

impl Cutting {
    fn of(chunker: Chunker) -> Self {
        Self {
            chunker,
            by_index: false,
            warning: None,
        }
    }
}

impl Branch {
    fn fetch(&self, path: &FilePath) -> io::Result<Vec<u8>> {
        let bytes = self
            .client
            .bytes(&self.name, &self.revision, path, MAX_INDEX_LEN as usize);
        let bytes = self.runtime.block_on(bytes).map_err(io::Error::other)?;
        Ok(bytes.into())
    }
}

/// What may be an index of what the branch has and keeps as it is.
fn indexes(plan: &Plan, files: &[SourceFile]) -> Vec<FilePath> {
    let kept = plan.head.values().filter(|entry| {
        entry.size <= MAX_INDEX_LEN
            && may_be_index(entry.path.as_str())
            && !plan.delete.contains(&entry.path)
            && files
                .binary_search_by(|file| file.path.cmp(&entry.path))
                .is_err()
    });
    kept.map(|entry| entry.path.clone()).collect()
}
