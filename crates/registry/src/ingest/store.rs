//! One blob: announced, written, durable, named.

use bytes::Bytes;
use sheaf_catalog::{ChunkRow, Live, NewBlob};
use sheaf_types::{BlobId, ChunkId, UploadId};

use crate::step::Step;
use crate::{Error, Registry, Result};

impl Registry {
    /// Holds a chunk for an upload, whose bytes were had; whether it was stored already.
    pub(crate) async fn hold_stored(&self, upload: &UploadId, chunk: &ChunkId) -> Result<bool> {
        if !self.catalog.has_chunk(chunk).await? {
            return Ok(false);
        }
        let held = self.catalog.pin_shown(upload, chunk).await?;
        held.ok_or(Error::UploadClosed)
    }

    /// Stores a blob and holds its chunk for an upload. A write that took so long that a collection
    /// gave it up is made again.
    pub(crate) async fn store_blob(
        &self,
        upload: UploadId,
        chunk: ChunkId,
        raw_len: u64,
        blob: BlobId,
        bytes: Bytes,
    ) -> Result<()> {
        loop {
            let object_key = sheaf_blobs::object_key(&chunk, &blob)?;
            let row = ChunkRow {
                chunk,
                raw_len,
                blob,
                object_key,
                stored_len: bytes.len() as u64,
            };
            match self
                .write_blob(NewBlob { row, upload }, bytes.clone())
                .await?
            {
                Live::Stored | Live::Existed => return Ok(()),
                Live::Gone => return Err(Error::UploadClosed),
                Live::Overtaken => {}
            }
        }
    }

    /// One write, to a key of its own. What does not go live is deleted.
    async fn write_blob(&self, new: NewBlob, bytes: Bytes) -> Result<Live> {
        let object_key = new.row.object_key.clone();
        let steps = [Step::PushAnnounced, Step::PushWritten];
        if !self.write_object(&object_key, bytes, steps).await? {
            return Ok(Live::Overtaken);
        }
        let live = self.catalog.go_live(new).await;
        if matches!(live, Ok(Live::Stored)) {
            self.reached(Step::PushLive);
        }
        // On a full disk nothing was written: no row will ever name it.
        if !matches!(live, Ok(Live::Stored)) && !is_unknown(&live) {
            self.discard(&object_key).await;
        }
        Ok(live?)
    }

    /// Announces an object and writes it; whether it is there: a collection may have given it up before it
    /// was whole. One that cannot be written is withdrawn.
    pub(crate) async fn write_object(
        &self,
        object_key: &str,
        bytes: Bytes,
        [announced, written]: [Step; 2],
    ) -> Result<bool> {
        self.catalog.announce(object_key.to_owned()).await?;
        self.reached(announced);
        match self.blobs.put(object_key, bytes).await {
            Ok(()) => {}
            Err(sheaf_blobs::Error::TakenAway) => return Ok(false),
            // What may come about later is found by its intent.
            Err(error) if error.may_come_about() => return Err(error.into()),
            Err(error) => {
                self.discard(object_key).await;
                return Err(error.into());
            }
        }
        self.reached(written);
        Ok(true)
    }

    /// Deletes an object that no row names. Where that fails its intent stays, by which it is found
    /// again.
    pub(crate) async fn discard(&self, object_key: &str) {
        let gone = match self.blobs.delete(object_key).await {
            Ok(()) => self.catalog.withdraw(object_key).await.map_err(Error::from),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = gone {
            tracing::warn!(object_key, %error, "an object that nothing names was left");
        }
    }
}

/// Whether the row may have come all the same: the connection failed, say, with the answer on its way.
pub(crate) fn is_unknown<T>(outcome: &std::result::Result<T, sheaf_catalog::Error>) -> bool {
    matches!(outcome, Err(error) if !matches!(error, sheaf_catalog::Error::Full))
}
