//! Records against what the catalog says.

use futures::{StreamExt, stream};
use sheaf_catalog::{Hurt, Wanted, WrittenRecord};
use sheaf_types::check::{CheckDepth, FaultKind};
use sheaf_types::records::{self, Record, RecordKey, Subject};

use super::state::Place;
use super::{Checker, fault};
use crate::{Registry, Result};

/// Rows that are read at once.
const ROWS: u32 = 64;
/// Records that are looked at at once.
const AT_ONCE: usize = 4;
/// A record may be so much longer than what the catalog would write: where its repository had a longer name.
const SLACK: u64 = 1024;

/// What is wrong with a record.
pub(super) struct Wrong {
    kind: FaultKind,
    /// What it does or is.
    what: String,
}

impl Checker {
    /// Some records.
    pub(super) async fn records(&mut self, after: &str) -> Result<Place> {
        let catalog = self.registry.catalog.clone();
        let rows = catalog.written_records(after, self.repository, ROWS);
        let rows = rows.await?;
        let Some(last) = rows.last() else {
            return Ok(Place::Done);
        };
        let after = last.object_key.clone();
        let mut looked_at = Vec::new();
        for row in rows {
            match row.row {
                Ok(record) if self.state.takes(row.object_key.as_bytes()) => looked_at.push(record),
                Ok(_) => {}
                Err(error) => self.unreadable_record(&row.object_key, error)?,
            }
        }
        self.look_at_records(looked_at).await?;
        Ok(Place::Records { after })
    }

    async fn look_at_records(&mut self, records: Vec<WrittenRecord>) -> Result<()> {
        let (registry, depth) = (self.registry.clone(), self.depth());
        // All are looked at before anything is done about one: doing so may want what a look holds.
        let looked: Vec<_> = stream::iter(records)
            .map(|record| {
                let registry = &registry;
                async move { (registry.wrong_record(&record, depth).await, record) }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (wrong, record) in looked {
            if !self.has_list() {
                self.state.report.records += 1;
            }
            match wrong? {
                // The list told.
                Some(wrong) if self.has_list() && wrong.kind == FaultKind::RecordMissing => {}
                Some(wrong) => self.note_record(&record, wrong).await?,
                None => {}
            }
        }
        Ok(())
    }

    /// Notes what is wrong with a record, and writes it again if that is wanted.
    pub(super) async fn note_record(&mut self, record: &WrittenRecord, wrong: Wrong) -> Result<()> {
        let key = record.key.to_string();
        let message = format!("the record of {} {}", subject(record), wrong.what);
        let hurt = Hurt::default();
        self.note(fault(wrong.kind, message, Some(key.clone()), None, hurt));
        if self.state.report.check.repair && self.registry.recorder.write_again(record).await? {
            self.repaired(&key, "written again");
        }
        Ok(())
    }

    pub(super) fn unreadable_record(
        &mut self,
        key: &str,
        error: sheaf_catalog::Error,
    ) -> Result<()> {
        match error {
            sheaf_catalog::Error::Corrupt(what) => {
                let message = format!("the row of the record {key} holds no valid {what}");
                self.note_catalog(message, Hurt::default());
                Ok(())
            }
            error => Err(error.into()),
        }
    }
}

impl Registry {
    /// What is wrong with a record. What looks wrong is read again, as it may have been the way that it
    /// took, or a newer one may have taken its place.
    pub(super) async fn wrong_record(
        &self,
        record: &WrittenRecord,
        depth: CheckDepth,
    ) -> Result<Option<Wrong>> {
        if self.look_at_record(record, depth).await?.is_none() {
            return Ok(None);
        }
        let wrong = self.look_at_record(record, depth).await?;
        let catalog = &self.catalog;
        let written = catalog.written_record(&record.key.to_string()).await?;
        Ok(wrong.filter(|_| written.is_some()))
    }

    async fn look_at_record(
        &self,
        record: &WrittenRecord,
        depth: CheckDepth,
    ) -> Result<Option<Wrong>> {
        let object_key = record.key.to_string();
        if depth == CheckDepth::Listed {
            return found(self.blobs.size(&object_key).await);
        }
        let Some(wanted) = self.recorder.bytes(record.key, &record.wanted).await? else {
            // It went with its revision.
            return Ok(None);
        };
        let read = self.blobs.get(&object_key, 0..wanted.len() as u64 + SLACK);
        match read.await {
            Ok(bytes) if bytes == wanted => Ok(None),
            Ok(bytes) => {
                let key = record.key;
                let compare = move |wanted| wrong_bytes(&key, &bytes, wanted);
                let compared = self.recorder.with_record(&record.wanted, compare).await?;
                Ok(compared.flatten())
            }
            failed => found(failed),
        }
    }
}

fn found<T>(looked: std::result::Result<T, sheaf_blobs::Error>) -> Result<Option<Wrong>> {
    match looked {
        Ok(_) => Ok(None),
        Err(sheaf_blobs::Error::NotFound(_)) => Ok(Some(Wrong {
            kind: FaultKind::RecordMissing,
            what: "is not in the store".into(),
        })),
        Err(error) => Err(error.into()),
    }
}

/// What is wrong with a record's bytes that are not those that would be written now.
fn wrong_bytes(key: &RecordKey, bytes: &[u8], wanted: Record) -> Option<Wrong> {
    let what = match records::read(key, bytes).map(|said| says_the_same(said, wanted)) {
        Ok(true) => return None,
        Ok(false) => "says other things than the catalog".into(),
        Err(error) => format!("cannot be read: {error}"),
    };
    let kind = FaultKind::RecordDamaged;
    Some(Wrong { kind, what })
}

/// Two things may have changed since it was written: the name of a repository that a rebuild found twice, and
/// what a scan of a file for pickles found, which a newer scanner looks for again.
fn says_the_same(mut said: Record, wanted: Record) -> bool {
    match (&mut said, &wanted) {
        (Record::Ref(said), Record::Ref(wanted)) => {
            said.repository.clone_from(&wanted.repository);
        }
        (Record::Revision(said), Record::Revision(wanted)) => {
            said.repository.clone_from(&wanted.repository);
            for (said, wanted) in said.files.iter_mut().zip(&wanted.files) {
                said.pickles.clone_from(&wanted.pickles);
            }
        }
        _ => {}
    }
    said == wanted
}

/// Of what a record is, in words.
fn subject(record: &WrittenRecord) -> String {
    match &record.wanted {
        Wanted::Repository(is) => is.name.to_string(),
        Wanted::Deleted => "a deleted repository".into(),
        Wanted::Ref(of) => format!("{}@{}", of.repository, of.name),
        Wanted::Unset(name) => format!("the deletion of {name}"),
        Wanted::Revision(name, _) => match record.key.subject {
            Subject::Revision(id) => format!("revision {id} of {name}"),
            _ => format!("a revision of {name}"),
        },
    }
}
