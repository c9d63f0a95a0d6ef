//! Real weights: the files that `tests/corpus/fetch` puts into the cache.

use std::env;
use std::path::PathBuf;

use serde_json::Value;

use crate::skip;

/// A file of the corpus.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name in the corpus: a path, with `/`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, as pinned.
    pub sha256: String,
}

/// Every file that the corpus should hold, whether it is there or not.
pub fn files() -> Vec<File> {
    let table: Value = serde_json::from_str(include_str!("../corpus/files.json")).expect("JSON");
    let packaged = list(&table["packaged"]).iter().map(|entry| {
        let name = entry["path"].as_str().expect("a path");
        file(name.to_owned(), entry)
    });
    let derived = list(&table["derived"]).iter().flat_map(|group| {
        let folder = group["folder"].as_str().expect("a folder");
        let in_folder = |entry: &Value| {
            let name = entry["name"].as_str().expect("a name");
            file(format!("{folder}/{name}"), entry)
        };
        list(&group["files"])
            .iter()
            .map(in_folder)
            .collect::<Vec<_>>()
    });
    packaged.chain(derived).collect()
}

/// A file by its name. None, after saying so, when the corpus was not fetched.
///
/// # Panics
/// When there is no such name in the table, and when it was not fetched though `CI=true`.
pub fn get(name: &str) -> Option<File> {
    let file = files().into_iter().find(|file| file.name == name);
    let file = file.unwrap_or_else(|| panic!("the corpus has no {name}"));
    if file.path.is_file() {
        return Some(file);
    }
    skip(&format!("{} was not fetched", file.path.display()));
    None
}

/// Several files, or none of them.
pub fn all<const N: usize>(names: [&str; N]) -> Option<[File; N]> {
    let files: Option<Vec<File>> = names.into_iter().map(get).collect();
    files?.try_into().ok()
}

fn file(name: String, entry: &Value) -> File {
    File {
        path: folder().join(&name),
        size: entry["size"].as_u64().expect("a size"),
        sha256: entry["sha256"].as_str().expect("a SHA-256").to_owned(),
        name,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// Where the files are: the same folder as in `tests/corpus/fetch`.
pub fn folder() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("SHEAF_CORPUS") {
        return folder.into();
    }
    let home = || PathBuf::from(set("HOME").expect("a home folder")).join(".cache");
    set("XDG_CACHE_HOME")
        .map_or_else(home, PathBuf::from)
        .join("sheaf/corpus")
}
