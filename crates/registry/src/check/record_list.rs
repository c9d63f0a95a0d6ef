//! The catalog's records against the list of objects.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use sheaf_blobs::Object;
use sheaf_types::check::{CheckDepth, FaultKind};
use sheaf_types::records::{RecordKey, folder_keys};

use super::Checker;
use super::state::Place;
use crate::Result;

/// Rows that are read at once.
const ROWS: u32 = 10_000;
/// Folders that are listed at once: most hold little.
const FOLDERS: u8 = 16;

impl Checker {
    /// What is to be recorded is, before anybody looks for it: as any server does now and then.
    pub(super) async fn unrecorded(&mut self) -> Result<Place> {
        let registry = &self.registry;
        registry.note_missing_records().await?;
        match self.repository {
            None => registry.write_what_is_left().await?,
            Some(repository) => drop(registry.recorder.write(repository).await?),
        }
        Ok(match self.has_list() {
            true => Place::Outside,
            false => self.each_record(),
        })
    }

    fn each_record(&self) -> Place {
        let after = String::new();
        Place::Records { after }
    }

    /// Some of the 256 folders that records are in, from one on.
    pub(super) async fn record_list(&mut self, first: u8) -> Result<Place> {
        let last = first.saturating_add(FOLDERS - 1);
        // Before the list is made, as with blobs: what is written was noted before.
        let mut rows = self.record_rows(first, last).await?;
        self.state.report.records += rows.values().filter(|written| **written).count() as u64;
        let mut listed = self.list_records(first, last).await?;
        listed.retain(|object| rows.remove(&object.key).is_none());
        for (key, _) in rows.into_iter().filter(|(_, written)| *written) {
            self.unlisted_record(&key).await?;
        }
        for object in listed {
            self.unnamed_record(object).await?;
        }
        Ok(match last.checked_add(1) {
            Some(folder) => Place::RecordList { folder },
            None if self.depth() == CheckDepth::Listed => Place::Done,
            None => self.each_record(),
        })
    }

    /// The keys of all records, and whether each must be there.
    async fn record_rows(&self, first: u8, last: u8) -> Result<HashMap<String, bool>> {
        let (mut after, end) = (folder_keys(first).start, folder_keys(last).end);
        let mut all = HashMap::new();
        loop {
            let catalog = &self.registry.catalog;
            let rows = catalog.record_keys(&after..&end, ROWS).await?;
            let full = rows.len() == ROWS as usize;
            if let Some((last, _)) = rows.last() {
                after.clone_from(last);
            }
            all.extend(rows);
            if !full {
                return Ok(all);
            }
        }
    }

    async fn list_records(&self, first: u8, last: u8) -> Result<Vec<Object>> {
        let lists = (first..=last).map(|folder| self.registry.blobs.list_records(folder));
        let listed = stream::iter(lists).flatten_unordered(usize::from(FOLDERS));
        Ok(listed.try_collect().await?)
    }

    /// A record that the list has not: lists of some stores lag.
    async fn unlisted_record(&mut self, key: &str) -> Result<()> {
        match self.registry.catalog.written_record(key).await {
            Ok(None) => Ok(()),
            Ok(Some(record)) => {
                let wrong = self.registry.wrong_record(&record, CheckDepth::Listed);
                match wrong.await? {
                    Some(wrong) => self.note_record(&record, wrong).await,
                    None => Ok(()),
                }
            }
            Err(error) => self.unreadable_record(key, error),
        }
    }

    /// A record that no row named before the list was made. A row comes before its record, and goes after
    /// it. Nobody deletes one: it may be what a rebuild could not read, or of a newer catalog.
    async fn unnamed_record(&mut self, object: Object) -> Result<()> {
        let Object { key, size, .. } = &object;
        if key.parse::<RecordKey>().is_err() {
            self.note_foreign(&object);
            return Ok(());
        }
        let named = self.registry.catalog.has_record(key, false).await?;
        if !named && self.is_there(key).await? {
            let message = format!("nothing names this record of {size} bytes");
            self.note_unneeded(FaultKind::ObjectUnnamed, key, message);
        }
        Ok(())
    }
}
