//! Paths that cannot be in one folder on every system.

use std::collections::HashMap;

use sheaf_types::FilePath;

/// Two paths that differ in case alone, or of which one is a folder of the other.
pub(crate) fn find<'a>(paths: &[&'a FilePath]) -> Option<(&'a FilePath, &'a FilePath)> {
    let mut seen: HashMap<String, &FilePath> = HashMap::with_capacity(paths.len());
    for path in paths {
        match seen.insert(path.case_key(), path) {
            Some(other) if other != *path => return Some((other, path)),
            _ => {}
        }
    }
    paths.iter().find_map(|path| {
        let key = path.case_key();
        let mut folders = key.match_indices('/').map(|(end, _)| &key[..end]);
        let file = folders.find_map(|folder| seen.get(folder))?;
        Some((*file, *path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collide(paths: &[&str]) -> bool {
        let paths: Vec<FilePath> = paths.iter().map(|path| path.parse().unwrap()).collect();
        find(&paths.iter().collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn names_that_differ_in_case_alone_collide() {
        assert!(collide(&["a/README.md", "a/readme.md"]));
        assert!(!collide(&["a/README.md", "b/readme.md", "a/b"]));
    }

    #[test]
    fn a_file_and_a_folder_of_one_name_collide() {
        assert!(collide(&["a/b/c", "A"]));
        assert!(!collide(&["a/b/c", "a/b.c"]));
    }
}
