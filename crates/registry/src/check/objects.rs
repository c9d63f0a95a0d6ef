//! The list of objects against what names them.

use std::collections::HashMap;
use std::time::SystemTime;

use futures::TryStreamExt;
use sheaf_blobs::Object;
use sheaf_catalog::Hurt;
use sheaf_types::check::{CheckDepth, FaultKind};

use super::state::Place;
use super::{Checker, fault};
use crate::Result;

/// Rows that are read at once.
const ROWS: u32 = 10_000;

impl Checker {
    /// One of the 256 folders that objects are in.
    pub(super) async fn objects(&mut self, folder: u8) -> Result<Place> {
        // Before the list is made: what comes between is no fault, and not looked at.
        let mut live = self.live(folder).await?;
        let mut listed = self.registry.blobs.list_folder(folder);
        let mut unnamed = Vec::new();
        while let Some(object) = listed.try_next().await? {
            self.state.report.objects += 1;
            match live.remove(&object.key) {
                Some(len) if len == object.size => {}
                Some(len) => self.other_length(&object.key, len, object.size).await?,
                None => unnamed.push(object),
            }
        }
        for (key, len) in live {
            self.unlisted(&key, len).await?;
        }
        for object in unnamed {
            self.unnamed(object).await?;
        }
        Ok(match folder.checked_add(1) {
            Some(folder) => Place::Objects { folder },
            None => Place::Unrecorded,
        })
    }

    async fn live(&self, folder: u8) -> Result<HashMap<String, u64>> {
        let range = sheaf_blobs::folder_keys(folder);
        let mut live = HashMap::new();
        let mut after = range.start;
        loop {
            let catalog = &self.registry.catalog;
            let rows = catalog.lengths_after(&after..&range.end, ROWS).await?;
            let full = rows.len() == ROWS as usize;
            if let Some((last, _)) = rows.last() {
                after.clone_from(last);
            }
            live.extend(rows);
            if !full {
                return Ok(live);
            }
        }
    }

    /// An object that a row names and the list has not: lists of some stores lag.
    async fn unlisted(&mut self, key: &str, len: u64) -> Result<()> {
        match self.registry.blobs.size(key).await {
            Ok(size) if size == len => Ok(()),
            Ok(size) => self.other_length(key, len, size).await,
            Err(sheaf_blobs::Error::NotFound(_)) => {
                if !self.registry.catalog.is_live(key).await? {
                    return Ok(());
                }
                let message = "the object of a chunk is not in the store".into();
                self.note_chunk(FaultKind::ObjectMissing, key, message)
                    .await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn other_length(&mut self, key: &str, len: u64, found: u64) -> Result<()> {
        if self.registry.catalog.is_live(key).await? {
            let message = format!("the object of a chunk has {found} bytes, not {len}");
            self.note_chunk(FaultKind::ObjectLength, key, message)
                .await?;
        }
        Ok(())
    }

    /// An object that no row named before the list was made. One that was being written then had been
    /// announced, so that one which nothing names now never will be needed: it is one of a server that
    /// died when its announcement had been given up, or gone already.
    async fn unnamed(&mut self, object: Object) -> Result<()> {
        let Object { key, size, .. } = &object;
        if sheaf_blobs::read_object_key(key).is_none() {
            self.note_foreign(&object);
            return Ok(());
        }
        let named = self.registry.catalog.is_named(key).await?;
        if named || !self.is_old(&object) || !self.is_there(key).await? {
            return Ok(());
        }
        let message = format!("nothing names this object of {size} bytes");
        self.note_unneeded(FaultKind::ObjectUnnamed, key, message);
        if self.state.report.check.repair
            && self.registry.catalog.throw_unnamed_away(key, *size).await?
        {
            self.repaired(key, "given to the collection");
        }
        Ok(())
    }

    /// Objects that are in none of the folders.
    pub(super) async fn outside(&mut self) -> Result<Place> {
        for object in self.registry.blobs.list_outside().await? {
            self.note_foreign(&object);
        }
        Ok(Place::RecordList { folder: 0 })
    }

    pub(super) fn note_foreign(&mut self, object: &Object) {
        let Object { key, size, .. } = object;
        let message = format!("an object of {size} bytes is none that Sheaf wrote");
        self.note_unneeded(FaultKind::ObjectForeign, key, message);
    }

    pub(super) fn note_unneeded(&mut self, kind: FaultKind, key: &str, message: String) {
        let chunk = sheaf_blobs::read_object_key(key).map(|(chunk, _)| chunk);
        self.note(fault(
            kind,
            message,
            Some(key.into()),
            chunk,
            Hurt::default(),
        ));
    }

    /// Whether whoever wrote it is not waited for any more.
    fn is_old(&self, object: &Object) -> bool {
        let age = SystemTime::now().duration_since(object.modified);
        age.unwrap_or_default() >= self.registry.settings.writes_abandoned_after
    }

    pub(super) async fn is_there(&self, key: &str) -> Result<bool> {
        match self.registry.blobs.size(key).await {
            Ok(_) => Ok(true),
            Err(sheaf_blobs::Error::NotFound(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether lengths of objects were compared with the list of the store.
    pub(super) fn has_list(&self) -> bool {
        self.repository.is_none()
    }

    /// Where to go on once lists of chunks were looked at.
    pub(super) fn after_lists(&self) -> Place {
        match self.depth() {
            CheckDepth::Listed if self.has_list() => self.in_the_end(),
            _ => Place::Chunks { after: 0 },
        }
    }

    /// The list of objects comes last: one that nothing names may have what mends a chunk.
    pub(super) fn in_the_end(&self) -> Place {
        match self.has_list() {
            true => Place::Objects { folder: 0 },
            false => Place::Unrecorded,
        }
    }
}
