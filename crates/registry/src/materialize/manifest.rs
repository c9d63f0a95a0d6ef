use std::sync::Arc;

use futures::TryStreamExt;
use sheaf_formats::scan;
use sheaf_types::files::{FileManifest, StoredChunk};
use sheaf_types::{FilePath, RepositoryName};

use crate::{Caller, Registry, Result};

impl Registry {
    /// How a file is put together.
    pub async fn manifest(
        self: &Arc<Self>,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
        path: &FilePath,
    ) -> Result<FileManifest> {
        let file = self.open_file(caller, name, reference, path).await?;
        let chunks = self
            .chunk_rows(file.content, 0..file.entry.size)
            .map_ok(|(_, row)| StoredChunk {
                id: row.chunk,
                size: row.raw_len,
                blob: row.blob,
                stored_size: row.stored_len,
                base: None,
            })
            .try_collect()
            .await?;
        let named = scan::is_named(file.entry.path.as_str());
        let pickles = self.catalog.pickle_verdict(file.content, named).await?;
        let near_lossless = self.near_lossless(&file).await?;
        Ok(FileManifest {
            revision: file.revision,
            path: file.entry.path,
            size: file.entry.size,
            sha256: file.entry.sha256,
            near_lossless,
            pickles,
            chunks,
            bases: vec![],
        })
    }
}
