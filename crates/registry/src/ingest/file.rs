//! A whole file in one request.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use sheaf_formats::{Chunk, Chunker};
use sheaf_types::files::ChunkRef;
use sheaf_types::revisions::Revision;
use sheaf_types::{RepositoryName, Sha256, UploadId};

use super::body::{Body, ByteStream};
use super::cutter::{Cut, Cutter};
use super::one_file::FileChange;
use super::sink::Sink;
use crate::repository::branch_name;
use crate::{Caller, Error, Registry, Result};

/// How much of a body is handed to the CPU pool at once.
const BATCH_LEN: usize = 1 << 20;

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
        self.check_branch(repository.id, &branch).await?;
        let upload = self.own_upload(repository.id).await?;
        let file = self.ingest(*upload.id(), body).await?;
        self.commit_file(upload.id(), repository.id, put, file)
            .await
    }

    /// Cuts and stores a body as it comes.
    pub(crate) async fn ingest(
        self: &Arc<Self>,
        upload: UploadId,
        body: ByteStream,
    ) -> Result<Ingested> {
        let _turn = self.cutting.acquire().await.map_err(Error::internal)?;
        let mut body = Body::new(body);
        let mut sink = Sink::new(Arc::clone(self), upload);
        let mut cutter = Cutter::new();
        loop {
            let batch = body.next(BATCH_LEN).await?;
            let ended = batch.is_empty();
            let cut;
            (cutter, cut) = self
                .cpu
                .run(move || {
                    let cut = match ended {
                        true => cutter.finish(),
                        false => cutter.push(&batch),
                    };
                    (cutter, cut)
                })
                .await?;
            match cut {
                Cut::Chunks(chunks) => store_all(&mut sink, chunks).await?,
                Cut::Whole(head) => {
                    cutter = self.ingest_whole(&mut sink, cutter, head, body).await?;
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

    /// Takes the rest of a file to disk first, since it says at its end what is in it.
    async fn ingest_whole(
        &self,
        sink: &mut Sink,
        mut cutter: Cutter,
        head: Vec<u8>,
        mut body: Body,
    ) -> Result<Cutter> {
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
        self.ingest_spool(sink, spool).await?;
        Ok(cutter)
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

    async fn ingest_spool(&self, sink: &mut Sink, mut spool: File) -> Result<()> {
        let (mut spool, chunker) = blocking(move || {
            let chunker = Chunker::for_file(&spool)?;
            spool.seek(SeekFrom::Start(0))?;
            Ok((spool, chunker))
        })
        .await?;
        let mut chunker = Some(chunker);
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
