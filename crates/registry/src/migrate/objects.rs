//! Objects from one store to another, folder by folder.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_blobs::Blobs;
use sheaf_catalog::{Catalog, ChunkRow};

use super::{FROM, MoveError, Progress, TO, of_blobs, of_catalog};
use crate::Error;
use crate::cpu::Cpu;
use crate::materialize::verify_blob;

/// Objects on their way at once. Each is in memory, up to 16 MiB and a little.
const AT_ONCE: usize = 8;
/// Rows that are read at once.
const ROWS: u32 = 1000;

pub(super) struct Objects {
    pub catalog: Catalog,
    pub from: Blobs,
    pub to: Blobs,
    pub cpu: Cpu,
}

/// What became of an object.
enum Outcome {
    Copied,
    /// It was there, and whole.
    There,
    /// It is not what its row says.
    Damaged(String),
}

impl Objects {
    /// Copies what is not there; how many were.
    pub async fn copy(self: Arc<Self>, progress: &dyn Progress) -> Result<u64, MoveError> {
        let (mut there, mut damaged, mut first) = (0, 0, None);
        for folder in 0..=u8::MAX {
            let listed = self.listed(folder).await?;
            let mut after = sheaf_blobs::folder_keys(folder).start;
            loop {
                let end = sheaf_blobs::folder_keys(folder).end;
                let rows = self.catalog.stored_after(&after..&end, ROWS).await;
                let rows = rows.map_err(of_catalog(FROM))?;
                let Some(last) = rows.last() else { break };
                after.clone_from(&last.object_key);
                let mut outcomes = stream::iter(rows)
                    .map(|row| {
                        let there = listed.get(&row.object_key) == Some(&row.stored_len);
                        let objects = Arc::clone(&self);
                        async move { (objects.object(&row, there).await, row) }
                    })
                    .buffer_unordered(AT_ONCE);
                while let Some((outcome, row)) = outcomes.next().await {
                    match outcome? {
                        Outcome::Copied => {}
                        Outcome::There => there += 1,
                        Outcome::Damaged(why) => {
                            damaged += 1;
                            first.get_or_insert(format!("{}: {why}", row.object_key));
                        }
                    }
                    progress.moved(row.stored_len);
                }
            }
        }
        match first {
            None => Ok(there),
            Some(first) => Err(MoveError::Damaged {
                count: damaged,
                first,
            }),
        }
    }

    /// What an earlier run has brought.
    async fn listed(&self, folder: u8) -> Result<HashMap<String, u64>, MoveError> {
        let listed = self.to.list_folder(folder);
        let listed = listed.map_ok(|object| (object.key, object.size));
        listed.try_collect().await.map_err(of_blobs(TO))
    }

    async fn object(&self, row: &ChunkRow, listed: bool) -> Result<Outcome, MoveError> {
        if listed && self.read(&self.to, row, TO).await?.is_ok() {
            return Ok(Outcome::There);
        }
        let bytes = match self.read(&self.from, row, FROM).await? {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Outcome::Damaged(why)),
        };
        // What is there is another's, or was cut.
        let cleared = self.to.delete(&row.object_key).await;
        cleared.map_err(of_blobs(TO))?;
        let put = self.to.put(&row.object_key, bytes).await;
        put.map_err(of_blobs(TO))?;
        Ok(Outcome::Copied)
    }

    /// An object's bytes, verified, or what is wrong with them.
    async fn read(
        &self,
        blobs: &Blobs,
        row: &ChunkRow,
        whose: &'static str,
    ) -> Result<Result<Bytes, String>, MoveError> {
        // One byte more, to see an end that comes too late.
        let bytes = match blobs.get(&row.object_key, 0..row.stored_len + 1).await {
            Ok(bytes) => bytes,
            Err(error @ sheaf_blobs::Error::NotFound(_)) => return Ok(Err(error.to_string())),
            Err(error) => return Err(of_blobs(whose)(error)),
        };
        let row = row.clone();
        let verified = self
            .cpu
            .run(move || verify_blob(&row, &bytes).map(|()| bytes))
            .await?;
        match verified {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(Error::Damaged { reason, .. }) => Ok(Err(reason)),
            Err(error) => Err(error.into()),
        }
    }
}
