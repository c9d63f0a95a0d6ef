//! The tensors of a stored file, and what each takes.

use std::ops::Range;
use std::sync::Arc;

use futures::TryStreamExt;
use sheaf_catalog::ChunkRow;
use sheaf_formats::{Layout, layout};
use sheaf_types::files::{FileTensors, StoredTensor};
use sheaf_types::{FilePath, RepositoryName};
use tokio::runtime::Handle;

use super::file::OpenFile;
use super::reader::StoredFile;
use crate::{Caller, Error, Registry, Result};

impl Registry {
    /// What is in a model file. Read from the file's own header, or its index, each time: no copy of it can
    /// go stale.
    pub async fn tensors(
        self: &Arc<Self>,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
        path: &FilePath,
    ) -> Result<FileTensors> {
        let file = self.open_file(caller, name, reference, path).await?;
        let chunks: Vec<(u64, ChunkRow)> = self
            .chunk_rows(file.content, 0..file.entry.size)
            .try_collect()
            .await?;
        let layout = self.layout(&file).await?;
        let tensors = layout.tensors.into_iter().map(|tensor| StoredTensor {
            stored_size: share(&chunks, &tensor.range),
            name: tensor.name,
            dtype: tensor.dtype_name,
            shape: tensor.shape,
            start: tensor.range.start,
            end: tensor.range.end,
        });
        Ok(FileTensors {
            format: layout.format.into(),
            tensors: tensors.collect(),
        })
    }

    /// What is in a file, by its own bytes or by what another of its revision says.
    async fn layout(self: &Arc<Self>, file: &OpenFile) -> Result<Layout> {
        let size = file.entry.size;
        let stored = StoredFile::new(self, &Handle::current(), file.content, size);
        let layout = tokio::task::spawn_blocking(move || layout(&stored))
            .await
            .map_err(Error::internal)??;
        if layout.format != Layout::UNKNOWN {
            return Ok(layout);
        }
        let told = self.told(file.revision_row, &file.entry.path).await?;
        Ok(told.map_or(layout, |told| told.layout(size)))
    }
}

/// The part of the stored sizes of the chunks that a range of the file lies in.
fn share(chunks: &[(u64, ChunkRow)], range: &Range<u64>) -> u64 {
    let first = chunks.partition_point(|(start, row)| start + row.raw_len <= range.start);
    chunks[first..]
        .iter()
        .take_while(|(start, _)| *start < range.end)
        .map(|(start, row)| {
            let from = range.start.max(*start);
            let to = range.end.min(start + row.raw_len);
            let part = u128::from(to.saturating_sub(from)) * u128::from(row.stored_len);
            (part / u128::from(row.raw_len.max(1))) as u64
        })
        .sum()
}
