//! The object store is told what the catalog knows, so that it alone is enough to make the catalog anew.
//!
//! What changes is noted in the transaction that changes it, and written before it is acknowledged. A server
//! that dies in between leaves the note, and any other writes it; what was written already is written again,
//! with the same bytes. A revision's record is there before that of a ref that points to it.

mod manifest;
mod recorder;

use futures::{StreamExt, stream};
use sheaf_catalog::{RepositoryId, Unwanted};

use crate::step::Step;
use crate::{Error, Registry, Result, report};

pub(crate) use recorder::Recorder;

/// Records of a repository that are written or deleted at once.
const AT_ONCE: usize = 8;
/// Records that are looked up at once.
const PAGE: u32 = 500;

impl Registry {
    /// Writes what is noted of a repository and not written yet. What was changed in it before is then
    /// in the object store too.
    pub(crate) async fn record(&self, repository: RepositoryId) -> Result<()> {
        let written = self.recorder.write(repository).await;
        written.map(drop).map_err(|error| {
            report::log(&error);
            Error::Unrecorded
        })
    }

    /// Writes what other servers, or a store that was away, left to be written.
    pub(crate) async fn write_what_is_left(&self) -> Result<()> {
        for repository in self.catalog.unrecorded(PAGE).await? {
            if self.stop.is_cancelled() {
                break;
            }
            self.recorder.write(repository).await?;
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
                .buffer_unordered(AT_ONCE)
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
