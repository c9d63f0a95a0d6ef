//! A folder as object store.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use object_store::local::LocalFileSystem;
use sheaf_types::records;

use crate::Error;
use crate::key::PREFIX;

/// Opens a folder, makes it when it is missing. What is put into it is synced, file and folder.
pub(crate) fn open(path: &Path) -> Result<LocalFileSystem, Error> {
    let wrap = |source| Error::Folder {
        path: path.display().to_string(),
        source,
    };
    make(path).map_err(wrap)?;
    let store = LocalFileSystem::new_with_prefix(path).map_err(Error::of_folder)?;
    Ok(store.with_fsync(true).with_automatic_cleanup(false))
}

/// Whether the folder is there: one on another machine can go away.
pub(crate) async fn check(folder: &Path) -> Result<(), Error> {
    let path = folder.join(PREFIX);
    match tokio::fs::metadata(&path).await {
        Ok(_) => Ok(()),
        Err(source) => Err(Error::Folder {
            path: path.display().to_string(),
            source,
        }),
    }
}

/// Deletes what is left of a write to a key that was cut off: an object gets its name when it is whole,
/// until then it has this one. A key belongs to one write, so there is no second.
pub(crate) async fn delete_unfinished(folder: &Path, key: &str) -> Result<(), Error> {
    let path = folder.join(format!("{key}#1"));
    match tokio::fs::remove_file(&path).await {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Folder {
            path: path.display().to_string(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Makes the folders that objects go into, 256 of each kind, durably. Were they made by the first put that
/// needs them, another put at the same time could be answered before that folder's own entry is on disk.
fn make(path: &Path) -> io::Result<()> {
    for kind in [PREFIX, records::PREFIX] {
        let above = path.join(kind);
        fs::create_dir_all(&above)?;
        for first in 0..=u8::MAX {
            fs::create_dir_all(above.join(format!("{first:02x}")))?;
        }
        sync_dir(&above)?;
    }
    sync_dir(path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    File::open(path)?.sync_all()
}

/// A folder cannot be opened to be synced here.
#[cfg(not(unix))]
fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}
