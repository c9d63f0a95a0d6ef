//! A revision's record: its files, and what each is put together of.

use std::collections::HashMap;

use sheaf_catalog::{FileRow, RevisionRowId, Scanned};
use sheaf_formats::scan;
use sheaf_types::records::{FileRecord, Pickles, RevisionRecord};
use sheaf_types::{FilePath, RepositoryName};

use super::Recorder;
use crate::Result;

/// Chunks that are read at once.
const CHUNKS_AT_ONCE: u32 = 10_000;

type ScannedFiles = HashMap<(FilePath, bool), Scanned>;

impl Recorder {
    /// What a revision's record says; `None` when the revision is gone.
    pub(super) async fn revision_record(
        &self,
        repository: RepositoryName,
        row: RevisionRowId,
    ) -> Result<Option<RevisionRecord>> {
        let Some(found) = self.catalog.revision(row).await? else {
            return Ok(None);
        };
        let mut record = RevisionRecord {
            repository,
            id: found.revision.id,
            parent: found.revision.parent,
            message: found.revision.message,
            created_at: found.revision.created_at,
            files: self.file_records(row).await?,
        };
        self.add_chunks(row, &mut record.files).await?;
        Ok(Some(record))
    }

    /// The files, still without chunks.
    async fn file_records(&self, row: RevisionRowId) -> Result<Vec<FileRecord>> {
        let mut scanned: ScannedFiles = self
            .catalog
            .tree_scanned(row)
            .await?
            .into_iter()
            .map(|(path, scanned)| ((path, scanned.named), scanned))
            .collect();
        let mut records = Vec::new();
        for file in self.catalog.all_files(row).await? {
            records.push(self.file_record(file, &mut scanned).await?);
        }
        Ok(records)
    }

    async fn file_record(&self, file: FileRow, scanned: &mut ScannedFiles) -> Result<FileRecord> {
        let near_lossless = match file.near_lossless {
            Some(row) => self.catalog.near_lossless(row).await?,
            None => None,
        };
        let named = scan::is_named(file.entry.path.as_str());
        let scanned = scanned.remove(&(file.entry.path.clone(), named));
        Ok(FileRecord {
            path: file.entry.path,
            size: file.entry.size,
            sha256: file.entry.sha256,
            near_lossless,
            pickles: match scanned.map(|scanned| scanned.verdict) {
                None => Pickles::NotScanned,
                Some(None) => Pickles::None,
                Some(Some(verdict)) => Pickles::Verdict(verdict),
            },
            chunks: vec![],
        })
    }

    /// Both come in the order of their paths.
    async fn add_chunks(&self, row: RevisionRowId, files: &mut [FileRecord]) -> Result<()> {
        let mut files = files.iter_mut().peekable();
        let mut last = None;
        loop {
            let page = self
                .catalog
                .tree_chunks(row, last.as_ref(), CHUNKS_AT_ONCE)
                .await?;
            let done = page.len() < CHUNKS_AT_ONCE as usize;
            for chunk in &page {
                while files.next_if(|file| file.path < chunk.path).is_some() {}
                if let Some(file) = files.peek_mut() {
                    file.chunks.push(chunk.chunk);
                }
            }
            if done {
                return Ok(());
            }
            last = page.into_iter().next_back();
        }
    }
}
