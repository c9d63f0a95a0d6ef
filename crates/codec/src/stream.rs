//! One file as one self-contained stream: its chunks' blobs in order, then its size and SHA-256.
//!
//! Whoever writes one puts [`HEAD`], then for each chunk [`blob_prefix`] and its standalone blob,
//! then [`NearLossless::record`] where the file was changed before, then [`end`]. [`Reader`] takes it
//! apart again, whatever it is.

mod near_lossless;

pub use near_lossless::{NearLossless, RoundedTensor};

use crate::{MAX_CHUNK_LEN, max_blob_len};

const MAGIC: [u8; 4] = [0x8f, 0x53, 0x68, 0x46];
const VERSION: u8 = 2;
/// Which says nothing of what was changed before.
const FIRST_VERSION: u8 = 1;
const KIND_END: u8 = 0;
const KIND_BLOB: u8 = 1;
const KIND_NEAR_LOSSLESS: u8 = 2;
/// Bytes of an end record after its kind: the size and the SHA-256.
const END_LEN: usize = 8 + 32;

/// What a stream begins with: magic and version.
pub const HEAD: [u8; 5] = [MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], VERSION];

/// Whether bytes are what a stream begins with.
pub fn is_head(head: &[u8; 5]) -> bool {
    after_head(head).is_ok()
}

/// The most bytes that a blob of a stream may have.
pub const MAX_BLOB_LEN: usize = max_blob_len(MAX_CHUNK_LEN);

/// What comes before a blob of `len` bytes, at most [`MAX_BLOB_LEN`].
pub const fn blob_prefix(len: u32) -> [u8; 5] {
    let [a, b, c, d] = len.to_le_bytes();
    [KIND_BLOB, a, b, c, d]
}

/// What comes after the last blob: the file's size in bytes and its SHA-256.
pub fn end(size: u64, sha256: [u8; 32]) -> [u8; 1 + END_LEN] {
    let mut record = [0; 1 + END_LEN];
    record[0] = KIND_END;
    record[1..9].copy_from_slice(&size.to_le_bytes());
    record[9..].copy_from_slice(&sha256);
    record
}

/// The bytes of the whole stream that holds so many blobs of so many bytes together.
pub const fn stream_len(blobs: u64, blob_bytes: u64) -> u64 {
    let prefix = blob_prefix(0).len() as u64;
    (HEAD.len() + 1 + END_LEN) as u64 + blobs * prefix + blob_bytes
}

/// A part of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// The next chunk's blob, of which nothing but the length was checked: [`decode`](crate::decode)
    /// it, without a base.
    Blob(Vec<u8>),
    /// What was done to the file before. Comes after the last blob.
    NearLossless(NearLossless),
    /// The stream's end: what the file must be.
    End {
        /// The file's bytes.
        size: u64,
        /// The file's SHA-256.
        sha256: [u8; 32],
    },
}

/// Why bytes are no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not begin as a stream does.
    #[error("not a sheaf stream")]
    Magic,
    /// Made by a later version of the format.
    #[error("the stream is of format version {0}, which this program does not know: update it")]
    Version(u8),
    /// Neither a blob nor the end.
    #[error("the stream is corrupt: no record is of kind {0}")]
    Kind(u8),
    /// No blob is so long.
    #[error("the stream is corrupt: a blob of {0} bytes")]
    BlobLen(u32),
    /// What says how the file was changed makes no sense.
    #[error("the stream is corrupt: how its file was changed cannot be read")]
    NearLossless,
    /// Bytes follow the end record.
    #[error("the stream is corrupt: it goes on after its end")]
    AfterEnd,
    /// It stops before its end record.
    #[error("the stream is cut short")]
    Truncated,
}

/// Takes a stream apart as its bytes come. Holds at most one blob, and not more of it than came.
#[derive(Debug, Default)]
pub struct Reader {
    expected: Expected,
    /// The bytes that came of what is expected.
    gathered: Vec<u8>,
}

/// What comes next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Expected {
    #[default]
    Head,
    Kind,
    BlobLen,
    Blob(usize),
    NearLosslessLen,
    NearLossless(usize),
    /// The kind of the last record.
    LastKind,
    End,
    Nothing,
}

impl Expected {
    fn len(self) -> usize {
        match self {
            Expected::Head => HEAD.len(),
            Expected::Kind | Expected::LastKind => 1,
            Expected::BlobLen | Expected::NearLosslessLen => 4,
            Expected::Blob(len) | Expected::NearLossless(len) => len,
            Expected::End => END_LEN,
            Expected::Nothing => 0,
        }
    }
}

impl Reader {
    /// A reader of a stream from its first byte on.
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Takes bytes from the front of `input` up to the end of the next record; `None` when all were
    /// taken before that. After an error the reader is of no use.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Record>, Error> {
        loop {
            if self.expected == Expected::Nothing {
                return if input.is_empty() {
                    Ok(None)
                } else {
                    Err(Error::AfterEnd)
                };
            }
            if !self.gather(input) {
                return Ok(None);
            }
            if let Some(record) = self.advance()? {
                return Ok(Some(record));
            }
        }
    }

    /// To be called when there are no more bytes: whether the stream is whole.
    pub fn finish(self) -> Result<(), Error> {
        match self.expected {
            Expected::Nothing => Ok(()),
            Expected::Head if !MAGIC.starts_with(&self.gathered) => Err(Error::Magic),
            _ => Err(Error::Truncated),
        }
    }

    /// Moves bytes from `input` until what is expected is complete; says whether it is.
    fn gather(&mut self, input: &mut &[u8]) -> bool {
        let missing = self.expected.len() - self.gathered.len();
        let (now, later) = input.split_at(missing.min(input.len()));
        self.gathered.extend_from_slice(now);
        *input = later;
        now.len() == missing
    }

    /// Takes what is complete, and looks to what follows.
    fn advance(&mut self) -> Result<Option<Record>, Error> {
        let bytes = std::mem::take(&mut self.gathered);
        let mut record = None;
        self.expected = match self.expected {
            Expected::Head => after_head(&bytes)?,
            Expected::Kind => after_kind(number(&bytes) as u8)?,
            Expected::LastKind => after_last_kind(number(&bytes) as u8)?,
            Expected::BlobLen => after_blob_len(number(&bytes) as u32)?,
            Expected::Blob(_) => {
                record = Some(Record::Blob(bytes));
                Expected::Kind
            }
            Expected::NearLosslessLen => after_near_lossless_len(number(&bytes) as usize)?,
            Expected::NearLossless(_) => {
                record = Some(Record::NearLossless(NearLossless::read(&bytes)?));
                Expected::LastKind
            }
            Expected::End => {
                let mut sha256 = [0; 32];
                sha256.copy_from_slice(&bytes[8..]);
                let size = number(&bytes[..8]);
                record = Some(Record::End { size, sha256 });
                Expected::Nothing
            }
            Expected::Nothing => Expected::Nothing,
        };
        Ok(record)
    }
}

fn after_head(head: &[u8]) -> Result<Expected, Error> {
    match head.strip_prefix(&MAGIC) {
        Some(&[FIRST_VERSION | VERSION]) => Ok(Expected::Kind),
        Some(&[version]) => Err(Error::Version(version)),
        _ => Err(Error::Magic),
    }
}

fn after_kind(kind: u8) -> Result<Expected, Error> {
    match kind {
        KIND_BLOB => Ok(Expected::BlobLen),
        KIND_NEAR_LOSSLESS => Ok(Expected::NearLosslessLen),
        kind => after_last_kind(kind),
    }
}

fn after_last_kind(kind: u8) -> Result<Expected, Error> {
    match kind {
        KIND_END => Ok(Expected::End),
        kind => Err(Error::Kind(kind)),
    }
}

fn after_near_lossless_len(len: usize) -> Result<Expected, Error> {
    match len {
        len if len <= near_lossless::MAX_LEN => Ok(Expected::NearLossless(len)),
        _ => Err(Error::NearLossless),
    }
}

fn after_blob_len(len: u32) -> Result<Expected, Error> {
    match len as usize {
        bytes if bytes <= MAX_BLOB_LEN => Ok(Expected::Blob(bytes)),
        _ => Err(Error::BlobLen(len)),
    }
}

/// A little-endian number of at most 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
