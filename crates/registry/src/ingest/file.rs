//! A whole file in one request.

use std::sync::Arc;

use bytes::Bytes;
use sheaf_formats::Chunk;
use sheaf_types::files::ChunkRef;
use sheaf_types::revisions::Revision;
use sheaf_types::{RepositoryName, Sha256, UploadId};

use super::body::{Body, ByteStream};
use super::cutter::{Cut, Cutter};
use super::one_file::FileChange;
use super::sink::Sink;
use crate::beside::Beside;
use crate::repository::branch_name;
use crate::{Caller, Error, Registry, Result};

/// How much of a body is handed to the CPU pool at once.
pub(super) const BATCH_LEN: usize = 1 << 20;

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
        let chunker = Box::new(self.chunker_beside(beside).await);
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
}

pub(super) async fn store_all(sink: &mut Sink, chunks: Vec<Chunk>) -> Result<()> {
    for chunk in chunks {
        sink.store(chunk).await?;
    }
    Ok(())
}
