//! Repositories with all that is in them.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use jiff::Timestamp;
use sheaf_blobs::Blobs;
use sheaf_catalog::{Fate, RepositoryId};
use sheaf_types::records::{Record, RecordKey, RepositoryRecord, Subject};
use sheaf_types::{RepositoryName, RepositoryUid};

use super::Rebuild;
use super::found::Found;
use crate::Result;

/// A repository that is coming back.
pub(super) struct Place {
    pub id: RepositoryId,
    pub name: RepositoryName,
    /// Whether something of it is not back.
    pub incomplete: bool,
}

/// A folder of records.
#[derive(Default)]
pub(super) struct FoundRecords {
    records: BTreeMap<RepositoryUid, Vec<Found>>,
    foreign: u64,
}

/// What is in one of the 256 folders of records.
pub(super) async fn list(blobs: Blobs, first: u8) -> Result<FoundRecords> {
    let mut found = FoundRecords::default();
    let mut objects = blobs.list_records(first);
    while let Some(object) = objects.try_next().await? {
        match Found::of(&object) {
            Some(record) => found
                .records
                .entry(record.key.uid)
                .or_default()
                .push(record),
            None => found.foreign += 1,
        }
    }
    Ok(found)
}

impl Rebuild {
    /// Brings back the repositories in one of the 256 folders.
    pub(super) async fn restore_repositories(&mut self, found: FoundRecords) -> Result<()> {
        self.tally.told.foreign += found.foreign;
        for (uid, mut records) in found.records {
            records.sort_by_key(|record| record.key);
            self.restore_repository(&uid, &records).await?;
        }
        Ok(())
    }

    /// `records` are in the order of their generations.
    async fn restore_repository(&mut self, uid: &RepositoryUid, records: &[Found]) -> Result<()> {
        if records.iter().any(|r| r.key.subject == Subject::Deleted) {
            return self.keep_deleted(records).await;
        }
        let Some((is, from)) = self.what_it_is(uid, records).await? else {
            self.tally.lose(
                format!("repository {uid}"),
                "none of its records can be read",
            );
            return Ok(());
        };
        let returned = self.catalog.restore_repository(uid, &is).await?;
        if let Some(renamed) = returned.renamed {
            let what = format!("two repositories had this name: the older one is {renamed} now");
            self.tally.lose(&is.name, what);
        }
        let mut place = Place {
            id: returned.id,
            name: is.name,
            incomplete: false,
        };
        self.tally.told.repositories += 1;
        self.keep_newest(&place, records, from.as_ref()).await?;
        self.restore_revisions(&mut place, records).await?;
        self.restore_refs(&mut place, records).await?;
        if place.incomplete {
            self.keep_loose_ends(&place).await?;
        }
        Ok(self.catalog.settle(place.id).await?)
    }

    /// A repository that is gone stays so, also when the record that says so is damaged.
    async fn keep_deleted(&mut self, records: &[Found]) -> Result<()> {
        let is_deleted = |record: &&Found| record.key.subject == Subject::Deleted;
        let newest = records.iter().rfind(is_deleted).map(|record| record.key);
        let fates: Vec<_> = records
            .iter()
            .map(|record| match Some(record.key) == newest {
                true => (record.key, Fate::Stays),
                false => (record.key, Fate::Goes),
            })
            .collect();
        self.catalog.restore_records(None, &fates).await?;
        self.tally.told.deleted_repositories += 1;
        self.tally.told.orphans += fates.len() as u64 - 1;
        Ok(())
    }

    /// What a repository is, and the record that says so. What is not known comes back private: where the
    /// newest record cannot be read, nobody knows that it was public.
    async fn what_it_is(
        &mut self,
        uid: &RepositoryUid,
        records: &[Found],
    ) -> Result<Option<(RepositoryRecord, Option<RecordKey>)>> {
        let mut unread = false;
        for found in records.iter().rev() {
            if found.key.subject != Subject::Repository {
                continue;
            }
            match found.read(&self.blobs).await? {
                Ok(Record::Repository(mut is)) => {
                    is.private |= unread;
                    return Ok(Some((is, Some(found.key).filter(|_| !unread))));
                }
                Ok(_) => {}
                Err(what) => {
                    self.tally.lose(found.key, what);
                    unread = true;
                }
            }
        }
        let name = self.name_of(records).await?;
        if name.is_some() {
            let what = "its record is gone: it comes back private, without description";
            self.tally.lose(format!("repository {uid}"), what);
        }
        let created_at = records.first().map_or(0, |first| first.key.generation);
        let is = name.map(|name| RepositoryRecord {
            name,
            private: true,
            description: String::new(),
            created_at: i64::try_from(created_at)
                .ok()
                .and_then(|micros| Timestamp::from_microsecond(micros).ok())
                .unwrap_or(Timestamp::UNIX_EPOCH),
        });
        Ok(is.map(|is| (is, None)))
    }

    /// The name of a repository, by another record than its own.
    async fn name_of(&self, records: &[Found]) -> Result<Option<RepositoryName>> {
        for found in records.iter().rev() {
            match found.read(&self.blobs).await? {
                Ok(Record::Ref(of)) => return Ok(Some(of.repository)),
                Ok(Record::Revision(of)) => return Ok(Some(of.repository)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Notes the record that the repository came from; those that it replaced go.
    async fn keep_newest(
        &mut self,
        place: &Place,
        records: &[Found],
        from: Option<&RecordKey>,
    ) -> Result<()> {
        self.catalog
            .restore_repository_record(place.id, from)
            .await?;
        let Some(from) = from else { return Ok(()) };
        let older = records
            .iter()
            .map(|record| record.key)
            .filter(|key| key.subject == Subject::Repository && key.generation < from.generation);
        let older: Vec<_> = older.map(|key| (key, Fate::Goes)).collect();
        self.tally.told.orphans += older.len() as u64;
        Ok(self.catalog.restore_records(Some(place.id), &older).await?)
    }
}
