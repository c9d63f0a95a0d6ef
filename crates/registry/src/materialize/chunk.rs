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
    /// Reads and verifies the header of a chunk's blob.
    pub(crate) async fn open_chunk(&self, row: ChunkRow) -> Result<OpenChunk> {
        let opened = self.read_header(row.clone()).await;
        self.suspect(&row, opened).await
    }

    async fn read_header(&self, row: ChunkRow) -> Result<OpenChunk> {
        let wanted = match row.stored_len {
            len if len <= SMALL => len,
            _ => PREFIX_LEN,
        };
        let mut prefix = self.get(&row, 0..wanted).await?;
        if let Parsed::NeedMore(more) = parse(&row, &prefix)? {
            prefix = self.get(&row, 0..more as u64).await?;
        }
        Ok(OpenChunk {
            header: verified_header(&row, &prefix)?,
            row,
            prefix,
        })
    }

    /// Reads and verifies a run of frames, and decodes it where it goes out raw.
    pub(crate) async fn make_run(&self, run: Run, reserved: Option<Reserved>) -> Result<Out> {
        let chunk = Arc::clone(&run.chunk);
        let made = self.read_run(run, reserved).await;
        self.suspect(&chunk.row, made).await
    }

    async fn read_run(&self, run: Run, reserved: Option<Reserved>) -> Result<Out> {
        let range = run.chunk.header.stored_range(run.frames.clone());
        let stored = self.stored(&run.chunk, range).await?;
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
        let stored = self.get(row, 0..row.stored_len).await?;
        let row = row.clone();
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

    async fn stored(&self, chunk: &OpenChunk, range: Range<u64>) -> Result<Bytes> {
        if range.end <= chunk.prefix.len() as u64 {
            return Ok(chunk.prefix.slice(range.start as usize..range.end as usize));
        }
        self.get(&chunk.row, range).await
    }

    async fn get(&self, row: &ChunkRow, range: Range<u64>) -> Result<Bytes> {
        let wanted = range.end - range.start;
        if wanted == 0 {
            return Ok(Bytes::new());
        }
        match self.blobs.get(&row.object_key, range).await {
            Ok(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
            Ok(_) => Err(damaged(row, "the object is shorter than its row says")),
            Err(sheaf_blobs::Error::NotFound(_)) => Err(damaged(row, "the object is not there")),
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
fn verified_header(row: &ChunkRow, prefix: &[u8]) -> Result<Header> {
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
