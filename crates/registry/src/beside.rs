//! What other files of a revision say of one whose own bytes say nothing.

use std::io;
use std::sync::Arc;

use sheaf_catalog::{FileRow, RevisionRowId};
use sheaf_formats::{Chunker, ReadAt, Told, may_be_index, told};
use sheaf_types::FilePath;
use tokio::runtime::Handle;

use crate::materialize::StoredFile;
use crate::{Error, Registry, Result};

/// Files of a revision that are looked at at once.
const FILES_AT_ONCE: u32 = 10_000;

/// What reading an index may take: its text, and what it says.
const INDEX_MEMORY: u64 = 48 << 20;

/// Where a file goes, and so what is beside it.
pub(crate) struct Beside {
    /// The branch's head.
    pub head: Option<RevisionRowId>,
    pub path: FilePath,
}

impl Registry {
    /// A chunker for a file whose own bytes say nothing. An index that cannot be read says nothing either: that is
    /// no reason to refuse a file.
    pub(crate) async fn chunker_beside(self: &Arc<Self>, beside: &Beside) -> Chunker {
        let told = match beside.head {
            Some(head) => self.told(head, &beside.path).await,
            None => Ok(None),
        };
        let told = told.unwrap_or_else(|error| {
            tracing::warn!(%error, path = %beside.path, "no index could be read of a file");
            None
        });
        told.map_or_else(Chunker::unknown, |told| told.chunker())
    }

    /// What the files of a revision say of the one at this path.
    pub(crate) async fn told(
        self: &Arc<Self>,
        revision: RevisionRowId,
        path: &FilePath,
    ) -> Result<Option<Told>> {
        let indexes = self.indexes(revision, path).await?;
        if indexes.is_empty() {
            return Ok(None);
        }
        let _reserved = self.ingest_budget.reserve(INDEX_MEMORY).await?;
        let (registry, runtime) = (Arc::clone(self), Handle::current());
        let data = path.clone();
        let look = move || {
            let paths = indexes.iter().map(|file| file.entry.path.as_str());
            told(data.as_str(), paths, &mut |path| {
                let file = indexes.iter().find(|file| file.entry.path.as_str() == path);
                let file = file.ok_or(io::ErrorKind::NotFound)?;
                let file = StoredFile::new(&registry, &runtime, file.content, file.entry.size);
                Ok(Box::new(file) as Box<dyn ReadAt>)
            })
        };
        let found = tokio::task::spawn_blocking(look).await;
        Ok(found.map_err(Error::internal)??)
    }

    /// The files that may say something of another.
    async fn indexes(&self, revision: RevisionRowId, path: &FilePath) -> Result<Vec<FileRow>> {
        let (mut indexes, mut after) = (vec![], String::new());
        loop {
            let files = self
                .catalog
                .files(revision, "", &after, FILES_AT_ONCE)
                .await?;
            let Some(last) = files.last().map(|file| file.entry.path.to_string()) else {
                return Ok(indexes);
            };
            after = last;
            let may_be =
                |file: &FileRow| file.entry.path != *path && may_be_index(file.entry.path.as_str());
            indexes.extend(files.into_iter().filter(may_be));
        }
    }
}
