//! The files of a revision to be made: those of its parent, changed.

use std::collections::BTreeMap;

use sheaf_types::revisions::TreeEntry;
use sheaf_types::{FilePath, find_collision};

use crate::{Error, Result};

/// A revision's files by path.
#[derive(Debug, Default)]
pub(crate) struct TreeFiles {
    files: BTreeMap<FilePath, TreeEntry>,
}

impl TreeFiles {
    pub fn of(entries: impl IntoIterator<Item = TreeEntry>) -> Self {
        let files = entries.into_iter().map(|e| (e.path.clone(), e)).collect();
        Self { files }
    }

    pub fn get(&self, path: &FilePath) -> Option<&TreeEntry> {
        self.files.get(path)
    }

    /// Takes a file away; whether it was there.
    pub fn delete(&mut self, path: &FilePath) -> bool {
        self.files.remove(path).is_some()
    }

    /// Adds or replaces a file; whether that changes anything. The same bytes change nothing, whatever
    /// else is said of them.
    pub fn put(&mut self, entry: TreeEntry) -> bool {
        let same = self
            .files
            .get(&entry.path)
            .is_some_and(|there| there.size == entry.size && there.sha256 == entry.sha256);
        if !same {
            self.files.insert(entry.path.clone(), entry);
        }
        !same
    }

    pub fn entries(&self) -> impl Iterator<Item = &TreeEntry> {
        self.files.values()
    }

    /// Refuses paths that cannot lie in one folder on every file system.
    pub fn check_collisions(&self) -> Result<()> {
        match find_collision(self.files.keys()) {
            None => Ok(()),
            Some((one, other)) => Err(Error::PathsCollide(one.clone(), other.clone())),
        }
    }
}
