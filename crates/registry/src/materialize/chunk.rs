//! A stored chunk: its header against the blob's id, its frames against the header.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use sheaf_catalog::ChunkRow;
use sheaf_codec::{Header, Parsed};

use super::ahead::Out;
use super::run::{Form, Run};
use crate::budget::Reserved;
use crate::{Error, Registry, Result};

/// Enough for the header of most blobs.
const PREFIX_LEN: u64 = 4 << 10;

/// What is read in one piece, header and all.
const SMALL: u64 = 256 << 10;

/// A chunk whose blob's header was read and verified.
pub(crate) struct OpenChunk {
    row: ChunkRow,
    header: Header,
    /// The blob's first bytes, or all of them.
    prefix: Bytes,
}

impl OpenChunk {
    pub fn header(&self) -> &Header {
        &self.header
    }

    pub fn row(&self) -> &ChunkRow {
        &self.row
    }

    /// The header's bytes, which the blob's id vouches for.
    pub fn header_bytes(&self) -> Bytes {
        self.prefix.slice(..self.header.header_len())
    }
}

impl Registry {
    /// Reads and verifies the header of a chunk's blob, wherever that is by now.
    pub(crate) async fn open_chunk(&self, mut row: ChunkRow) -> Result<OpenChunk> {
        loop {
            if let Some(chunk) = self.open_blob(&row).await? {
                return Ok(chunk);
            }
            row = self.moved(&row).await?;
        }
    }

    /// Reads and verifies the header of a blob; none where it is not there.
    pub(crate) async fn open_blob(&self, row: &ChunkRow) -> Result<Option<OpenChunk>> {
        let opened = self.read_header(row).await;
        self.suspect(row, opened).await
    }

    async fn read_header(&self, row: &ChunkRow) -> Result<Option<OpenChunk>> {
        let wanted = match row.stored_len {
            len if len <= SMALL => len,
            _ => PREFIX_LEN,
        };
        let Some(mut prefix) = self.get(row, 0..wanted).await? else {
            return Ok(None);
        };
        if let Parsed::NeedMore(more) = parse(row, &prefix)? {
            let Some(all) = self.get(row, 0..more as u64).await? else {
                return Ok(None);
            };
            prefix = all;
        }
        Ok(Some(OpenChunk {
            header: verified_header(row, &prefix)?,
            row: row.clone(),
            prefix,
        }))
    }

    /// Where the blob of a chunk is now that is not where it was: a reader may be slower than those who
    /// replaced the blob and deleted the old one.
    pub(crate) async fn moved(&self, row: &ChunkRow) -> Result<ChunkRow> {
        let now = self.catalog.find_chunk(&row.chunk).await?;
        let now = now.ok_or(Error::BlobNotFound(row.blob))?;
        if now.object_key == row.object_key {
            let gone = Err(damaged(row, "the object is not there"));
            return self.suspect(row, gone).await;
        }
        Ok(now)
    }

    /// Reads and verifies a run of frames, and decodes it where it goes out raw. Then another blob of
    /// the chunk will do, whose frames hold the same bytes.
    pub(crate) async fn make_run(&self, run: Run, reserved: Option<Reserved>) -> Result<Out> {
        let chunk = Arc::clone(&run.chunk);
        let made = self.read_run(run, reserved).await;
        self.suspect(&chunk.row, made).await
    }

    async fn read_run(&self, mut run: Run, reserved: Option<Reserved>) -> Result<Out> {
        let stored = loop {
            let range = run.chunk.header.stored_range(run.frames.clone());
            if let Some(stored) = self.stored(&run.chunk, range).await? {
                break stored;
            }
            let now = self.moved(run.chunk.row()).await?;
            if run.form == Form::Stored {
                return Err(Error::BlobNotFound(run.chunk.row().blob));
            }
            let (now, was) = (self.open_chunk(now).await?, &run.chunk.header);
            let frames = || run.frames.clone();
            let same = now.header.frames() == was.frames()
                && now.header.raw_range(frames()) == was.raw_range(frames());
            if !same {
                return Err(Error::BlobNotFound(run.chunk.row().blob));
            }
            run.chunk = Arc::new(now);
        };
        // The reservation goes along: this is not stopped when nobody waits for it any more.
        self.cpu.run(move || make(run, stored, reserved)).await?
    }

    /// The raw bytes of a whole chunk. Header and frames vouch for them, as for any run: hashing them
    /// against the chunk's id would find nothing more.
    pub(crate) async fn chunk_bytes(&self, row: &ChunkRow) -> Result<Vec<u8>> {
        let read = self.read_chunk(row).await;
        self.suspect(row, read).await
    }

    /// The same without suspicion.
    pub(crate) async fn read_chunk(&self, row: &ChunkRow) -> Result<Vec<u8>> {
        let mut row = row.clone();
        let stored = loop {
            match self.whole_blob(&row).await? {
                Some(stored) => break stored,
                None => row = self.moved(&row).await?,
            }
        };
        self.cpu
            .run(move || {
                let header = verified_header(&row, &stored)?;
                let frames = &stored[header.header_len()..];
                let mut raw = Vec::with_capacity(row.raw_len as usize);
                header
                    .decode_frames(0..header.frames(), frames, None, &mut raw)
                    .map_err(|error| damaged(&row, error))?;
                Ok(raw)
            })
            .await?
    }

    /// All of a blob, as it is stored; none where it is not there.
    pub(crate) async fn whole_blob(&self, row: &ChunkRow) -> Result<Option<Bytes>> {
        self.get(row, 0..row.stored_len).await
    }

    async fn stored(&self, chunk: &OpenChunk, range: Range<u64>) -> Result<Option<Bytes>> {
        if range.end <= chunk.prefix.len() as u64 {
            let part = range.start as usize..range.end as usize;
            return Ok(Some(chunk.prefix.slice(part)));
        }
        self.get(&chunk.row, range).await
    }

    async fn get(&self, row: &ChunkRow, range: Range<u64>) -> Result<Option<Bytes>> {
        let wanted = range.end - range.start;
        if wanted == 0 {
            return Ok(Some(Bytes::new()));
        }
        match self.blobs.get(&row.object_key, range).await {
            Ok(bytes) if bytes.len() as u64 == wanted => Ok(Some(bytes)),
            Ok(_) => Err(damaged(row, "the object is shorter than its row says")),
            Err(sheaf_blobs::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn make(run: Run, stored: Bytes, reserved: Option<Reserved>) -> Result<Out> {
    let (header, frames) = (run.chunk.header(), run.frames.clone());
    let damage = |error| damaged(run.chunk.row(), error);
    let hold = |bytes: Vec<u8>| match reserved {
        Some(reserved) => reserved.hold(bytes),
        None => bytes.into(),
    };
    let wanted = match &run.form {
        Form::Raw(wanted) => wanted,
        Form::Stored => {
            header.verify_frames(frames, &stored).map_err(damage)?;
            return Ok(Out {
                bytes: hold(stored.into()),
                raw_len: run.raw_len(),
            });
        }
    };
    let mut raw = Vec::new();
    header
        .decode_frames(frames.clone(), &stored, None, &mut raw)
        .map_err(damage)?;
    let inside = header.raw_range(frames);
    let from = wanted.start.clamp(inside.start, inside.end) - inside.start;
    let to = wanted.end.clamp(inside.start, inside.end) - inside.start;
    Ok(Out {
        bytes: hold(raw).slice(from as usize..to as usize),
        raw_len: to - from,
    })
}

fn parse(row: &ChunkRow, prefix: &[u8]) -> Result<Parsed> {
    Header::parse(prefix).map_err(|error| damaged(row, error))
}

/// The header at the beginning of a blob's bytes, which must be that of the row's blob.
pub(crate) fn verified_header(row: &ChunkRow, prefix: &[u8]) -> Result<Header> {
    let Parsed::Header(header, _) = parse(row, prefix)? else {
        return Err(damaged(row, "the header ends early"));
    };
    let same = header.blob_id() == *row.blob.as_bytes()
        && header.chunk_id() == *row.chunk.as_bytes()
        && header.raw_len() == row.raw_len
        && header.blob_len() == row.stored_len
        && header.base().is_none();
    if same {
        return Ok(*header);
    }
    Err(damaged(row, "the header is not the one that was stored"))
}

/// Whether these are the bytes of a row's blob: header against id, frames against header.
pub(crate) fn verify_blob(row: &ChunkRow, bytes: &[u8]) -> Result<()> {
    if bytes.len() as u64 != row.stored_len {
        return Err(damaged(
            row,
            "the object has another length than its row says",
        ));
    }
    let header = verified_header(row, bytes)?;
    let frames = &bytes[header.header_len()..];
    let verified = header.verify_frames(0..header.frames(), frames);
    verified.map(drop).map_err(|error| damaged(row, error))
}

pub(crate) fn damaged(row: &ChunkRow, reason: impl ToString) -> Error {
    Error::Damaged {
        object_key: row.object_key.clone(),
        reason: reason.to_string(),
    }
}
