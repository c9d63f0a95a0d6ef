//! A file's raw bytes, or a range of them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_catalog::{ChunkRow, ContentId, RepositoryId};
use sheaf_types::revisions::TreeEntry;
use sheaf_types::{FilePath, RepositoryName, RevisionId};
use tokio_util::task::AbortOnDropHandle;

use super::chunk::OpenChunk;
use crate::{Caller, Error, Registry, Result};

/// Chunks of which rows are read at once.
const ROWS_AT_ONCE: u32 = 1000;

/// Headers that are read ahead.
const HEADERS_AHEAD: usize = 4;

/// Runs of frames that are read and decoded ahead of the reader.
const RUNS_AHEAD: usize = 4;

/// Raw bytes of a run, about: what is read and decoded in one piece.
const RUN_LEN: u64 = 1 << 20;

/// A file that the caller may read.
#[derive(Debug, Clone)]
pub struct OpenFile {
    /// Path, size and SHA-256.
    pub entry: TreeEntry,
    /// The revision that it was found in.
    pub revision: RevisionId,
    pub(crate) repository: RepositoryId,
    pub(crate) content: ContentId,
}

/// Frames of one chunk, and which of their raw bytes are wanted.
struct Run {
    chunk: Arc<OpenChunk>,
    frames: Range<usize>,
    wanted: Range<usize>,
}

impl Registry {
    /// Finds a file of a revision that a branch, a tag or 40 digits stand for.
    pub async fn open_file(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
        path: &FilePath,
    ) -> Result<OpenFile> {
        let repository = self.readable(caller, name).await?;
        let revision = self.resolve(repository.id, reference).await?;
        let file = self.catalog.file(revision.id, path).await?;
        let file = file.ok_or_else(|| Error::FileNotFound {
            path: path.clone(),
            reference: reference.into(),
        })?;
        Ok(OpenFile {
            entry: file.entry,
            revision: revision.revision.id,
            repository: repository.id,
            content: file.content,
        })
    }

    /// The raw bytes of a file's range, decoded several runs ahead of the reader. An error ends it.
    pub fn read_file(
        self: &Arc<Self>,
        file: &OpenFile,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Bytes>> {
        let registry = Arc::clone(self);
        let repository = file.repository;
        self.read_content(file.content, range)
            .inspect_ok(move |bytes| {
                let len = bytes.len() as u64;
                registry.count_sent(repository, len, len);
            })
            .boxed()
    }

    pub(crate) fn read_content(
        self: &Arc<Self>,
        content: ContentId,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Bytes>> {
        let opening = Arc::clone(self);
        let decoding = Arc::clone(self);
        self.chunk_rows(content, range.clone())
            .map_ok(move |(start, row)| open(Arc::clone(&opening), start, row))
            .try_buffered(HEADERS_AHEAD)
            .map_ok(move |(start, chunk)| {
                let runs = runs(&Arc::new(chunk), start, &range);
                stream::iter(runs.into_iter().map(Ok))
            })
            .try_flatten()
            .map_ok(move |run| spawned(Arc::clone(&decoding), run))
            .try_buffered(RUNS_AHEAD)
            .boxed()
    }

    /// The chunks that hold a range of a file, each with where it begins.
    pub(crate) fn chunk_rows(
        self: &Arc<Self>,
        content: ContentId,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<(u64, ChunkRow)>> {
        let registry = Arc::clone(self);
        stream::try_unfold(range.start, move |from| {
            let registry = Arc::clone(&registry);
            async move {
                if from >= range.end {
                    return Ok(None);
                }
                let rows = registry
                    .catalog
                    .content_chunks(content, from, range.end, ROWS_AT_ONCE)
                    .await?;
                let next = rows.last().map(|(start, row)| start + row.raw_len);
                Ok::<_, Error>(next.map(|next| (stream::iter(rows.into_iter().map(Ok)), next)))
            }
        })
        .try_flatten()
        .boxed()
    }
}

async fn open(registry: Arc<Registry>, start: u64, row: ChunkRow) -> Result<(u64, OpenChunk)> {
    Ok((start, registry.open_chunk(row).await?))
}

/// The runs of a chunk that hold a range of the file.
fn runs(chunk: &Arc<OpenChunk>, start: u64, range: &Range<u64>) -> Vec<Run> {
    let header = chunk.header();
    let wanted = range.start.saturating_sub(start)..range.end.saturating_sub(start);
    let frames = header.frames_of(wanted.clone());
    let mut runs = Vec::new();
    let mut first = frames.start;
    while first < frames.end {
        let begin = header.raw_range(first..first + 1).start;
        let fits = header.frames_of(begin..begin + RUN_LEN).end.min(frames.end);
        let run = first..fits.max(first + 1);
        let raw = header.raw_range(run.clone());
        let from = wanted.start.max(raw.start) - raw.start;
        let to = wanted.end.min(raw.end) - raw.start;
        first = run.end;
        runs.push(Run {
            chunk: Arc::clone(chunk),
            frames: run,
            wanted: from as usize..to as usize,
        });
    }
    runs
}

/// Decodes on a task of its own, so that it goes on while the reader is not looking.
async fn spawned(registry: Arc<Registry>, run: Run) -> Result<Bytes> {
    let task = AbortOnDropHandle::new(tokio::spawn(decode(registry, run)));
    task.await.map_err(Error::internal)?
}

async fn decode(registry: Arc<Registry>, run: Run) -> Result<Bytes> {
    let raw = run.chunk.header().raw_range(run.frames.clone());
    let stored = run.chunk.header().stored_range(run.frames.clone());
    let reserved = registry
        .serve_budget
        .reserve(raw.end - raw.start + stored.end - stored.start)
        .await?;
    let bytes = registry.decode_run(run.chunk, run.frames).await?;
    Ok(reserved.hold(bytes).slice(run.wanted))
}
