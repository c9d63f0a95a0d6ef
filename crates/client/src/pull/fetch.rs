//! A chunk's blob from the server, verified and decoded.

use bytes::Bytes;
use sheaf_codec::{Header, Parsed, decode};
use sheaf_types::FilePath;
use sheaf_types::files::StoredChunk;

use super::Pull;
use crate::{Error, pool};

/// A chunk's raw bytes, and what came for them.
pub(super) struct Fetched {
    pub raw: Vec<u8>,
    pub received: u64,
    /// That much of it from the bucket.
    pub direct: u64,
}

impl Pull<'_> {
    /// A chunk: straight from the bucket where that works, else through the server.
    pub(super) async fn fetch(
        &self,
        file: &FilePath,
        chunk: StoredChunk,
        base: Option<StoredChunk>,
    ) -> Result<Fetched, Error> {
        if self.client.bucket.is_open()
            && let Some(fetched) = self.fetch_directly(chunk, base).await
        {
            return Ok(fetched);
        }
        let blob = self.blob(file, &chunk).await?;
        let base_blob = match &base {
            None => None,
            Some(base) => Some((*base, self.blob(file, base).await?)),
        };
        let received = len(&blob, base_blob.as_ref());
        let raw = pool::run(move || unpack_on(&chunk, &blob, base_blob.as_ref())).await;
        let raw = raw.map_err(|reason| Error::corrupt(file, reason))?;
        Ok(Fetched {
            raw,
            received,
            direct: 0,
        })
    }

    /// What the bucket has, if it is right.
    async fn fetch_directly(
        &self,
        chunk: StoredChunk,
        base: Option<StoredChunk>,
    ) -> Option<Fetched> {
        let blob = self.direct_blob(&chunk).await?;
        let base_blob = match base {
            None => None,
            Some(base) => Some((base, self.direct_blob(&base).await?)),
        };
        let direct = len(&blob, base_blob.as_ref());
        let raw = pool::run(move || unpack_on(&chunk, &blob, base_blob.as_ref())).await;
        match raw {
            Ok(_) => self.client.bucket.worked(),
            Err(_) => self.client.bucket.failed(),
        }
        raw.ok().map(|raw| Fetched {
            raw,
            received: direct,
            direct,
        })
    }

    async fn direct_blob(&self, chunk: &StoredChunk) -> Option<Bytes> {
        let _turn = self.requests.acquire().await;
        let blob = self.client.blob_from_bucket(self.name, chunk).await?;
        self.progress.wire(blob.len() as u64);
        Some(blob)
    }

    async fn blob(&self, file: &FilePath, chunk: &StoredChunk) -> Result<Bytes, Error> {
        // Nobody closes the semaphore.
        let _turn = self.requests.acquire().await;
        let blob = self.client.blob(self.name, chunk).await;
        let blob = blob.map_err(|error| {
            if error.is_not_found() {
                Error::Replaced { path: file.clone() }
            } else {
                error
            }
        })?;
        self.progress.wire(blob.len() as u64);
        Ok(blob)
    }
}

fn len(blob: &Bytes, base: Option<&(StoredChunk, Bytes)>) -> u64 {
    (blob.len() + base.map_or(0, |(_, blob)| blob.len())) as u64
}

fn unpack_on(
    chunk: &StoredChunk,
    blob: &[u8],
    base: Option<&(StoredChunk, Bytes)>,
) -> Result<Vec<u8>, String> {
    let base = base.map(|(base, blob)| unpack(base, blob, None));
    unpack(chunk, blob, base.transpose()?.as_deref())
}

/// Decodes a blob that must be the one which the manifest names.
fn unpack(chunk: &StoredChunk, blob: &[u8], base: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let parsed = Header::parse(blob).map_err(|error| error.to_string())?;
    let Parsed::Header(header, _) = parsed else {
        return Err("a blob ends within its header".into());
    };
    let same = header.blob_id() == chunk.blob.0
        && header.chunk_id() == chunk.id.0
        && header.raw_len() == chunk.size
        && header.base() == chunk.base.map(|base| base.0);
    if !same {
        return Err("a blob is not the one that the manifest names".into());
    }
    decode(blob, base).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use sheaf_codec::{Base, Blob, Dtype, Hint, Level, encode};
    use sheaf_types::{BlobId, ChunkId};

    use super::*;

    const HINT: Hint = Hint {
        dtype: Dtype::Bytes,
        row: 0,
        offset: 0,
    };

    fn stored(raw: &[u8], base: Option<&Base<'_>>) -> (StoredChunk, Vec<u8>) {
        let id = *blake3::hash(raw).as_bytes();
        let Blob {
            bytes,
            id: blob,
            base,
            ..
        } = encode(raw, id, &HINT, base, Level::Fast);
        let chunk = StoredChunk {
            id: ChunkId(id),
            size: raw.len() as u64,
            blob: BlobId(blob),
            stored_size: bytes.len() as u64,
            base: base.map(ChunkId),
        };
        (chunk, bytes)
    }

    fn noise(seed: u64) -> Vec<u8> {
        let mut state = seed;
        let step = |_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..100_000).map(step).collect()
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let (chunk, blob) = stored(&noise(1), None);
        assert_eq!(unpack(&chunk, &blob, None).unwrap(), noise(1));
        for at in (0..blob.len()).step_by(blob.len() / 97) {
            let mut bad = blob.clone();
            bad[at] ^= 1;
            assert!(unpack(&chunk, &bad, None).is_err(), "{at}");
        }
        assert!(unpack(&chunk, &blob[..blob.len() - 1], None).is_err());
        assert!(unpack(&chunk, &blob[..3], None).is_err());
    }

    #[test]
    fn a_good_blob_of_another_chunk_is_refused() {
        let (chunk, _) = stored(&noise(1), None);
        let (_, other) = stored(&noise(2), None);
        assert!(unpack(&chunk, &other, None).is_err());
    }

    #[test]
    fn a_delta_is_decoded_on_its_base() {
        let raw = noise(1);
        let mut changed = raw.clone();
        changed[500] ^= 1;
        let (base_chunk, base_blob) = stored(&raw, None);
        let base = Base {
            id: base_chunk.id.0,
            raw: &raw,
            dtype: Dtype::Bytes,
        };
        let (chunk, blob) = stored(&changed, Some(&base));
        assert!(chunk.base.is_some());
        let with_base = (base_chunk, Bytes::from(base_blob));
        assert_eq!(unpack_on(&chunk, &blob, Some(&with_base)).unwrap(), changed);
        assert!(unpack_on(&chunk, &blob, None).is_err());
    }
}
