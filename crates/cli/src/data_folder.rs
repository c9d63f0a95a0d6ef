//! The server's data folder: made durably, for one server at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{self, Path, PathBuf};

use anyhow::{Context, bail};

/// Holds the data folder for this process. Dropping it, or the process's end, lets it go.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Makes a folder that only this user may enter, and those above it, and gives its full name. Each
/// is on disk, with its entry in the folder above, when this returns.
pub fn make(folder: &Path) -> anyhow::Result<PathBuf> {
    path::absolute(folder)
        .and_then(|folder| make_below(&folder))
        .and_then(|()| folder.canonicalize())
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

fn make_below(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("/"));
    make_below(above)?;
    private_builder().create(folder)?;
    sync(above)
}

/// Takes the data folder for this process alone.
pub fn lock(data: &Path) -> anyhow::Result<Lock> {
    let path = data.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => bail!(
            "another server uses the data folder {}: stop it, or choose another folder with --data",
            data.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

#[cfg(unix)]
fn private_builder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;

    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_builder() -> DirBuilder {
    DirBuilder::new()
}

/// Brings the entries of a folder to disk.
pub fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        return File::open(folder)?.sync_all();
    }
    // Elsewhere a folder cannot be opened, and its entries need no sync of their own.
    fs::metadata(folder).map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_folder_is_made_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = make(&folder.path().join("a/b")).unwrap();
        let mode = fs::metadata(data).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_second_server_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        let refusal = lock(folder.path()).unwrap_err().to_string();
        assert!(refusal.starts_with("another server uses the data folder"));
        drop(first);
        lock(folder.path()).unwrap();
    }
}
