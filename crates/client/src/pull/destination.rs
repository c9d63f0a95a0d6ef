//! Where a file goes, and that nothing is in the way.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use sheaf_types::{FilePath, Sha256};

use crate::Error;

const PART_SUFFIX: &str = ".sheaf-part";
/// Bytes of a file's name that its unfinished form keeps, so that people know it.
const KEPT_OF_NAME: usize = 128;

/// Where a file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its final name.
    pub path: PathBuf,
    /// Its name until it is complete: the same in the next pull of the same content.
    pub part: PathBuf,
    /// The regular file that has the name now.
    pub existing: Option<u64>,
}

/// Makes the folder to pull into.
pub(super) fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))
}

/// Makes the folders that lead to a file, without following links below `folder`.
pub(super) fn place(folder: &Path, file: &FilePath, sha256: &Sha256) -> Result<Place, Error> {
    let mut at = folder.to_owned();
    let (folders, name) = file
        .as_str()
        .rsplit_once('/')
        .unwrap_or(("", file.as_str()));
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        at.push(part);
        make_one(&at)?;
    }
    let path = at.join(name);
    let part = at.join(part_name(file, sha256));
    regular(&part)?;
    Ok(Place {
        existing: regular(&path)?.map(|metadata| metadata.len()),
        path,
        part,
    })
}

fn make_one(folder: &Path) -> Result<(), Error> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Error::io(folder, error));
        }
        _ => {}
    }
    match metadata(folder)? {
        Some(metadata) if metadata.is_dir() => Ok(()),
        Some(metadata) if metadata.is_symlink() => Err(Error::destination(
            folder,
            "this is a link, and a pull follows none: remove it or pull elsewhere",
        )),
        _ => Err(Error::destination(
            folder,
            "a folder must be here, but something else is: remove it or pull elsewhere",
        )),
    }
}

/// The regular file that has a name, if there is one. Whatever else has it is in the way.
fn regular(path: &Path) -> Result<Option<Metadata>, Error> {
    match metadata(path)? {
        Some(metadata) if !metadata.is_file() => Err(Error::destination(
            path,
            "a file must be here, but a folder, a link or a device is: remove it or pull elsewhere",
        )),
        metadata => Ok(metadata),
    }
}

fn metadata(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, error)),
    }
}

/// Hidden, and another for every path and content.
fn part_name(file: &FilePath, sha256: &Sha256) -> String {
    let name = file.file_name();
    let kept = name.floor_char_boundary(KEPT_OF_NAME);
    let mut hasher = blake3::Hasher::new();
    hasher.update(sha256.as_bytes());
    hasher.update(file.as_str().as_bytes());
    let hash = hex::encode(&hasher.finalize().as_bytes()[..8]);
    format!(".{}.{hash}{PART_SUFFIX}", &name[..kept])
}

/// Whether a name is that of a file which a pull did not finish.
pub(crate) fn is_part_name(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(PART_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_in(folder: &Path, file: &str) -> Result<Place, Error> {
        place(folder, &file.parse().unwrap(), &Sha256([7; 32]))
    }

    #[test]
    fn folders_are_made_on_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let place = place_in(folder.path(), "a/b/c.bin").unwrap();
        assert_eq!(place.path, folder.path().join("a/b/c.bin"));
        assert_eq!(place.part.parent(), place.path.parent());
        assert_eq!(place.existing, None);
        fs::write(&place.path, "four").unwrap();
        let again = place_in(folder.path(), "a/b/c.bin").unwrap();
        assert_eq!(again.existing, Some(4));
    }

    #[test]
    fn the_unfinished_name_fits_and_tells_contents_apart() {
        let long = "ü".repeat(127).parse().unwrap();
        let one = part_name(&long, &Sha256([1; 32]));
        assert!(one.len() < 255 && is_part_name(&one));
        assert_ne!(one, part_name(&long, &Sha256([2; 32])));
    }

    #[test]
    fn folders_and_files_are_not_written_over_each_other() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("x")).unwrap();
        fs::write(folder.path().join("y"), "").unwrap();
        for file in ["x", "y/z"] {
            let error = place_in(folder.path(), file).unwrap_err();
            assert!(matches!(error, Error::Destination { .. }), "{file}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_out_of_the_folder() {
        let outside = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        let target = outside.path().join("file");
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, folder.path().join("file")).unwrap();
        for file in ["link/a", "link/a/b", "file"] {
            let error = place_in(folder.path(), file).unwrap_err();
            assert!(matches!(error, Error::Destination { .. }), "{file}");
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }
}
