//! A blob that a client encoded.

use std::sync::Arc;

use sheaf_codec::{CLAIM_LEN, Header, Hint, MAX_CHUNK_LEN, Parsed, decode, encode, max_blob_len};
use sheaf_types::uploads::ReceivedBlob;
use sheaf_types::{BlobId, ChunkId, RepositoryName, UploadId};

use super::body::{Body, ByteStream};
use crate::{Caller, Error, Registry, Result};

/// A blob that was decoded and found to hold its chunk.
struct Checked {
    blob: BlobId,
    raw_len: u64,
    /// What is stored: the blob as it was sent, or standalone where it was a delta.
    stored: (BlobId, Vec<u8>),
}

impl Registry {
    /// Takes a chunk's blob, decodes and hashes it, stores it unless the chunk is stored, and holds
    /// the chunk for the upload. The answer does not tell whether others have the chunk.
    pub async fn put_chunk(
        self: &Arc<Self>,
        caller: &Caller,
        name: &RepositoryName,
        upload: &UploadId,
        chunk: &ChunkId,
        len: Option<u64>,
        body: ByteStream,
    ) -> Result<ReceivedBlob> {
        let repository = self.writable(caller, name).await?;
        self.keep_open(repository.id, upload).await?;
        let len = blob_len(len)?;
        let mut body = Body::new(body);
        let begun = body.next(CLAIM_LEN).await?;
        let raw_len = claimed_raw_len(&begun.concat())?;
        // The blob, its chunk, and the chunk of its base.
        let reserved = self
            .ingest_budget
            .reserve_soon((len + 2 * raw_len + max_blob_len(raw_len)) as u64)
            .await?;
        let bytes = body.rest(begun, len).await?;
        let base = self.base_of(caller, upload, chunk, &bytes).await?;
        let (asked, level) = (*chunk, self.settings.level);
        // The reservation goes along: what runs is not stopped when nobody waits for it any more.
        let (checked, _reserved) = self
            .cpu
            .run(move || (check(asked, bytes, base.as_deref(), level), reserved))
            .await?;
        let checked = checked?;
        let received = ReceivedBlob {
            chunk: *chunk,
            blob: checked.blob,
            stored_size: len as u64,
        };
        if !self.hold_stored(upload, chunk).await? {
            let (blob, bytes) = checked.stored;
            self.store_blob(*upload, *chunk, checked.raw_len, blob, bytes.into())
                .await?;
        }
        Ok(received)
    }

    /// The raw bytes of a delta's base, which must be a chunk that the caller could have.
    async fn base_of(
        &self,
        caller: &Caller,
        upload: &UploadId,
        chunk: &ChunkId,
        blob: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        let header = header(blob)?;
        let Some(base) = header.base().map(ChunkId) else {
            return Ok(None);
        };
        if base == *chunk {
            return Err(Error::BadBlob(sheaf_codec::Error::Base));
        }
        let visibility = caller.visibility();
        let row = self
            .catalog
            .readable_chunk(upload, &visibility, &base)
            .await?;
        let row = row.ok_or(Error::BaseMissing(base))?;
        // A delta is as long as its base, and no more was reserved.
        if row.raw_len != header.raw_len() {
            return Err(Error::BadBlob(sheaf_codec::Error::Base));
        }
        self.chunk_bytes(&row).await.map(Some)
    }
}

fn blob_len(len: Option<u64>) -> Result<usize> {
    let limit = max_blob_len(MAX_CHUNK_LEN);
    let len = len.ok_or(Error::LengthNeeded)?;
    usize::try_from(len)
        .ok()
        .filter(|len| *len <= limit)
        .ok_or(Error::TooLarge {
            what: "a blob",
            limit: limit as u64,
        })
}

fn claimed_raw_len(begun: &[u8]) -> Result<usize> {
    let prefix = begun.first_chunk().ok_or(Error::Body)?;
    Header::claimed_raw_len(prefix).map_err(Error::BadBlob)
}

fn header(blob: &[u8]) -> Result<Header> {
    match Header::parse(blob).map_err(Error::BadBlob)? {
        Parsed::Header(header, _) => Ok(*header),
        Parsed::NeedMore(_) => Err(Error::BadBlob(sheaf_codec::Error::Malformed(
            "the header ends early",
        ))),
    }
}

fn check(
    asked: ChunkId,
    bytes: Vec<u8>,
    base: Option<&[u8]>,
    level: sheaf_codec::Level,
) -> Result<Checked> {
    let header = header(&bytes)?;
    let found = ChunkId(header.chunk_id());
    if found != asked {
        return Err(Error::WrongChunk { asked, found });
    }
    if header.raw_len() == 0 {
        return Err(Error::Invalid("a chunk has at least one byte".into()));
    }
    if header.blob_len() != bytes.len() as u64 {
        return Err(Error::BadBlob(sheaf_codec::Error::Malformed(
            "the blob's length is not what its header says",
        )));
    }
    let raw = decode(&bytes, base).map_err(Error::BadBlob)?;
    let blob = BlobId(header.blob_id());
    let stored = match base {
        None => (blob, bytes),
        Some(_) => standalone(asked, &raw, &header.hint(), level),
    };
    Ok(Checked {
        blob,
        raw_len: raw.len() as u64,
        stored,
    })
}

/// Deltas are understood but not kept: whoever may not read the base could not be served from one.
fn standalone(
    chunk: ChunkId,
    raw: &[u8],
    hint: &Hint,
    level: sheaf_codec::Level,
) -> (BlobId, Vec<u8>) {
    let blob = encode(raw, *chunk.as_bytes(), hint, None, level);
    (BlobId(blob.id), blob.bytes)
}
