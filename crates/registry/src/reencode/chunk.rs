//! One chunk: its blob made anew, and swapped for the old one where it is smaller.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use sheaf_catalog::{ChunkRow, Reencoded as Tried, Swapped};
use sheaf_codec::{decode, encode, max_blob_len};
use sheaf_types::jobs::Level;
use sheaf_types::{BlobId, ChunkId};

use super::number;
use crate::ingest::is_unknown;
use crate::materialize::{damaged, verified_header};
use crate::step::Step;
use crate::{Error, Registry, Result};

/// A blob that was made anew.
struct Made {
    id: BlobId,
    bytes: Bytes,
}

impl Registry {
    /// Tries the chunk of a row at a level, unless that was done meanwhile; its raw bytes. A write that
    /// took so long that a collection gave it up is made again.
    pub(super) async fn reencode_chunk(self: &Arc<Self>, chunk: i64, level: Level) -> Result<u64> {
        let Some(row) = self.catalog.chunk_below(chunk, number(level)).await? else {
            return Ok(0);
        };
        // Stored, raw, encoded, what the codec works with, and what was encoded decoded again.
        let raw_len = row.raw_len as usize;
        let memory = row.stored_len + (3 * raw_len + max_blob_len(raw_len)) as u64;
        let reserved = self.ingest_budget.reserve(memory).await?;
        let Some(stored) = self.whole_blob(&row).await? else {
            return self.gone(&row).await;
        };
        let old = row.clone();
        let work = move || (make(&old, &stored, level), reserved);
        let (made, _reserved) = self.cpu.run(work).await?;
        let made = self.suspect(&row, made).await?;
        self.reached(Step::ReencodeRead);
        while self.replace(&row, made.as_ref(), level).await? == Swapped::Overtaken {}
        Ok(row.raw_len)
    }

    /// An object may be gone since another server was faster, or since nobody needs the chunk any more.
    async fn gone(&self, row: &ChunkRow) -> Result<u64> {
        match self.moved(row).await {
            Ok(_) | Err(Error::BlobNotFound(_)) => Ok(row.raw_len),
            Err(error) => Err(error),
        }
    }

    /// Stores a new blob and swaps it for the old one; without one, notes that the old one stays.
    async fn replace(&self, old: &ChunkRow, made: Option<&Made>, level: Level) -> Result<Swapped> {
        let mut tried = Tried {
            old: old.clone(),
            new: None,
            level: number(level),
            not_before: self.told_until(),
        };
        let Some(made) = made else {
            return Ok(self.catalog.swap(tried).await?);
        };
        let object_key = sheaf_blobs::object_key(&old.chunk, &made.id)?;
        tried.new = Some(ChunkRow {
            blob: made.id,
            object_key: object_key.clone(),
            stored_len: made.bytes.len() as u64,
            ..old.clone()
        });
        let steps = [Step::ReencodeAnnounced, Step::ReencodeWritten];
        let written = self.write_object(&object_key, made.bytes.clone(), steps);
        if !written.await? {
            return Ok(Swapped::Overtaken);
        }
        let swapped = self.catalog.swap(tried).await;
        if matches!(swapped, Ok(Swapped::Done)) {
            self.reached(Step::ReencodeSwapped);
        } else if !is_unknown(&swapped) {
            self.discard(&object_key).await;
        }
        Ok(swapped?)
    }

    /// How long those who were told of a blob by now may read it: the grace period, and as long again as
    /// an address in the bucket holds that was given out in it.
    fn told_until(&self) -> Timestamp {
        let settings = &self.settings;
        let direct = settings.direct.unwrap_or_default();
        let kept = settings.collection_grace.saturating_add(direct);
        let until = Timestamp::now().checked_add(kept);
        until.unwrap_or(Timestamp::MAX)
    }
}

/// The blob at a level, if it is smaller than the one that is stored. Nothing is taken for granted: what
/// was stored must be the chunk, and what is made must come back as it.
fn make(row: &ChunkRow, stored: &[u8], level: Level) -> Result<Option<Made>> {
    let header = verified_header(row, stored)?;
    let raw = decode(stored, None).map_err(|error| damaged(row, error))?;
    if blake3::hash(&raw) != *row.chunk.as_bytes() {
        return Err(damaged(row, "its bytes are not those of the chunk"));
    }
    let blob = encode(&raw, row.chunk.0, &header.hint(), None, of_codec(level));
    if blob.bytes.len() as u64 >= row.stored_len {
        return Ok(None);
    }
    match decode(&blob.bytes, None) {
        Ok(back) if back == raw => Ok(Some(Made {
            id: BlobId(blob.id),
            bytes: blob.bytes.into(),
        })),
        _ => Err(Error::internal(Wrong(row.chunk))),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("what chunk {0} was encoded to does not come back as it")]
struct Wrong(ChunkId);

fn of_codec(level: Level) -> sheaf_codec::Level {
    match level {
        Level::Fast => sheaf_codec::Level::Fast,
        Level::Default => sheaf_codec::Level::Default,
        Level::Max => sheaf_codec::Level::Max,
    }
}
