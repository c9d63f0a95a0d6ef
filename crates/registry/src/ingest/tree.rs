//! The files of a revision to be made: those of its parent, changed.

use std::collections::{BTreeMap, HashMap};

use sheaf_types::FilePath;
use sheaf_types::revisions::TreeEntry;

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

    /// Adds or replaces a file; whether that changes anything.
    pub fn put(&mut self, entry: TreeEntry) -> bool {
        let path = entry.path.clone();
        self.files.insert(path, entry.clone()) != Some(entry)
    }

    pub fn entries(&self) -> impl Iterator<Item = &TreeEntry> {
        self.files.values()
    }

    /// Refuses paths that cannot lie in one folder on every file system: equal but for case, one the
    /// folder of another, or in folders that are equal but for case.
    pub fn check_collisions(&self) -> Result<()> {
        let collide = |a: &FilePath, b: &FilePath| Err(Error::PathsCollide(a.clone(), b.clone()));
        let mut files: HashMap<String, &FilePath> = HashMap::new();
        for path in self.files.keys() {
            if let Some(other) = files.insert(path.case_key(), path) {
                return collide(other, path);
            }
        }
        let mut folders: HashMap<String, (&str, &FilePath)> = HashMap::new();
        for path in self.files.keys() {
            for (at, _) in path.as_str().match_indices('/') {
                let folder = &path.as_str()[..at];
                let key = folder.to_lowercase();
                if let Some(other) = files.get(&key) {
                    return collide(other, path);
                }
                let (spelt, other) = *folders.entry(key).or_insert((folder, path));
                if spelt != folder {
                    return collide(other, path);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sheaf_types::Sha256;

    use super::*;

    fn tree(paths: &[&str]) -> TreeFiles {
        TreeFiles::of(paths.iter().map(|path| TreeEntry {
            path: path.parse().unwrap(),
            size: 0,
            sha256: Sha256([0; 32]),
        }))
    }

    #[test]
    fn what_collides_on_some_file_system_is_refused() {
        for fine in [&["a", "b/a", "b/c/a"][..], &["a.b", "a/b"], &[]] {
            assert!(tree(fine).check_collisions().is_ok(), "{fine:?}");
        }
        for bad in [
            &["a", "A"][..],
            &["a", "a/b"],
            &["A", "a/b"],
            &["a/x", "A/y"],
            &["m/a/x", "m/A/y"],
            &["\u{e4}", "\u{c4}"],
        ] {
            let error = tree(bad).check_collisions().unwrap_err();
            assert!(matches!(error, Error::PathsCollide(..)), "{bad:?}");
        }
    }
}
