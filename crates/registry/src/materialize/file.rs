//! A file's raw bytes, or a range of them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_catalog::{ChunkRow, ContentId, NearLosslessId, RepositoryId, RevisionRowId};
use sheaf_types::files::NearLossless;
use sheaf_types::revisions::TreeEntry;
use sheaf_types::{FilePath, RepositoryName, RevisionId};

use super::ahead::{Piece, ahead};
use super::chunk::OpenChunk;
use super::run::{Form, runs};
use crate::task::on_task;
use crate::{Caller, Error, Registry, Result};

/// Chunks of which rows are read at once.
const ROWS_AT_ONCE: u32 = 1000;

/// Headers that are read ahead.
const HEADERS_AHEAD: usize = 4;

/// A file that the caller may read.
#[derive(Debug, Clone)]
pub struct OpenFile {
    /// Path, size and SHA-256.
    pub entry: TreeEntry,
    /// The revision that it was found in.
    pub revision: RevisionId,
    pub(crate) revision_row: RevisionRowId,
    pub(crate) repository: RepositoryId,
    pub(crate) content: ContentId,
    pub(crate) near_lossless: Option<NearLosslessId>,
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
            revision_row: revision.id,
            repository: repository.id,
            content: file.content,
            near_lossless: file.near_lossless,
        })
    }

    /// What was done to a file before it was pushed.
    pub(crate) async fn near_lossless(&self, file: &OpenFile) -> Result<Option<NearLossless>> {
        match file.near_lossless {
            Some(row) => Ok(self.catalog.near_lossless(row).await?),
            None => Ok(None),
        }
    }

    /// The raw bytes of a file's range, decoded a little ahead of the reader. An error ends it.
    pub fn read_file(
        self: &Arc<Self>,
        file: &OpenFile,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Bytes>> {
        self.send(file.repository, self.pieces(file.content, range))
    }

    /// The same without counting: nothing of it leaves the server.
    pub(crate) fn read_content(
        self: &Arc<Self>,
        content: ContentId,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Bytes>> {
        ahead(Arc::clone(self), self.pieces(content, range))
            .map_ok(|out| out.bytes)
            .boxed()
    }

    /// Makes pieces and counts what goes out.
    pub(crate) fn send(
        self: &Arc<Self>,
        repository: RepositoryId,
        pieces: BoxStream<'static, Result<Piece>>,
    ) -> BoxStream<'static, Result<Bytes>> {
        let registry = Arc::clone(self);
        ahead(Arc::clone(self), pieces)
            .map_ok(move |out| {
                registry.count_sent(repository, out.raw_len, out.bytes.len() as u64);
                out.bytes
            })
            .boxed()
    }

    fn pieces(
        self: &Arc<Self>,
        content: ContentId,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Piece>> {
        self.open_rows(self.chunk_rows(content, range.clone()))
            .map_ok(move |(start, chunk)| {
                let wanted = range.start.saturating_sub(start)..range.end.saturating_sub(start);
                let runs = runs(&chunk, wanted.clone(), &Form::Raw(wanted));
                stream::iter(runs.into_iter().map(|run| Ok(Piece::Run(run))))
            })
            .try_flatten()
            .boxed()
    }

    /// Chunks with their headers, read some ahead.
    pub(crate) fn open_rows(
        self: &Arc<Self>,
        rows: BoxStream<'static, Result<(u64, ChunkRow)>>,
    ) -> BoxStream<'static, Result<(u64, Arc<OpenChunk>)>> {
        let registry = Arc::clone(self);
        rows.map_ok(move |(start, row)| on_task(open(Arc::clone(&registry), start, row)))
            .try_buffered(HEADERS_AHEAD)
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
                let end = range.end;
                let rows = on_task(async move { registry.some_rows(content, from..end).await });
                let rows = rows.await?;
                let next = rows.last().map(|(start, row)| start + row.raw_len);
                Ok::<_, Error>(next.map(|next| (stream::iter(rows.into_iter().map(Ok)), next)))
            }
        })
        .try_flatten()
        .boxed()
    }

    /// The first of them: at least one, unless the range is empty.
    pub(crate) async fn some_rows(
        &self,
        content: ContentId,
        range: Range<u64>,
    ) -> Result<Vec<(u64, ChunkRow)>> {
        let (from, end) = (range.start, range.end);
        let rows = self
            .catalog
            .content_chunks(content, from, end, ROWS_AT_ONCE)
            .await?;
        // The rest of a list must not be taken for its end.
        match rows.is_empty() && from < end {
            true => Err(Error::FileGone),
            false => Ok(rows),
        }
    }
}

async fn open(registry: Arc<Registry>, start: u64, row: ChunkRow) -> Result<(u64, Arc<OpenChunk>)> {
    Ok((start, Arc::new(registry.open_chunk(row).await?)))
}
