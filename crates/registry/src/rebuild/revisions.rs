//! Revisions, oldest first: each behind the one that it came from.

use futures::{StreamExt, TryStreamExt, stream};
use sheaf_catalog::{Fate, NewFile, NewRow, Restored, Scanned};
use sheaf_formats::scan;
use sheaf_types::records::{FileRecord, Pickles, Record, RecordKey, RevisionRecord, Subject};
use sheaf_types::revisions::{Revision, TreeEntry};

use super::Rebuild;
use super::found::Found;
use super::repositories::Place;
use crate::Result;
use crate::ingest::{list_id, revision_id};
use crate::task::on_task;

/// Records that are read ahead.
const AHEAD: usize = 4;

impl Rebuild {
    pub(super) async fn restore_revisions(
        &mut self,
        place: &mut Place,
        records: &[Found],
    ) -> Result<()> {
        let blobs = self.blobs.clone();
        let revisions = records
            .iter()
            .filter(|record| matches!(record.key.subject, Subject::Revision(_)));
        let mut read = stream::iter(revisions)
            .map(|found| {
                let (found, blobs) = (found.clone(), blobs.clone());
                on_task(async move { Ok((found.read(&blobs).await?, found)) })
            })
            .buffered(AHEAD);
        while let Some((record, found)) = read.try_next().await? {
            match record {
                Ok(Record::Revision(record)) => {
                    self.restore_revision(place, &found.key, record).await?;
                }
                Ok(_) => {}
                Err(what) => {
                    self.tally.lose(found.key, what);
                    place.incomplete = true;
                }
            }
        }
        Ok(())
    }

    async fn restore_revision(
        &mut self,
        place: &mut Place,
        key: &RecordKey,
        record: RevisionRecord,
    ) -> Result<()> {
        let of = format!("{}@{}", place.name, record.id);
        let revision = described(&record);
        if revision.id != record.id {
            self.tally
                .lose(&of, "its record says other things than its id");
            place.incomplete = true;
            return Ok(());
        }
        let files: Vec<NewFile> = record.files.into_iter().map(new_file).collect();
        let row = NewRow {
            repository: place.id,
            revision: &revision,
            key,
            files: &files,
        };
        match self.catalog.restore_revision(&row).await? {
            Restored::Whole => self.tally.told.revisions += 1,
            Restored::WithoutParent => {
                self.tally.told.revisions += 1;
                self.tally
                    .lose(&of, "its history ends here: the revision before it is lost");
            }
            Restored::Before => {
                let twice = [(*key, Fate::Goes)];
                self.catalog.restore_records(Some(place.id), &twice).await?;
            }
            Restored::ChunkMissing(chunk) => {
                let what = format!("it is lost: no blob of chunk {chunk} can be read");
                self.tally.lose(&of, what);
                place.incomplete = true;
            }
        }
        Ok(())
    }
}

/// What is shown of a revision, with the id that it has by that.
fn described(record: &RevisionRecord) -> Revision {
    let entries: Vec<TreeEntry> = record.files.iter().map(entry).collect();
    let (parent, created_at) = (record.parent, record.created_at);
    Revision {
        id: revision_id(parent, &record.message, created_at, entries.iter()),
        parent,
        message: record.message.clone(),
        created_at,
        files: entries.len() as u64,
        bytes: entries.iter().map(|entry| entry.size).sum(),
    }
}

fn entry(file: &FileRecord) -> TreeEntry {
    TreeEntry {
        path: file.path.clone(),
        size: file.size,
        sha256: file.sha256,
        near_lossless_bits: None,
        pickles: None,
    }
}

fn new_file(file: FileRecord) -> NewFile {
    let named = scan::is_named(file.path.as_str());
    let scanned = match file.pickles {
        Pickles::NotScanned => None,
        Pickles::None => Some(None),
        Pickles::Verdict(verdict) => Some(Some(verdict)),
    };
    NewFile {
        list: list_id(&file.sha256, &file.chunks),
        path: file.path,
        sha256: file.sha256,
        size: file.size,
        near_lossless: file.near_lossless,
        scanned: scanned.map(|verdict| Scanned {
            named,
            // A record does not say it.
            scanner: 0,
            verdict,
        }),
        chunks: file.chunks,
    }
}
