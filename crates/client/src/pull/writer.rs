//! A file that grows from its beginning, hashed as it grows.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::Digest;
use sheaf_formats::ReadAt;
use sheaf_types::Sha256;
use sheaf_types::files::StoredChunk;

use crate::Error;

/// Bytes per read.
const READ_LEN: usize = 1 << 20;

/// The unfinished form of a file. Its bytes are always the file's first.
pub(super) struct Writer {
    part: PathBuf,
    file: File,
    len: u64,
    sha256: sha2::Sha256,
}

impl Writer {
    /// Opens what an earlier pull left, or begins anew.
    pub fn open(part: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(part).map_err(|error| Error::io(part, error))?;
        match file.try_lock() {
            Ok(()) => {}
            // Not every file system has locks: without, two pulls write the same.
            Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::destination(
                    part,
                    "another pull is writing this file",
                ));
            }
        }
        Ok(Self {
            part: part.into(),
            file,
            len: 0,
            sha256: sha2::Sha256::new(),
        })
    }

    /// Keeps the chunks that are there already, up to the first that is not, and says how many.
    pub fn resume(&mut self, chunks: &[StoredChunk]) -> Result<usize, Error> {
        let there = self.file.size();
        let mut kept = 0;
        for chunk in chunks {
            if self.len + chunk.size > there {
                break;
            }
            let raw = self.read(self.len, chunk.size as usize)?;
            if *blake3::hash(&raw).as_bytes() != chunk.id.0 {
                break;
            }
            self.sha256.update(&raw);
            self.len += chunk.size;
            kept += 1;
        }
        self.file
            .set_len(self.len)
            .and_then(|()| self.file.seek(SeekFrom::Start(self.len)))
            .map_err(|error| self.failed(error))?;
        Ok(kept)
    }

    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Adds the file's next bytes.
    pub fn append(&mut self, raw: &[u8]) -> Result<(), Error> {
        let Self { file, sha256, .. } = self;
        let (written, ()) = rayon::join(|| file.write_all(raw), || sha256.update(raw));
        written.map_err(|error| self.failed(error))?;
        self.len += raw.len() as u64;
        Ok(())
    }

    /// Adds bytes that the file has already.
    pub fn repeat(&mut self, from: u64, len: usize) -> Result<(), Error> {
        let raw = self.read(from, len)?;
        // On some systems reading moves the place to write at.
        self.file
            .seek(SeekFrom::Start(self.len))
            .map_err(|error| self.failed(error))?;
        self.append(&raw)
    }

    /// Gives the file its name, if it is the one that was wanted: whole, synced, at once.
    /// Else the unfinished form is taken away, as nothing can come of it.
    pub fn finish(self, name: &Path, sha256: &Sha256) -> Result<(), Error> {
        let found: [u8; 32] = self.sha256.clone().finalize().into();
        if found != sha256.0 {
            let _ = fs::remove_file(&self.part);
            return Err(Error::destination(
                name,
                "what came does not have the SHA-256 that the revision names",
            ));
        }
        self.file
            .sync_all()
            .and_then(|()| fs::rename(&self.part, name))
            .and_then(|()| sync_folder(name))
            .map_err(|error| self.failed(error))
    }

    fn read(&self, from: u64, len: usize) -> Result<Vec<u8>, Error> {
        let mut raw = vec![0; len];
        let read = self.file.read_exact_at(from, &mut raw);
        read.map_err(|error| self.failed(error))?;
        Ok(raw)
    }

    fn failed(&self, error: io::Error) -> Error {
        if matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        ) {
            let reason = "the disk is full; what has come is kept: make room and pull again";
            return Error::destination(&self.part, reason);
        }
        Error::io(&self.part, error)
    }
}

/// A rename is durable when its folder is.
#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}

/// The SHA-256 of a file on disk.
pub(super) fn sha256(path: &Path) -> Result<Sha256, Error> {
    let failed = |error| Error::io(path, error);
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; READ_LEN];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(Sha256(hasher.finalize().into())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use sheaf_types::{BlobId, ChunkId};

    use super::*;

    fn chunk(raw: &[u8]) -> StoredChunk {
        StoredChunk {
            id: ChunkId(*blake3::hash(raw).as_bytes()),
            size: raw.len() as u64,
            blob: BlobId([0; 32]),
            stored_size: 0,
            base: None,
        }
    }

    fn hash(raw: &[u8]) -> Sha256 {
        Sha256(sha2::Sha256::digest(raw).into())
    }

    #[test]
    fn an_interrupted_file_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (part, name) = (folder.path().join("part"), folder.path().join("name"));
        let chunks = [chunk(b"one"), chunk(b"two"), chunk(b"three")];
        // The third is there in part, and something else behind it.
        fs::write(&part, b"onetwothxxxxxxx").unwrap();
        let mut writer = Writer::open(&part).unwrap();
        assert_eq!(writer.resume(&chunks).unwrap(), 2);
        assert_eq!(writer.len(), 6);
        writer.append(b"three").unwrap();
        writer.repeat(0, 3).unwrap();
        writer.finish(&name, &hash(b"onetwothreeone")).unwrap();
        assert_eq!(fs::read(&name).unwrap(), b"onetwothreeone");
        assert!(!part.exists());
    }

    #[test]
    fn what_is_not_the_file_never_gets_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (part, name) = (folder.path().join("part"), folder.path().join("name"));
        fs::write(&name, b"before").unwrap();
        let mut writer = Writer::open(&part).unwrap();
        writer.append(b"other").unwrap();
        assert!(writer.finish(&name, &hash(b"wanted")).is_err());
        assert_eq!(fs::read(&name).unwrap(), b"before");
        assert!(!part.exists());
    }

    #[test]
    fn two_pulls_do_not_write_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("part");
        let _first = Writer::open(&part).unwrap();
        assert!(Writer::open(&part).is_err());
    }

    #[test]
    fn a_file_on_disk_is_hashed_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let bytes = vec![3; 3 << 20];
        fs::write(&path, &bytes).unwrap();
        assert_eq!(sha256(&path).unwrap(), hash(&bytes));
    }
}
