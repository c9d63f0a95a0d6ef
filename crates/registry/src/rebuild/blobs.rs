//! Which blob a chunk has.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use sheaf_blobs::{Blobs, Object, read_object_key};
use sheaf_catalog::ChunkRow;
use sheaf_codec::{Header, Parsed};
use sheaf_types::{BlobId, ChunkId};

use super::Rebuild;
use crate::cpu::Cpu;
use crate::task::on_task;
use crate::{Error, Result};

/// Headers that are read at once.
const LOOKS: usize = 32;
/// Chunks whose blobs are decoded at once, each with up to 33 MB in memory.
const DECODED: usize = 8;
/// Chunks whose rows are made in one transaction.
const ROWS: usize = 500;
/// Enough for the header of most blobs.
const PREFIX_LEN: u64 = 4 << 10;

/// Where the blobs of a chunk may be.
type Candidates = Vec<(BlobId, Object)>;

/// A folder of blobs.
#[derive(Default)]
pub(super) struct FoundBlobs {
    candidates: BTreeMap<ChunkId, Candidates>,
    foreign: u64,
}

/// What is wrong with an object, and its key.
type Fault = (String, String);

/// What became of the blobs of a chunk.
#[derive(Default)]
struct Choice {
    row: Option<ChunkRow>,
    /// As good, and not needed.
    others: Vec<String>,
    faults: Vec<Fault>,
}

impl Rebuild {
    /// Makes the rows of the chunks in one of the 256 folders.
    pub(super) async fn restore_blobs(&mut self, found: FoundBlobs) -> Result<()> {
        let FoundBlobs {
            candidates,
            foreign,
        } = found;
        self.tally.told.foreign += foreign;
        let (blobs, cpu, full) = (self.blobs.clone(), self.cpu.clone(), self.full);
        let choices = stream::iter(candidates)
            .map(|(chunk, found)| {
                let (blobs, cpu) = (blobs.clone(), cpu.clone());
                on_task(async move { choose(&blobs, &cpu, full, chunk, found).await })
            })
            .buffer_unordered(if full { DECODED } else { LOOKS })
            .try_chunks(ROWS);
        futures::pin_mut!(choices);
        while let Some(some) = choices.next().await {
            self.take(some.map_err(|error| error.1)?).await?;
        }
        Ok(())
    }

    async fn take(&mut self, choices: Vec<Choice>) -> Result<()> {
        let (mut rows, mut others) = (Vec::new(), Vec::new());
        for choice in choices {
            rows.extend(choice.row);
            others.extend(choice.others);
            for (key, what) in choice.faults {
                self.tally.note(key, what);
            }
        }
        self.catalog
            .restore_chunks(&rows, &others, self.now)
            .await?;
        let told = &mut self.tally.told;
        told.chunks += rows.len() as u64;
        told.stored_bytes += rows.iter().map(|row| row.stored_len).sum::<u64>();
        told.orphans += others.len() as u64;
        Ok(())
    }
}

/// What is in one of the 256 folders of blobs.
pub(super) async fn list(blobs: Blobs, first: u8) -> Result<FoundBlobs> {
    let mut found = FoundBlobs::default();
    let mut objects = blobs.list_folder(first);
    while let Some(object) = objects.try_next().await? {
        match read_object_key(&object.key) {
            Some((chunk, blob)) => {
                let of = found.candidates.entry(chunk).or_default();
                of.push((blob, object));
            }
            None => found.foreign += 1,
        }
    }
    Ok(found)
}

/// The smallest blob. Where there are several they are decoded: a blob that is not what it says must not keep
/// out one that is.
async fn choose(
    blobs: &Blobs,
    cpu: &Cpu,
    full: bool,
    chunk: ChunkId,
    found: Candidates,
) -> Result<Choice> {
    let mut choice = Choice::default();
    let whole = full || found.len() > 1;
    let mut good = Vec::new();
    for (blob, object) in found {
        let mut looked = look(blobs, chunk, blob, &object).await?;
        if whole && let Ok(row) = &looked {
            looked = decodes(blobs, cpu, row).await?.map(|()| row.clone());
        }
        match looked {
            Ok(row) => good.push(row),
            Err(what) => choice.faults.push((object.key, what.into())),
        }
    }
    good.sort_by(|a, b| (a.stored_len, &a.object_key).cmp(&(b.stored_len, &b.object_key)));
    let mut good = good.into_iter();
    choice.row = good.next();
    choice.others = good.map(|row| row.object_key).collect();
    Ok(choice)
}

/// What is wrong with a blob, in words.
type Looked<T> = std::result::Result<T, &'static str>;

/// The row of a blob whose header is what its key says.
async fn look(
    blobs: &Blobs,
    chunk: ChunkId,
    blob: BlobId,
    object: &Object,
) -> Result<Looked<ChunkRow>> {
    if object.size == 0 {
        return Ok(Err("it is empty"));
    }
    let mut wanted = PREFIX_LEN.min(object.size);
    loop {
        let prefix = match get(blobs, &object.key, wanted).await? {
            Ok(prefix) => prefix,
            Err(what) => return Ok(Err(what)),
        };
        match Header::parse(&prefix) {
            Ok(Parsed::NeedMore(more)) if more as u64 > object.size => {
                return Ok(Err("the blob ends in its header"));
            }
            Ok(Parsed::NeedMore(more)) => wanted = more as u64,
            Ok(Parsed::Header(header, _)) => return Ok(row(&header, chunk, blob, object)),
            Err(_) => return Ok(Err("it is no blob that can be read")),
        }
    }
}

fn row(header: &Header, chunk: ChunkId, blob: BlobId, object: &Object) -> Looked<ChunkRow> {
    if header.blob_id() != blob.0 || header.chunk_id() != chunk.0 {
        return Err("it is the blob of something else than its key says");
    }
    if header.blob_len() != object.size {
        return Err("the blob is not as long as its header says");
    }
    if header.base().is_some() {
        return Err("it is a delta, which is not stored");
    }
    Ok(ChunkRow {
        chunk,
        raw_len: header.raw_len(),
        blob,
        object_key: object.key.clone(),
        stored_len: object.size,
    })
}

/// Whether a blob holds the chunk that it says.
async fn decodes(blobs: &Blobs, cpu: &Cpu, row: &ChunkRow) -> Result<Looked<()>> {
    let stored = match get(blobs, &row.object_key, row.stored_len).await? {
        Ok(stored) => stored,
        Err(what) => return Ok(Err(what)),
    };
    let chunk = row.chunk;
    cpu.run(move || {
        let raw = sheaf_codec::decode(&stored, None).map_err(|_| "the blob is damaged")?;
        match *blake3::hash(&raw).as_bytes() == chunk.0 {
            true => Ok(()),
            false => Err("the blob holds other bytes than it says"),
        }
    })
    .await
}

async fn get(blobs: &Blobs, key: &str, len: u64) -> Result<Looked<bytes::Bytes>> {
    match blobs.get(key, 0..len).await {
        Ok(bytes) if bytes.len() as u64 == len => Ok(Ok(bytes)),
        Ok(_) => Ok(Err("the object is shorter than the store says")),
        Err(sheaf_blobs::Error::NotFound(_)) => Ok(Err("the object is listed and not there")),
        Err(error) => Err(Error::from(error)),
    }
}
