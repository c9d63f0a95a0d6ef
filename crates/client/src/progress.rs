use sheaf_types::FilePath;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It went over the wire, or what of it was not there yet.
    Transferred,
    /// It was there already.
    Unchanged,
}

/// Is told how far a push or a pull is, from several threads. Every method may be left out.
pub trait Progress: Send + Sync {
    /// So many files of so many raw bytes are to be looked at.
    fn begin(&self, _files: u64, _raw_bytes: u64) {}
    /// So many more raw bytes are done with, whether they were sent or not.
    fn raw(&self, _bytes: u64) {}
    /// So many more bytes went over the wire.
    fn wire(&self, _bytes: u64) {}
    /// A file was read whole (by a push) or is in its place (by a pull).
    fn file(&self, _path: &FilePath, _outcome: Outcome) {}
    /// All is sent; the server checks and commits.
    fn committing(&self) {}
}

/// For those who do not want to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}
