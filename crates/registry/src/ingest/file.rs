//! A whole file in one request.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use bytes::Bytes;
use sheaf_catalog::RevisionRowId;
use sheaf_formats::{Chunk, Chunker};
use sheaf_types::files::ChunkRef;
use sheaf_types::revisions::Revision;
use sheaf_types::{FilePath, RepositoryName, Sha256, UploadId};

use super::body::{Body, ByteStream};
use super::cutter::{Cut, Cutter};
use super::one_file::FileChange;
use super::sink::Sink;
use crate::repository::branch_name;
use crate::{Caller, Error, Registry, Result};

/// How much of a body is handed to the CPU pool at once.
const BATCH_LEN: usize = 1 << 20;

/// Where a file goes, and so what is beside it.
pub(crate) struct Beside {
    /// The branch's head.
    pub head: Option<RevisionRowId>,
    pub path: FilePath,
}

/// A file whose chunks are stored and held by an upload.
#[derive(Debug)]
pub(crate) struct Ingested {
    pub size: u64,
    pub sha256: Sha256,
    pub chunks: Vec<ChunkRef>,
}

impl Registry {
    /// Stores a file from its raw bytes and makes a revision of the branch's head with it. Gives the
    /// head, and whether it is a new one: the same bytes again change nothing.
    pub async fn put_file(
        self: &Arc<Self>,
        caller: &Caller,
        name: &RepositoryName,
        put: FileChange,
        body: ByteStream,
    ) -> Result<(Revision, bool)> {
        let repository = self.writable(caller, name).await?;
        let branch = branch_name(&put.branch)?;
        let head = self.head(repository.id, &branch).await?;
        let upload = self.own_upload(repository.id).await?;
        let beside = Beside {
            head: head.map(|head| head.revision),
            path: put.path.clone(),
        };
        let file = self.ingest(*upload.id(), &beside, body).await?;
        self.commit_file(upload.id(), repository.id, put, file)
            .await
    }

    /// Cuts and stores a body as it comes.
    pub(crate) async fn ingest(
        self: &Arc<Self>,
        upload: UploadId,
        beside: &Beside,
        body: ByteStream,
    ) -> Result<Ingested> {
        let _turn = self.cutting.acquire().await.map_err(Error::internal)?;
        let mut body = Body::new(body);
        let mut sink = Sink::new(Arc::clone(self), upload);
        let mut cutter = Cutter::new();
        loop {
            let batch = body.next(BATCH_LEN).await?;
            let ended = batch.is_empty();
            let mut cut;
            (cutter, cut) = self.cut(cutter, batch).await?;
            if matches!(cut, Cut::Unknown) {
                (cutter, cut) = self.begin(cutter, beside, ended).await?;
            }
            match cut {
                Cut::Unknown => {}
                Cut::Chunks(chunks) => store_all(&mut sink, chunks).await?,
                Cut::Whole(head) => {
                    let spool;
                    (cutter, spool) = self.spool_all(cutter, head, body).await?;
                    self.ingest_spool(&mut sink, beside, spool).await?;
                    break;
                }
            }
            if ended {
                break;
            }
        }
        let (size, sha256) = cutter.totals();
        let chunks = sink.finish().await?;
        Ok(Ingested {
            size,
            sha256,
            chunks,
        })
    }

    /// Cuts the next bytes; none are the file's end.
    async fn cut(&self, mut cutter: Cutter, batch: Vec<Bytes>) -> Result<(Cutter, Cut)> {
        let cut = move || {
            let cut = match batch.is_empty() {
                true => cutter.finish(),
                false => cutter.push(&batch),
            };
            (cutter, cut)
        };
        self.cpu.run(cut).await
    }

    /// Goes on with a file that does not say what it is, as another says.
    async fn begin(
        self: &Arc<Self>,
        mut cutter: Cutter,
        beside: &Beside,
        ended: bool,
    ) -> Result<(Cutter, Cut)> {
        let chunker = Box::new(self.chunker(beside).await?);
        let cut = move || {
            let mut cut = cutter.begin(chunker);
            if let (true, Cut::Chunks(chunks)) = (ended, &mut cut)
                && let Cut::Chunks(last) = cutter.finish()
            {
                chunks.extend(last);
            }
            (cutter, cut)
        };
        self.cpu.run(cut).await
    }

    /// A chunker of a file that does not say what it is.
    async fn chunker(self: &Arc<Self>, beside: &Beside) -> Result<Chunker> {
        let told = match beside.head {
            Some(head) => self.told(head, &beside.path).await?,
            None => None,
        };
        Ok(told.map_or_else(Chunker::unknown, |told| told.chunker()))
    }

    /// Takes the rest of a file to disk first, since it says at its end what is in it.
    async fn spool_all(
        &self,
        mut cutter: Cutter,
        head: Vec<u8>,
        mut body: Body,
    ) -> Result<(Cutter, File)> {
        let limit = self.settings.spool_limit;
        let mut len = head.len() as u64;
        let mut spool = self.spool(head).await?;
        loop {
            let batch = body.next(BATCH_LEN).await?;
            if batch.is_empty() {
                break;
            }
            len += batch.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
            if len > limit {
                return Err(Error::TooLarge {
                    what: "a file of this kind",
                    limit,
                });
            }
            (cutter, spool) = blocking(move || {
                cutter.hash(&batch);
                for bytes in &batch {
                    spool.write_all(bytes)?;
                }
                Ok((cutter, spool))
            })
            .await?;
        }
        Ok((cutter, spool))
    }

    async fn spool(&self, head: Vec<u8>) -> Result<File> {
        let folder = self.settings.temp_dir.clone();
        blocking(move || {
            let mut spool = tempfile::tempfile_in(folder)?;
            spool.write_all(&head)?;
            Ok(spool)
        })
        .await
    }

    async fn ingest_spool(
        self: &Arc<Self>,
        sink: &mut Sink,
        beside: &Beside,
        mut spool: File,
    ) -> Result<()> {
        let (mut spool, chunker) = blocking(move || {
            let chunker = Chunker::by_own_bytes(&spool)?;
            spool.seek(SeekFrom::Start(0))?;
            Ok((spool, chunker))
        })
        .await?;
        let mut chunker = match chunker {
            Some(chunker) => Some(chunker),
            None => Some(self.chunker(beside).await?),
        };
        while chunker.is_some() {
            let chunks;
            (spool, chunker, chunks) = blocking(move || cut_next(spool, chunker)).await?;
            store_all(sink, chunks).await?;
        }
        Ok(())
    }
}

type CutSpool = (File, Option<Chunker>, Vec<Chunk>);

/// Cuts the next bytes of a spooled file; no chunker is left at its end.
fn cut_next(mut spool: File, chunker: Option<Chunker>) -> std::io::Result<CutSpool> {
    let mut chunks = Vec::new();
    let Some(mut chunker) = chunker else {
        return Ok((spool, None, chunks));
    };
    let mut bytes = Vec::with_capacity(BATCH_LEN);
    (&mut spool)
        .take(BATCH_LEN as u64)
        .read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        chunker.finish(&mut |chunk| chunks.push(chunk));
        return Ok((spool, None, chunks));
    }
    chunker.push(&bytes, &mut |chunk| chunks.push(chunk));
    Ok((spool, Some(chunker), chunks))
}

async fn store_all(sink: &mut Sink, chunks: Vec<Chunk>) -> Result<()> {
    for chunk in chunks {
        sink.store(chunk).await?;
    }
    Ok(())
}

/// Work that reads and writes the server's own files.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(Error::internal)??)
}
