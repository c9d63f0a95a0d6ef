//! Which files a path stands for.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use sheaf_types::FilePath;

use crate::{Error, Filter, pull};

/// A file to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// Where it is.
    pub on_disk: PathBuf,
    /// Where it goes.
    pub path: FilePath,
    /// Its size when it was found.
    pub size: u64,
}

/// The files that a path stands for, in the order of their names: itself, or what is in it and
/// meant by the filter. Links are followed. Fails when there is none.
pub(super) fn walk(source: &Path, filter: &Filter) -> Result<Vec<SourceFile>, Error> {
    let files = find(source, filter)?;
    if files.is_empty() {
        return Err(Error::source(source, "there is no file to push"));
    }
    Ok(files)
}

/// The files that a push of a file or folder would take, in its order; there may be none.
pub fn files_of(source: &Path) -> Result<Vec<PathBuf>, Error> {
    let files = find(source, &Filter::default())?;
    Ok(files.into_iter().map(|file| file.on_disk).collect())
}

fn find(source: &Path, filter: &Filter) -> Result<Vec<SourceFile>, Error> {
    let mut walk = Walk {
        filter,
        inside: vec![],
        files: vec![],
    };
    if metadata(source)?.is_dir() {
        walk.folder(source, "")?;
    } else {
        let name = source.file_name().unwrap_or_default();
        walk.entry(source, &text(source, name.to_str())?)?;
    }
    walk.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.files)
}

struct Walk<'a> {
    filter: &'a Filter,
    /// The folders that the walk is in, without links, to find those that lead back.
    inside: Vec<PathBuf>,
    files: Vec<SourceFile>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Error> {
        let real = fs::canonicalize(folder).map_err(|error| Error::io(folder, error))?;
        if self.inside.contains(&real) {
            return Err(Error::source(
                folder,
                "a link leads back to a folder that it is in",
            ));
        }
        self.inside.push(real);
        for entry in fs::read_dir(folder).map_err(|error| Error::io(folder, error))? {
            let entry = entry.map_err(|error| Error::io(folder, error))?;
            let on_disk = entry.path();
            let name = text(&on_disk, entry.file_name().to_str())?;
            let path = format!("{prefix}{name}");
            if !is_skipped(&path) {
                self.entry(&on_disk, &path)?;
            }
        }
        self.inside.pop();
        Ok(())
    }

    fn entry(&mut self, on_disk: &Path, path: &str) -> Result<(), Error> {
        let metadata = match metadata(on_disk) {
            // What is not meant may lead nowhere.
            Err(_) if path.parse().is_ok_and(|path| !self.filter.matches(&path)) => return Ok(()),
            metadata => metadata?,
        };
        if metadata.is_dir() {
            return self.folder(on_disk, &format!("{path}/"));
        }
        let path: FilePath = path.parse().map_err(|error| {
            Error::source(on_disk, format!("it cannot have this name there: {error}"))
        })?;
        if !self.filter.matches(&path) {
            return Ok(());
        }
        if !metadata.is_file() {
            return Err(Error::source(on_disk, "it is neither a file nor a folder"));
        }
        self.files.push(SourceFile {
            on_disk: on_disk.into(),
            path,
            size: metadata.len(),
        });
        Ok(())
    }
}

fn metadata(path: &Path) -> Result<Metadata, Error> {
    fs::metadata(path).map_err(|error| {
        let is_link = fs::symlink_metadata(path).is_ok();
        if is_link && error.kind() == io::ErrorKind::NotFound {
            Error::source(path, "it is a link that leads nowhere")
        } else {
            Error::io(path, error)
        }
    })
}

fn text(path: &Path, name: Option<&str>) -> Result<String, Error> {
    name.map(str::to_owned)
        .ok_or_else(|| Error::source(path, "its name is not UTF-8"))
}

/// What other tools, or a pull that was interrupted, keep beside the files.
fn is_skipped(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_cache = path == ".cache/huggingface" || path.ends_with("/.cache/huggingface");
    name == ".git" || in_cache || pull::is_part_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn paths(folder: &Path, filter: &Filter) -> Vec<String> {
        let files = walk(folder, filter).unwrap();
        files.iter().map(|file| file.path.to_string()).collect()
    }

    #[test]
    fn a_folder_stands_for_what_is_in_it() {
        let folder = tree(&["b", "a/c", ".git/HEAD", ".cache/huggingface/x", ".hidden"]);
        let found = paths(folder.path(), &Filter::default());
        assert_eq!(found, [".hidden", "a/c", "b"]);
    }

    #[test]
    fn a_file_stands_for_itself() {
        let folder = tree(&["a/model.bin"]);
        let file = folder.path().join("a/model.bin");
        assert_eq!(paths(&file, &Filter::default()), ["model.bin"]);
    }

    #[test]
    fn nothing_to_push_is_an_error() {
        let folder = tree(&["a"]);
        let none = Filter::new(&["*.bin".into()], &[]).unwrap();
        assert!(matches!(
            walk(folder.path(), &none),
            Err(Error::Source { .. })
        ));
        assert!(matches!(
            walk(&folder.path().join("gone"), &Filter::default()),
            Err(Error::Io { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_read_as_what_they_lead_to() {
        let cache = tree(&["blobs/x", "more/y"]);
        let folder = tree(&["a"]);
        for (to, link) in [("blobs/x", "model.bin"), ("more", "folder")] {
            std::os::unix::fs::symlink(cache.path().join(to), folder.path().join(link)).unwrap();
        }
        let found = paths(folder.path(), &Filter::default());
        assert_eq!(found, ["a", "folder/y", "model.bin"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_or_nowhere_are_errors() {
        for to in [".", "gone"] {
            let folder = tree(&["a"]);
            std::os::unix::fs::symlink(folder.path().join(to), folder.path().join("link")).unwrap();
            let error = walk(folder.path(), &Filter::default()).unwrap_err();
            assert!(error.to_string().contains("leads"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_only_when_it_is_meant() {
        let folder = tree(&["a"]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        assert!(walk(folder.path(), &Filter::default()).is_err());
        let without = Filter::new(&[], &["s".into()]).unwrap();
        assert_eq!(paths(folder.path(), &without), ["a"]);
    }
}
