//! Writes records: of a registry that is served, and of one that has just moved.

use bytes::Bytes;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_blobs::Blobs;
use sheaf_catalog::{Catalog, RecordId, RepositoryId, Wanted, WantedRecord, WrittenRecord};
use sheaf_types::records::{self, Record, RecordKey};
use tokio::sync::Semaphore;

use super::{AT_ONCE, PAGE};
use crate::cpu::Cpu;
use crate::step::{Step, StepHook};
use crate::turns::Turns;
use crate::{Error, Result};

/// Records of revisions in the making, each with all its lists of chunks.
const MANIFESTS_AT_ONCE: usize = 8;

pub(crate) struct Recorder {
    pub(super) catalog: Catalog,
    blobs: Blobs,
    cpu: Cpu,
    /// Those who change one repository at once share the writing.
    turns: Turns,
    manifests: Semaphore,
    at_step: Option<StepHook>,
}

impl Recorder {
    pub fn new(catalog: &Catalog, blobs: &Blobs, cpu: &Cpu, at_step: Option<StepHook>) -> Self {
        Self {
            catalog: catalog.clone(),
            blobs: blobs.clone(),
            cpu: cpu.clone(),
            turns: Turns::new(),
            manifests: Semaphore::new(MANIFESTS_AT_ONCE),
            at_step,
        }
    }

    /// Writes what is noted of a repository and not written yet; how much that is.
    pub async fn write(&self, repository: RepositoryId) -> Result<u64> {
        // Who comes second finds that it is done.
        let _turn = self.turns.of(&repository).lock().await;
        let mut count = 0;
        loop {
            let wanted = self.catalog.wanted_records(repository, PAGE).await?;
            let last = wanted.len() < PAGE as usize;
            let is_ref = |record: &WantedRecord| matches!(record.wanted, Wanted::Ref(_));
            let (refs, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(is_ref);
            let mut written = self.write_all(others).await?;
            written.extend(self.write_all(refs).await?);
            count += written.len() as u64;
            // All in one transaction, most often.
            let notes = written
                .into_iter()
                .map(|id| self.catalog.record_written(id));
            try_join_all(notes).await?;
            self.reached(Step::RecordNoted);
            if last {
                return Ok(count);
            }
        }
    }

    /// Writes everything of a catalog that nobody else uses, and of which nothing is written; how much.
    pub async fn write_everything(&self) -> Result<u64> {
        let mut count = 0;
        while self.catalog.note_missing_records().await? {
            for repository in self.catalog.unrecorded(u32::MAX).await? {
                count += self.write(repository).await?;
            }
        }
        Ok(count)
    }

    /// Writes a record again that is not as it was written; whether the catalog still wants it.
    pub async fn write_again(&self, record: &WrittenRecord) -> Result<bool> {
        let object_key = record.key.to_string();
        let Some(bytes) = self.bytes(record.key, &record.wanted).await? else {
            return Ok(false);
        };
        self.blobs.put_again(&object_key, bytes).await?;
        if self.catalog.has_record(&object_key, true).await? {
            return Ok(true);
        }
        // A collection that deleted it before this will not do so again.
        self.blobs.delete(&object_key).await?;
        Ok(false)
    }

    /// Gives those that are written: all but those of what is gone by now.
    async fn write_all(&self, records: Vec<WantedRecord>) -> Result<Vec<RecordId>> {
        let writes = records.into_iter().map(|record| self.write_one(record));
        stream::iter(writes)
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|written| std::future::ready(Ok(written)))
            .try_collect()
            .await
    }

    async fn write_one(&self, record: WantedRecord) -> Result<Option<RecordId>> {
        let Some(bytes) = self.bytes(record.key, &record.wanted).await? else {
            return Ok(None);
        };
        self.blobs.put_again(&record.key.to_string(), bytes).await?;
        self.reached(Step::RecordWritten);
        Ok(Some(record.id))
    }

    /// `None` of a revision that is gone by now.
    pub async fn bytes(&self, key: RecordKey, wanted: &Wanted) -> Result<Option<Bytes>> {
        self.with_record(wanted, move |record| records::write(&key, &record).into())
            .await
    }

    /// Does something with what a record is to say, on the CPU pool. A long list of chunks is held whole
    /// for it, so there are few at once.
    pub async fn with_record<T: Send + 'static>(
        &self,
        wanted: &Wanted,
        work: impl FnOnce(Record) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let record = match wanted {
            Wanted::Repository(is) => Record::Repository(is.clone()),
            Wanted::Deleted => Record::Deleted,
            Wanted::Unset(name) => Record::Unset(name.clone()),
            Wanted::Ref(of) => Record::Ref(of.clone()),
            Wanted::Revision(name, row) => {
                let _few = self.manifests.acquire().await.map_err(Error::internal)?;
                let Some(revision) = self.revision_record(name.clone(), *row).await? else {
                    return Ok(None);
                };
                let work = move || work(Record::Revision(revision));
                return self.cpu.run(work).await.map(Some);
            }
        };
        Ok(Some(work(record)))
    }

    fn reached(&self, step: Step) {
        StepHook::tell(self.at_step.as_ref(), step);
    }
}
