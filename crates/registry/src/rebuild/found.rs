//! A record that is in the object store, and its reading.

use bytes::Bytes;
use sheaf_blobs::{Blobs, Object};
use sheaf_types::records::{self, Record, RecordKey};

use crate::Result;

/// More bytes no record has: some 20 million chunks.
const MAX_LEN: u64 = 1 << 30;

/// A record by its key.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub key: RecordKey,
    pub size: u64,
}

impl Found {
    /// `None` where an object's key is none of a record.
    pub fn of(object: &Object) -> Option<Self> {
        let key = object.key.parse().ok()?;
        Some(Self {
            key,
            size: object.size,
        })
    }

    /// What it says, or what is wrong with it.
    pub async fn read(&self, blobs: &Blobs) -> Result<std::result::Result<Record, String>> {
        if self.size > MAX_LEN {
            return Ok(Err("it is longer than any record".into()));
        }
        if self.size == 0 {
            return Ok(Err("it is empty".into()));
        }
        let bytes = match blobs.get(&self.key.to_string(), 0..self.size).await {
            Ok(bytes) => bytes,
            Err(sheaf_blobs::Error::NotFound(_)) => Bytes::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(records::read(&self.key, &bytes).map_err(|error| error.to_string()))
    }
}
