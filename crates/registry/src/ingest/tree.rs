//! The files of a revision to be made: those of its parent, changed.

use std::collections::{BTreeMap, HashMap};

use sheaf_catalog::{FileContent, FileRow, RevisionFile};
use sheaf_types::FilePath;
use sheaf_types::revisions::TreeEntry;

use crate::{Error, Result};

/// A file of a revision to be made: what is shown of it, and its bytes.
#[derive(Debug, Clone)]
pub(crate) struct TreeFile {
    pub entry: TreeEntry,
    pub content: FileContent,
}

/// A revision's files by path.
#[derive(Debug, Default)]
pub(crate) struct TreeFiles {
    files: BTreeMap<FilePath, TreeFile>,
}

impl TreeFiles {
    pub fn of(rows: Vec<FileRow>) -> Self {
        let file = |row: FileRow| {
            let path = row.entry.path.clone();
            let content = FileContent::Known(row.content);
            let entry = row.entry;
            (path, TreeFile { entry, content })
        };
        Self {
            files: rows.into_iter().map(file).collect(),
        }
    }

    pub fn delete(&mut self, path: &FilePath) -> bool {
        self.files.remove(path).is_some()
    }

    /// Adds or replaces a file; whether that changes anything.
    pub fn put(&mut self, file: TreeFile) -> bool {
        if let Some(old) = self.files.get(&file.entry.path)
            && old.entry == file.entry
        {
            return false;
        }
        self.files.insert(file.entry.path.clone(), file);
        true
    }

    pub fn entries(&self) -> impl Iterator<Item = &TreeEntry> {
        self.files.values().map(|file| &file.entry)
    }

    pub fn into_files(self) -> Vec<RevisionFile> {
        let file = |(path, file): (FilePath, TreeFile)| RevisionFile {
            path,
            content: file.content,
        };
        self.files.into_iter().map(file).collect()
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
        let mut tree = TreeFiles::default();
        for path in paths {
            tree.put(TreeFile {
                entry: TreeEntry {
                    path: path.parse().unwrap(),
                    size: 0,
                    sha256: Sha256([0; 32]),
                },
                content: FileContent::Verified {
                    sha256: Sha256([0; 32]),
                    size: 0,
                    list: [0; 32],
                    chunks: vec![],
                },
            });
        }
        tree
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
