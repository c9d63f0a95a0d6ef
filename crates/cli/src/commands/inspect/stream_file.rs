//! Random access to the file that a stream holds.

use std::io::{self, ErrorKind};
use std::ops::Range;

use anyhow::bail;
use sheaf_codec::stream::{NearLossless, Reader, Record};
use sheaf_codec::{CLAIM_LEN, Header, MAX_HEADER_LEN, Parsed, stream};
use sheaf_formats::ReadAt;

/// What is read first of a blob: most headers are shorter.
const HEAD_LEN: usize = 4 << 10;

/// What comes after the last blob is shorter.
const MAX_END_LEN: u64 = 64 << 20;

/// A stream of which only what is asked for is read and decoded.
pub struct StreamFile<F> {
    file: F,
    chunks: Vec<Stored>,
    size: u64,
    /// What was done to the file before.
    pub near_lossless: Option<NearLossless>,
}

/// Where a chunk is.
struct Stored {
    /// In the file that the stream holds.
    raw: Range<u64>,
    /// Its blob in the stream.
    blob: Range<u64>,
}

impl<F: ReadAt> StreamFile<F> {
    /// Finds the blobs of a stream, which are not read.
    pub fn open(file: F) -> anyhow::Result<Self> {
        let mut at = stream::HEAD.len() as u64;
        let (mut chunks, mut size) = (vec![], 0);
        while let Some(blob) = blob_at(&file, at)? {
            let mut claim = [0; CLAIM_LEN];
            read(&file, blob.start, &mut claim)?;
            let end = size + Header::claimed_raw_len(&claim)? as u64;
            at = blob.end;
            chunks.push(Stored {
                raw: size..end,
                blob,
            });
            size = end;
        }
        let near_lossless = read_end(&file, at, size)?;
        Ok(Self {
            file,
            chunks,
            size,
            near_lossless,
        })
    }

    /// Fills `out` from a place in a chunk.
    fn read_chunk(&self, stored: &Stored, start: u64, out: &mut [u8]) -> anyhow::Result<()> {
        let blob_len = stored.blob.end - stored.blob.start;
        let header = self.header(stored, blob_len)?;
        if header.blob_len() != blob_len || header.raw_len() != stored.raw.end - stored.raw.start {
            bail!("a blob has another length than its stream says");
        }
        let frames = header.frames_of(start..start + out.len() as u64);
        let range = header.stored_range(frames.clone());
        let mut bytes = vec![0; (range.end - range.start) as usize];
        self.file
            .read_exact_at(stored.blob.start + range.start, &mut bytes)?;
        let mut raw = vec![];
        header.decode_frames(frames.clone(), &bytes, None, &mut raw)?;
        let skipped = (start - header.raw_range(frames).start) as usize;
        out.copy_from_slice(&raw[skipped..][..out.len()]);
        Ok(())
    }

    fn header(&self, stored: &Stored, blob_len: u64) -> anyhow::Result<Header> {
        let mut wanted = HEAD_LEN;
        loop {
            let mut head = vec![0; wanted.min(blob_len as usize)];
            self.file.read_exact_at(stored.blob.start, &mut head)?;
            match Header::parse(&head)? {
                Parsed::Header(header, _) => return Ok(*header),
                Parsed::NeedMore(len) if len > head.len() && head.len() == wanted => wanted = len,
                Parsed::NeedMore(_) => bail!("a blob's header is longer than the blob"),
            }
            debug_assert!(wanted <= MAX_HEADER_LEN);
        }
    }

    /// The chunk that has a byte of the file.
    fn chunk_of(&self, offset: u64) -> Option<&Stored> {
        let at = self.chunks.partition_point(|chunk| chunk.raw.end <= offset);
        self.chunks.get(at)
    }
}

impl<F: ReadAt> ReadAt for StreamFile<F> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let stored = self.chunk_of(offset).ok_or(ErrorKind::UnexpectedEof)?;
            let here = (stored.raw.end - offset).min(buffer.len() as u64);
            let (now, later) = buffer.split_at_mut(here as usize);
            self.read_chunk(stored, offset - stored.raw.start, now)
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, format!("{error:#}")))?;
            (offset, buffer) = (offset + here, later);
        }
        Ok(())
    }
}

/// Where the blob of a record is; none where the record is no blob.
fn blob_at(file: &impl ReadAt, at: u64) -> anyhow::Result<Option<Range<u64>>> {
    let mut prefix = stream::blob_prefix(0);
    read(file, at, &mut prefix)?;
    let [_, len @ ..] = prefix;
    let len = u32::from_le_bytes(len);
    if prefix != stream::blob_prefix(len) {
        return Ok(None);
    }
    if len as usize > stream::MAX_BLOB_LEN {
        return Err(stream::Error::BlobLen(len).into());
    }
    let start = at + prefix.len() as u64;
    Ok(Some(start..start + u64::from(len)))
}

/// Reads what comes after the blobs, which is short; what was done to the file is in it.
fn read_end(file: &impl ReadAt, at: u64, size: u64) -> anyhow::Result<Option<NearLossless>> {
    let len = file.size().saturating_sub(at);
    if len > MAX_END_LEN {
        bail!("no end where the blobs end");
    }
    let mut bytes = vec![0; len as usize];
    read(file, at, &mut bytes)?;
    let mut reader = Reader::new();
    reader.next(&mut stream::HEAD.as_slice())?;
    let (mut rest, mut done, mut ended) = (bytes.as_slice(), None, false);
    while let Some(record) = reader.next(&mut rest)? {
        match record {
            Record::NearLossless(told) => done = Some(told),
            Record::End { size: found, .. } if found == size => ended = true,
            Record::End { .. } | Record::Blob(_) => bail!("no end where the blobs end"),
        }
    }
    reader.finish()?;
    if !ended {
        bail!("no end where the blobs end");
    }
    Ok(done)
}

/// Reads what must be there for the stream to be whole.
fn read(file: &impl ReadAt, at: u64, bytes: &mut [u8]) -> anyhow::Result<()> {
    match file.read_exact_at(at, bytes) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(stream::Error::Truncated.into())
        }
        result => Ok(result?),
    }
}
