//! Branches and tags.

use std::collections::BTreeMap;

use sheaf_catalog::Fate;
use sheaf_types::RefName;
use sheaf_types::records::{Record, RefHash, RefRecord, Subject};
use sheaf_types::revisions::RefKind;

use super::Rebuild;
use super::found::Found;
use super::repositories::Place;
use crate::{Error, Result};

impl Rebuild {
    pub(super) async fn restore_refs(
        &mut self,
        place: &mut Place,
        records: &[Found],
    ) -> Result<()> {
        let mut of: BTreeMap<RefHash, Vec<&Found>> = BTreeMap::new();
        for record in records {
            if let Subject::Ref(hash) | Subject::Unset(hash) = record.key.subject {
                of.entry(hash).or_default().push(record);
            }
        }
        for records in of.values() {
            self.restore_ref(place, records).await?;
        }
        Ok(())
    }

    /// The newest record counts. Where it cannot be read, or its revision is lost, an older one is better
    /// than none; but never where it says that the ref is gone.
    async fn restore_ref(&mut self, place: &mut Place, records: &[&Found]) -> Result<()> {
        for (at, found) in records.iter().enumerate().rev() {
            if self.try_ref(place, found).await? {
                let older = records[..at].iter().map(|older| (older.key, Fate::Goes));
                let older: Vec<_> = older.collect();
                self.tally.told.orphans += older.len() as u64;
                let place = Some(place.id);
                return Ok(self.catalog.restore_records(place, &older).await?);
            }
            place.incomplete = true;
        }
        Ok(())
    }

    /// Whether the record says what is true of its ref.
    async fn try_ref(&mut self, place: &Place, found: &Found) -> Result<bool> {
        match found.read(&self.blobs).await? {
            Ok(Record::Unset(name)) => {
                let key = &found.key;
                self.catalog.restore_unset(place.id, &name, key).await?;
                Ok(true)
            }
            Ok(Record::Ref(record)) => self.point(place, found, &record).await,
            Ok(_) => Ok(false),
            Err(what) => {
                self.tally.lose(found.key, what);
                Ok(matches!(found.key.subject, Subject::Unset(_)))
            }
        }
    }

    async fn point(&mut self, place: &Place, found: &Found, record: &RefRecord) -> Result<bool> {
        let (name, revision) = (&record.name, &record.revision);
        let of = (name, record.kind);
        let key = Some(&found.key);
        let back = self
            .catalog
            .restore_ref(place.id, of, revision, key)
            .await?;
        match back {
            true => self.tally.told.refs += 1,
            false => self.tally.lose(
                format!("{}@{name}", place.name),
                format!("it pointed to {revision}, which is lost"),
            ),
        }
        Ok(back)
    }

    /// Where something is lost, revisions that nothing points to may be what a lost ref pointed to: they get
    /// branches, so that they are not collected.
    pub(super) async fn keep_loose_ends(&mut self, place: &Place) -> Result<()> {
        for id in self.catalog.loose_ends(place.id).await? {
            let digits = id.to_string();
            let name: RefName = format!("recovered/{}", &digits[..12])
                .parse()
                .map_err(Error::internal)?;
            let of = (&name, RefKind::Branch);
            self.catalog.restore_ref(place.id, of, &id, None).await?;
            self.tally.note(
                format!("{}@{name}", place.name),
                "this branch is new: a branch or tag that is lost may have pointed here",
            );
        }
        Ok(())
    }
}
