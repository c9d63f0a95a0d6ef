//! The object store is told what the catalog knows, so that it alone is enough to make the catalog anew.
//!
//! What changes is noted in the transaction that changes it, and written before it is acknowledged. A server
//! that dies in between leaves the note, and any other writes it; what was written already is written again,
//! with the same bytes. A revision's record is there before that of a ref that points to it.

mod manifest;

use bytes::Bytes;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_catalog::{RecordId, RepositoryId, Unwanted, Wanted, WantedRecord};
use sheaf_types::records::{self, Record, RefRecord};

use crate::step::Step;
use crate::{Error, Registry, Result, report};

/// Records of a repository that are written at once.
const PUTS: usize = 8;
/// Records that are looked up at once.
const PAGE: u32 = 500;

impl Registry {
    /// Writes what is noted of a repository and not written yet. What was changed in it before is then
    /// in the object store too.
    pub(crate) async fn record(&self, repository: RepositoryId) -> Result<()> {
        self.write_records(repository).await.map_err(|error| {
            report::log(&error);
            Error::Unrecorded
        })
    }

    async fn write_records(&self, repository: RepositoryId) -> Result<()> {
        // Who comes second finds that it is done.
        let _turn = self.record_turns.of(&repository).lock().await;
        loop {
            let wanted = self.catalog.wanted_records(repository, PAGE).await?;
            let last = wanted.len() < PAGE as usize;
            let is_ref = |record: &WantedRecord| matches!(record.wanted, Wanted::Ref(..));
            let (refs, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(is_ref);
            let mut written = self.write_all(others).await?;
            written.extend(self.write_all(refs).await?);
            // All in one transaction, most often.
            let notes = written
                .into_iter()
                .map(|id| self.catalog.record_written(id));
            try_join_all(notes).await?;
            self.reached(Step::RecordNoted);
            if last {
                return Ok(());
            }
        }
    }

    /// Gives those that are written: all but those of what is gone by now.
    async fn write_all(&self, records: Vec<WantedRecord>) -> Result<Vec<RecordId>> {
        let writes = records.into_iter().map(|record| self.write_record(record));
        stream::iter(writes)
            .buffer_unordered(PUTS)
            .try_filter_map(|written| std::future::ready(Ok(written)))
            .try_collect()
            .await
    }

    async fn write_record(&self, wanted: WantedRecord) -> Result<Option<RecordId>> {
        let Some(bytes) = self.record_bytes(&wanted).await? else {
            return Ok(None);
        };
        let object_key = wanted.key.to_string();
        self.blobs.put_again(&object_key, bytes).await?;
        self.reached(Step::RecordWritten);
        Ok(Some(wanted.id))
    }

    /// `None` of a revision that is gone by now.
    async fn record_bytes(&self, wanted: &WantedRecord) -> Result<Option<Bytes>> {
        let key = wanted.key;
        let name = wanted.repository.name.clone();
        let record = match &wanted.wanted {
            Wanted::Repository => Record::Repository(wanted.repository.clone()),
            Wanted::Deleted => Record::Deleted,
            Wanted::Unset(name) => Record::Unset(name.clone()),
            Wanted::Ref(reference, kind, revision) => Record::Ref(RefRecord {
                repository: name,
                name: reference.clone(),
                kind: *kind,
                revision: *revision,
            }),
            Wanted::Revision(row) => {
                // A long list of chunks is held whole.
                let _few = self.manifests.acquire().await.map_err(Error::internal)?;
                let Some(revision) = self.revision_record(name, *row).await? else {
                    return Ok(None);
                };
                let write = move || records::write(&key, &Record::Revision(revision));
                return Ok(Some(self.cpu.run(write).await?.into()));
            }
        };
        Ok(Some(records::write(&key, &record).into()))
    }

    /// Writes what other servers, or a store that was away, left to be written.
    pub(crate) async fn write_what_is_left(&self) -> Result<()> {
        for repository in self.catalog.unrecorded(PAGE).await? {
            if self.stop.is_cancelled() {
                break;
            }
            self.write_records(repository).await?;
        }
        Ok(())
    }

    /// Notes what an older version never noted.
    pub(crate) async fn note_missing_records(&self) -> Result<()> {
        while !self.stop.is_cancelled() && self.catalog.note_missing_records().await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Deletes records that newer ones replaced, and those of what is gone.
    pub(crate) async fn delete_records(&self) -> Result<()> {
        self.catalog.mark_records().await?;
        let mut after = String::new();
        loop {
            let page = self.catalog.unwanted_records(&after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after.clone_from(&last.object_key);
            let deletions = page.into_iter().map(|record| self.delete_record(record));
            let deleted: Vec<Unwanted> = stream::iter(deletions)
                .buffer_unordered(PUTS)
                .filter_map(std::future::ready)
                .collect()
                .await;
            self.catalog.forget_records(&deleted).await?;
        }
    }

    async fn delete_record(&self, record: Unwanted) -> Option<Unwanted> {
        let deleted = self.delete_object(&record.object_key).await;
        if deleted {
            self.reached(Step::CollectRecordDeleted);
        }
        deleted.then_some(record)
    }
}
