//! A file that says at its end what is in it, on disk until it is there.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use sheaf_formats::{Chunk, Chunker};

use super::body::Body;
use super::cutter::Cutter;
use super::file::{BATCH_LEN, store_all};
use super::sink::Sink;
use crate::beside::Beside;
use crate::{Error, Registry, Result};

impl Registry {
    /// Takes the rest of a file to disk first, since it says at its end what is in it.
    pub(super) async fn spool_all(
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

    /// Cuts and stores a file that is on disk.
    pub(super) async fn ingest_spool(
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
            None => Some(self.chunker_beside(beside).await),
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

/// Work that reads and writes the server's own files.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(Error::internal)??)
}
