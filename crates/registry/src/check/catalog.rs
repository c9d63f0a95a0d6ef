//! The catalog in itself.

use sheaf_catalog::{CheckedContent, Hurt, RevisionRow};
use sheaf_types::RepositoryName;
use sheaf_types::check::{FaultKind, HurtFile};
use sheaf_types::files::ChunkRef;
use sheaf_types::revisions::TreeEntry;

use super::state::Place;
use super::{Checker, HURTS, fault};
use crate::Result;
use crate::ingest::{list_id, revision_id};

/// Rows that are read at once.
const ROWS: u32 = 100;

impl Checker {
    pub(super) async fn database(&mut self) -> Result<Place> {
        for message in self.registry.catalog.contradictions().await? {
            self.note_catalog(message, Hurt::default());
        }
        Ok(Place::Revisions { after: 0 })
    }

    /// Some revisions: their ids and sums, made anew from their files.
    pub(super) async fn revisions(&mut self, after: i64) -> Result<Place> {
        let catalog = self.registry.catalog.clone();
        let rows = catalog
            .revisions_after(after, self.repository, ROWS)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(Place::Lists { after: 0 });
        };
        let next = last.number;
        for row in rows {
            self.state.report.revisions += 1;
            match row.row {
                Ok((name, revision)) => self.revision(&name, &revision).await?,
                Err(error) => self.unreadable("revisions", row.number, error)?,
            }
        }
        Ok(Place::Revisions { after: next })
    }

    async fn revision(&mut self, name: &RepositoryName, row: &RevisionRow) -> Result<()> {
        let (files, wrong) = match self.registry.all_entries(row.id).await {
            Ok(files) => {
                let wrong = wrong_revision(row, &files);
                (files, wrong)
            }
            Err(sheaf_catalog::Error::Corrupt(what)) => {
                (Vec::new(), Some(format!("has a file with no valid {what}")))
            }
            Err(error) => return Err(error.into()),
        };
        let Some(wrong) = wrong else {
            return Ok(());
        };
        // One that went away meanwhile went with its files.
        if self.registry.catalog.has_revision(row.id).await? {
            self.note_revision(name, row, &files, &wrong);
        }
        Ok(())
    }

    fn note_revision(
        &mut self,
        name: &RepositoryName,
        row: &RevisionRow,
        files: &[TreeEntry],
        wrong: &str,
    ) {
        let id = row.revision.id;
        let hurt = files.iter().take(HURTS).map(|file| HurtFile {
            repository: name.clone(),
            reference: id.to_string(),
            path: file.path.clone(),
        });
        let hurt = Hurt {
            files: hurt.collect(),
            more: files.len().saturating_sub(HURTS) as u64,
        };
        self.note_catalog(format!("revision {id} of {name} {wrong}"), hurt);
    }

    /// Some lists of chunks: their names, made anew from their chunks, and that they are without a gap.
    pub(super) async fn lists(&mut self, after: i64) -> Result<Place> {
        let catalog = self.registry.catalog.clone();
        let rows = catalog.contents_after(after, self.repository, ROWS).await?;
        let Some(last) = rows.last() else {
            return Ok(self.after_lists());
        };
        let next = last.number;
        for row in rows {
            match row.row {
                Ok(content) => self.list(&content).await?,
                Err(error) => self.unreadable("contents", row.number, error)?,
            }
        }
        Ok(Place::Lists { after: next })
    }

    async fn list(&mut self, content: &CheckedContent) -> Result<()> {
        let catalog = self.registry.catalog.clone();
        let wrong = match catalog.list_of(content.id).await {
            Ok(list) => wrong_list(content, &list),
            Err(sheaf_catalog::Error::Corrupt(what)) => {
                Some(format!("have one with no valid {what}"))
            }
            Err(error) => return Err(error.into()),
        };
        let Some(wrong) = wrong else {
            return Ok(());
        };
        if catalog.has_content(content.id).await? {
            let hurt = catalog.hurt_by_content(content.id, HURTS).await?;
            let message = format!(
                "the chunks of the file with SHA-256 {} {wrong}",
                content.sha256
            );
            self.note_catalog(message, hurt);
        }
        Ok(())
    }

    /// A row that holds what was never written is a fault; that a row could not be had is an error.
    pub(super) fn unreadable(
        &mut self,
        table: &str,
        number: i64,
        error: sheaf_catalog::Error,
    ) -> Result<()> {
        match error {
            sheaf_catalog::Error::Corrupt(what) => {
                let message = format!("row {number} of the table '{table}' holds no valid {what}");
                self.note_catalog(message, Hurt::default());
                Ok(())
            }
            error => Err(error.into()),
        }
    }

    pub(super) fn note_catalog(&mut self, message: String, hurt: Hurt) {
        self.note(fault(FaultKind::Catalog, message, None, None, hurt));
    }
}

fn wrong_revision(row: &RevisionRow, files: &[TreeEntry]) -> Option<String> {
    let shown = &row.revision;
    let bytes = files.iter().map(|file| file.size);
    let bytes = bytes.fold(0u64, u64::saturating_add);
    if (shown.files, shown.bytes) != (files.len() as u64, bytes) {
        return Some(format!(
            "has {} files of {bytes} bytes, not {} of {}",
            files.len(),
            shown.files,
            shown.bytes
        ));
    }
    let id = revision_id(shown.parent, &shown.message, shown.created_at, files.iter());
    (id != shown.id)
        .then(|| "is not what its id says: parent, message, time or a file is other".into())
}

fn wrong_list(content: &CheckedContent, list: &[(u64, ChunkRef)]) -> Option<String> {
    let mut end = 0u64;
    for (start, chunk) in list {
        if *start != end {
            return Some(format!(
                "leave a gap, or lie over each other, at byte {end}"
            ));
        }
        end = end.saturating_add(chunk.size);
    }
    if end != content.size {
        return Some(format!("have {end} bytes together, not {}", content.size));
    }
    let chunks: Vec<ChunkRef> = list.iter().map(|(_, chunk)| *chunk).collect();
    let same = list_id(&content.sha256, &chunks)[..] == content.list[..];
    (!same).then(|| "are not those that were found to be it".into())
}
