//! Paths that cannot be in one folder on every system.

use std::collections::HashMap;

use crate::FilePath;

/// Two paths of which one is the other but for case, or a folder of the other, or which lie in
/// folders that are equal but for case. A path that is named twice collides with nothing.
pub fn find_collision<'a>(
    paths: impl Iterator<Item = &'a FilePath> + Clone,
) -> Option<(&'a FilePath, &'a FilePath)> {
    let mut files: HashMap<String, &FilePath> = HashMap::new();
    for path in paths.clone() {
        match files.insert(path.case_key(), path) {
            Some(other) if other != path => return Some((other, path)),
            _ => {}
        }
    }
    let mut folders: HashMap<String, (&str, &FilePath)> = HashMap::new();
    for path in paths {
        for (at, _) in path.as_str().match_indices('/') {
            let folder = &path.as_str()[..at];
            let key = folder.to_lowercase();
            if let Some(other) = files.get(&key) {
                return Some((other, path));
            }
            let (spelt, other) = *folders.entry(key).or_insert((folder, path));
            if spelt != folder {
                return Some((other, path));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_collides_on_some_system_is_found() {
        let collide = |paths: &[&str]| {
            let paths: Vec<FilePath> = paths.iter().map(|path| path.parse().unwrap()).collect();
            find_collision(paths.iter()).is_some()
        };
        for fine in [
            &["a", "b/a", "b/c/a"][..],
            &["a.b", "a/b"],
            &["a/README.md", "b/readme.md"],
            &["a", "a"],
            &[],
        ] {
            assert!(!collide(fine), "{fine:?}");
        }
        for bad in [
            &["a", "A"][..],
            &["a/README.md", "a/readme.md"],
            &["a", "a/b"],
            &["a/b/c", "A"],
            &["a/x", "A/y"],
            &["m/a/x", "m/A/y"],
            &["\u{e4}", "\u{c4}"],
        ] {
            assert!(collide(bad), "{bad:?}");
        }
    }
}
