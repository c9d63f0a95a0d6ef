//! What is measured: one way to make chunks small, and back.

use std::hint::black_box;

use anyhow::{Context, bail};
use sheaf_codec::{Base, Header, Level, Parsed, encode, encode_unsealed, max_blob_len};
use zstd::bulk::{Compressor, Decompressor};

use super::subject::{Named, Subject};

/// A codec by its name.
#[derive(Debug, Clone, Copy)]
pub enum Codec {
    Sheaf(Level),
    Zstd(i32),
    Memcpy,
}

impl Codec {
    /// All that are measured.
    pub const ALL: [Self; 6] = [
        Self::Sheaf(Level::Fast),
        Self::Sheaf(Level::Default),
        Self::Sheaf(Level::Max),
        Self::Zstd(1),
        Self::Zstd(3),
        Self::Memcpy,
    ];

    /// Its name in the results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sheaf(Level::Fast) => "sheaf-fast",
            Self::Sheaf(Level::Default) => "sheaf-default",
            Self::Sheaf(Level::Max) => "sheaf-max",
            Self::Zstd(1) => "zstd-1",
            Self::Zstd(_) => "zstd-3",
            Self::Memcpy => "memcpy",
        }
    }

    /// A worker for each of so many threads.
    pub fn workers(self, subject: &Subject, threads: usize) -> anyhow::Result<Vec<Worker>> {
        (0..threads).map(|_| self.worker(subject)).collect()
    }

    /// What one thread needs, its buffers large enough for the longest chunk and used before.
    fn worker(self, subject: &Subject) -> anyhow::Result<Worker> {
        let zstd = match self {
            Self::Zstd(level) => Some((Compressor::new(level)?, Decompressor::new()?)),
            _ => None,
        };
        let bound =
            max_blob_len(subject.longest).max(zstd::zstd_safe::compress_bound(subject.longest));
        Ok(Worker {
            codec: self,
            zstd,
            // Not zeros, which the system gives without memory behind them.
            out: vec![1; bound],
        })
    }
}

/// A codec at work on one thread.
pub struct Worker {
    codec: Codec,
    zstd: Option<(Compressor<'static>, Decompressor<'static>)>,
    out: Vec<u8>,
}

impl Worker {
    /// Encodes a chunk, without hashes: nothing is kept of it.
    pub fn encode(&mut self, named: &Named) -> anyhow::Result<()> {
        let Codec::Sheaf(level) = self.codec else {
            return self.store(named);
        };
        let (chunk, base) = (&named.chunk, named.base());
        let unsealed = encode_unsealed(&chunk.raw, named.id, &chunk.hint, base.as_ref(), level);
        black_box(unsealed);
        Ok(())
    }

    /// Encodes a chunk into the worker's buffer, whole.
    fn store(&mut self, named: &Named) -> anyhow::Result<()> {
        let raw = &named.chunk.raw;
        self.out.clear();
        match (self.codec, &mut self.zstd) {
            (Codec::Sheaf(level), _) => {
                let (hint, base) = (&named.chunk.hint, named.base());
                self.out = encode(raw, named.id, hint, base.as_ref(), level).bytes;
            }
            (_, Some((zstd, _))) => {
                zstd.compress_to_buffer(raw, &mut self.out)?;
            }
            _ => self.out.extend_from_slice(raw),
        }
        Ok(())
    }

    /// Decodes what is stored into the worker's buffer, without verifying hashes.
    pub fn decode(&mut self, stored: &[u8], base: Option<Base<'_>>) -> anyhow::Result<()> {
        match (self.codec, &mut self.zstd) {
            (Codec::Sheaf(_), _) => {
                let Parsed::Header(header, len) = Header::parse(stored)? else {
                    bail!("a blob without a header");
                };
                // What is there already is overwritten.
                self.out.resize(header.raw_len() as usize, 0);
                let (all, frames) = (0..header.frames(), &stored[len..]);
                header.decode_into(all, frames, base.map(|base| base.raw), &mut self.out)?;
            }
            (_, Some((_, zstd))) => {
                self.out.clear();
                zstd.decompress_to_buffer(stored, &mut self.out)?;
            }
            _ => {
                self.out.clear();
                self.out.extend_from_slice(stored);
            }
        }
        Ok(())
    }
}

/// All chunks encoded; that they decode again is checked.
pub fn stored(codec: Codec, subject: &Subject) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut worker = codec.worker(subject)?;
    let each = subject.chunks.iter().map(|named| {
        worker.store(named)?;
        let stored = worker.out.clone();
        worker.decode(&stored, named.base())?;
        let same = worker.out == named.chunk.raw;
        same.then_some(stored)
            .context("a chunk came back as another")
    });
    each.collect()
}
