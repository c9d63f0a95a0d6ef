//! A note on this machine of an upload under way, by which the next push of the same source goes on
//! with it. Only by this: the server's list does not tell an upload that was left from one that
//! another push is sending to right now.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use sheaf_types::{RefName, RepositoryName, UploadId};

/// The note of one source and destination, locked. Without it a push works too, from the start.
pub(super) struct Note(Option<(PathBuf, File)>);

impl Note {
    /// Opens the note, unless it cannot be written or another push of the same has it.
    pub fn open(folder: Option<&Path>, source: &Path, to: &RepositoryName, on: &RefName) -> Self {
        let open = |folder: &Path| {
            fs::create_dir_all(folder)?;
            let path = folder.join(file_name(&fs::canonicalize(source)?, to, on));
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&path)?;
            file.try_lock()?;
            Ok::<_, io::Error>((path, file))
        };
        Self(folder.and_then(|folder| open(folder).ok()))
    }

    /// The upload that was noted.
    pub fn read(&self) -> Option<UploadId> {
        let (_, file) = self.0.as_ref()?;
        let mut text = String::new();
        let mut file = file;
        file.read_to_string(&mut text).ok()?;
        text.parse().ok()
    }

    /// Notes an upload instead of what was noted.
    pub fn write(&self, upload: UploadId) {
        let write = |mut file: &File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(upload.to_string().as_bytes())
        };
        if let Some((_, file)) = &self.0 {
            // At worst the next push begins anew.
            let _ = write(file);
        }
    }

    /// Takes the note away: the upload is done.
    pub fn remove(self) {
        if let Some((path, _)) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// Not of the server's address, which may change between two starts.
fn file_name(source: &Path, to: &RepositoryName, on: &RefName) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [&to.key(), on.as_str(), &source.to_string_lossy()] {
        hasher.update(part.as_bytes()).update(b"\0");
    }
    hex::encode(&hasher.finalize().as_bytes()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path, to: &str) -> Note {
        Note::open(Some(folder), folder, &to.parse().unwrap(), &RefName::main())
    }

    #[test]
    fn a_note_is_of_one_source_and_destination() {
        let folder = tempfile::tempdir().unwrap();
        let id = UploadId([7; 16]);
        let first = open(folder.path(), "a/b");
        assert_eq!(first.read(), None);
        first.write(UploadId([1; 16]));
        first.write(id);
        drop(first);
        assert_eq!(open(folder.path(), "A/B").read(), Some(id));
        assert_eq!(open(folder.path(), "a/c").read(), None);
        open(folder.path(), "a/b").remove();
        assert_eq!(open(folder.path(), "a/b").read(), None);
    }

    #[test]
    fn what_another_push_works_on_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), "a/b");
        first.write(UploadId([7; 16]));
        assert_eq!(open(folder.path(), "a/b").read(), None);
    }

    #[test]
    fn without_a_folder_nothing_is_noted() {
        let (name, main) = ("a/b".parse().unwrap(), RefName::main());
        let note = Note::open(None, Path::new("."), &name, &main);
        note.write(UploadId([7; 16]));
        assert_eq!(note.read(), None);
        note.remove();
    }
}
