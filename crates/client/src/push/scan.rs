//! Reads the files once, from the first byte to the last, into chunks and hashes.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use sha2::Digest;
use sheaf_codec::max_blob_len;
use sheaf_formats::Chunk;
use sheaf_formats::near_lossless::Bits;
use sheaf_types::files::{ChunkRef, NearLossless};
use sheaf_types::revisions::TreeEntry;
use sheaf_types::uploads::NewFile;
use sheaf_types::{ChunkId, FilePath, Sha256};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::beside::Beside;
use super::rounded::Bytes;
use super::walk::SourceFile;
use crate::budget::{Budget, Reserved};
use crate::uploads::MAX_ASKED;
use crate::{Error, Outcome, Progress};

/// Bytes per read.
const READ_LEN: usize = 1 << 20;
/// A question to the server goes out when it has so many chunks, or so many raw bytes.
const BATCH_CHUNKS: usize = 256;
const BATCH_BYTES: usize = 64 << 20;
const _: () = assert!(BATCH_CHUNKS <= MAX_ASKED);

/// A chunk that waits for the server to say whether it is needed.
pub(super) struct Held {
    pub id: ChunkId,
    pub chunk: Chunk,
    /// For the chunk and for what it will be encoded to.
    pub memory: Reserved,
}

impl Held {
    pub fn reference(&self) -> ChunkRef {
        reference(self.id, &self.chunk)
    }
}

/// A file that was read.
pub(super) struct Scanned {
    pub file: NewFile,
    /// The branch holds the same already.
    pub unchanged: bool,
    /// What did not go as one would think.
    pub warning: Option<String>,
}

/// Reads files and hands out each distinct chunk once.
pub(super) struct Scanner {
    budget: Budget,
    near_lossless: Option<Bits>,
    head: Arc<HashMap<FilePath, TreeEntry>>,
    beside: Beside,
    batches: mpsc::Sender<Vec<Held>>,
    progress: Arc<dyn Progress>,
    runtime: Handle,
    batch: Vec<Held>,
    batch_bytes: usize,
    asked: HashSet<ChunkId>,
}

impl Scanner {
    pub fn new(
        budget: Budget,
        near_lossless: Option<Bits>,
        head: Arc<HashMap<FilePath, TreeEntry>>,
        beside: Beside,
        batches: mpsc::Sender<Vec<Held>>,
        progress: Arc<dyn Progress>,
    ) -> Self {
        Self {
            budget,
            near_lossless,
            head,
            beside,
            batches,
            progress,
            runtime: Handle::current(),
            batch: vec![],
            batch_bytes: 0,
            asked: HashSet::new(),
        }
    }

    /// Reads all the files. Blocks: on the disk, on memory, and on whoever takes the batches.
    pub fn scan(mut self, files: &[SourceFile]) -> Result<Vec<Scanned>, Error> {
        let scanned = files.iter().map(|file| self.file(file)).collect();
        self.flush();
        scanned
    }

    fn file(&mut self, source: &SourceFile) -> Result<Scanned, Error> {
        let (file, warning) = self.read(source)?;
        let unchanged = self
            .head
            .get(&file.path)
            .is_some_and(|head| head.size == file.size && head.sha256 == file.sha256);
        let outcome = if unchanged {
            Outcome::Unchanged
        } else {
            Outcome::Transferred
        };
        self.progress.file(&file.path, outcome);
        Ok(Scanned {
            file,
            unchanged,
            warning,
        })
    }

    fn read(&mut self, source: &SourceFile) -> Result<(NewFile, Option<String>), Error> {
        let failed = |error| Error::io(&source.on_disk, error);
        let file = File::open(&source.on_disk).map_err(failed)?;
        let before = file.metadata().map_err(failed)?;
        let mut cutting = self.beside.cutting(source, &file).map_err(failed)?;
        if self.near_lossless.is_some() && cutting.by_index {
            cutting.warning = Some(format!(
                "{}: it is not rounded: what its tensors are is in another file",
                source.path
            ));
        }
        let mut chunker = cutting.chunker;
        let mut bytes = Bytes::of(&file, self.near_lossless).map_err(failed)?;
        let mut reading = Reading::default();
        let mut buffer = vec![0; READ_LEN];
        let mut chunks = vec![];
        loop {
            let read = bytes.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            chunker.push(&buffer[..read], &mut |chunk| chunks.push(chunk));
            self.take(&mut reading, &mut chunks);
            if self.batches.is_closed() {
                // Sending has failed, and says why.
                return Err(Error::source(&source.on_disk, "the push was stopped"));
            }
        }
        chunker.finish(&mut |chunk| chunks.push(chunk));
        self.take(&mut reading, &mut chunks);
        let after = file.metadata().map_err(failed)?;
        if reading.size != before.len() || before.modified().ok() != after.modified().ok() {
            return Err(Error::source(
                &source.on_disk,
                "it was changed while it was read",
            ));
        }
        let file = reading.done(&source.path, bytes.done());
        Ok((file, cutting.warning))
    }

    fn take(&mut self, reading: &mut Reading, chunks: &mut Vec<Chunk>) {
        for chunk in chunks.drain(..) {
            let id = reading.add(&chunk);
            if self.asked.insert(id) {
                self.hold(id, chunk);
            } else {
                self.progress.raw(chunk.raw.len() as u64);
            }
        }
    }

    /// Keeps a chunk until the server was asked about it.
    fn hold(&mut self, id: ChunkId, chunk: Chunk) {
        let len = chunk.raw.len();
        let memory = self.reserve(len + max_blob_len(len));
        self.batch_bytes += len;
        self.batch.push(Held { id, chunk, memory });
        if self.batch.len() == BATCH_CHUNKS || self.batch_bytes >= BATCH_BYTES {
            self.flush();
        }
    }

    fn reserve(&mut self, bytes: usize) -> Reserved {
        if let Some(reserved) = self.budget.try_reserve(bytes) {
            return reserved;
        }
        // What waits here holds memory too, and comes free only when it was asked about.
        self.flush();
        self.runtime.block_on(self.budget.reserve(bytes))
    }

    fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if !batch.is_empty() {
            // Refused when sending has failed: the next read finds that out.
            let _ = self.batches.blocking_send(batch);
        }
    }
}

/// What is known of a file so far.
#[derive(Default)]
struct Reading {
    size: u64,
    sha256: sha2::Sha256,
    chunks: Vec<ChunkRef>,
}

impl Reading {
    /// Chunks come in the order of their bytes, so that the file is hashed along with them.
    fn add(&mut self, chunk: &Chunk) -> ChunkId {
        let (hash, ()) = rayon::join(
            || blake3::hash(&chunk.raw),
            || self.sha256.update(&chunk.raw),
        );
        let id = ChunkId(*hash.as_bytes());
        self.size += chunk.raw.len() as u64;
        self.chunks.push(reference(id, chunk));
        id
    }

    fn done(self, path: &FilePath, near_lossless: Option<NearLossless>) -> NewFile {
        NewFile {
            path: path.clone(),
            size: self.size,
            sha256: Sha256(self.sha256.finalize().into()),
            near_lossless,
            chunks: self.chunks,
        }
    }
}

fn reference(id: ChunkId, chunk: &Chunk) -> ChunkRef {
    ChunkRef {
        id,
        size: chunk.raw.len() as u64,
    }
}
