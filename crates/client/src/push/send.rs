//! Asks which chunks the server lacks, encodes those and sends them, several at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use sheaf_codec::encode;
use sheaf_types::UploadId;
use tokio::sync::mpsc;

use super::Push;
use super::beside::Beside;
use super::plan::Plan;
use super::scan::{Held, Scanned, Scanner};
use super::walk::SourceFile;
use crate::budget::Budget;
use crate::{Error, pool};

/// How many questions about chunks are open at once.
const QUESTIONS: usize = 2;

/// Sends chunks to an upload.
pub(super) struct Sender<'a> {
    push: &'a Push<'a>,
    upload: UploadId,
    raw_bytes: AtomicU64,
    sent_bytes: AtomicU64,
}

/// What was sent, ready to be committed.
pub(super) struct Sent {
    pub files: Vec<Scanned>,
    /// Raw bytes of the chunks that were sent.
    pub raw_bytes: u64,
    /// Bytes of their blobs.
    pub sent_bytes: u64,
}

impl<'a> Sender<'a> {
    pub fn new(push: &'a Push<'a>, upload: UploadId) -> Self {
        Self {
            push,
            upload,
            raw_bytes: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
        }
    }

    /// Reads the files and sends what the server lacks of them.
    pub async fn send(self, files: Arc<Vec<SourceFile>>, plan: &Plan) -> Result<Sent, Error> {
        // One batch waits while the next is gathered.
        let (sender, receiver) = mpsc::channel(1);
        let options = self.push.options;
        let budget = Budget::new(options.memory);
        let progress = self.push.progress.clone();
        let beside = Beside::new(self.push.client, self.push.name, &files, plan);
        let head = plan.head.clone();
        let scanner = Scanner::new(
            budget,
            options.near_lossless,
            head,
            beside,
            sender,
            progress,
        );
        let scan = pool::block(move || scanner.scan(&files));
        let (files, ()) = tokio::try_join!(scan, self.send_missing(receiver))?;
        Ok(Sent {
            files,
            raw_bytes: self.raw_bytes.into_inner(),
            sent_bytes: self.sent_bytes.into_inner(),
        })
    }

    async fn send_missing(&self, batches: mpsc::Receiver<Vec<Held>>) -> Result<(), Error> {
        let batches = stream::unfold(batches, async |mut batches| {
            let batch = batches.recv().await?;
            Some((Ok(batch), batches))
        });
        batches
            .map_ok(|batch| self.missing(batch))
            .try_buffer_unordered(QUESTIONS)
            .map_ok(|missing| stream::iter(missing.into_iter().map(Ok)))
            .try_flatten()
            .try_for_each_concurrent(self.push.options.in_flight, |held| self.send_one(held))
            .await
    }

    /// Those of a batch that the server needs.
    async fn missing(&self, batch: Vec<Held>) -> Result<Vec<Held>, Error> {
        let asked = batch.iter().map(Held::reference).collect();
        let Push { client, name, .. } = self.push;
        let missing = client.missing(name, self.upload, asked).await?;
        let missing: HashSet<_> = missing.into_iter().collect();
        let (missing, there): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|held| missing.contains(&held.id));
        let bytes = there.iter().map(|held| held.chunk.raw.len() as u64).sum();
        self.push.progress.raw(bytes);
        Ok(missing)
    }

    async fn send_one(&self, held: Held) -> Result<(), Error> {
        let Held { id, chunk, memory } = held;
        let raw_bytes = chunk.raw.len() as u64;
        let level = self.push.options.level;
        let blob = pool::run(move || encode(&chunk.raw, id.0, &chunk.hint, None, level)).await;
        let bytes = Bytes::from(blob.bytes);
        let sent_bytes = bytes.len() as u64;
        let Push { client, name, .. } = self.push;
        client.put_blob(name, self.upload, id, bytes).await?;
        drop(memory);
        self.raw_bytes.fetch_add(raw_bytes, Ordering::Relaxed);
        self.sent_bytes.fetch_add(sent_bytes, Ordering::Relaxed);
        self.push.progress.raw(raw_bytes);
        self.push.progress.wire(sent_bytes);
        Ok(())
    }
}
