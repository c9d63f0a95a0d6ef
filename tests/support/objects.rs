use std::fs;
use std::path::{Path, PathBuf};

/// A file in the object store's folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

/// Every blob in the folder of an object store, however deep, by path; records are none. Empty when there
/// is no such folder yet.
pub fn objects(folder: &Path) -> Vec<Object> {
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<Object>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        // One that went away meanwhile is not there.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if path.ends_with("records") {
            continue;
        }
        if metadata.is_dir() {
            walk(&path, found);
        } else {
            let size = metadata.len();
            found.push(Object { path, size });
        }
    }
}
