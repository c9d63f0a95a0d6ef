//! What is encoded and decoded.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, bail};
use sheaf_codec::Base;
use sheaf_formats::{Chunk, layout};

use crate::base::{BaseChunk, BaseFile};
use crate::chunks;

/// A file's chunks in memory.
pub struct Subject {
    pub name: String,
    pub chunks: Vec<Named>,
    /// Bytes of all chunks.
    pub raw_len: u64,
    /// Bytes of the longest.
    pub longest: usize,
}

/// A chunk, its id, and what it may be a delta against.
pub struct Named {
    pub chunk: Chunk,
    pub id: [u8; 32],
    base: Option<BaseChunk>,
}

impl Named {
    /// As the codec takes it.
    pub fn base(&self) -> Option<Base<'_>> {
        self.base.as_ref().map(BaseChunk::as_base)
    }
}

impl Subject {
    /// Reads a file, and what of the base is beside its chunks.
    pub fn read(path: &Path, base: Option<&BaseFile>) -> anyhow::Result<Self> {
        let chunks = read(path, base).with_context(|| format!("cannot read {}", path.display()))?;
        let lens = || chunks.iter().map(|named| named.chunk.raw.len());
        let raw_len = lens().map(|len| len as u64).sum();
        let Some(longest) = lens().max() else {
            bail!("{} is empty: there is nothing to measure", path.display());
        };
        Ok(Self {
            name: path.display().to_string(),
            raw_len,
            longest,
            chunks,
        })
    }
}

fn read(path: &Path, base: Option<&BaseFile>) -> anyhow::Result<Vec<Named>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        bail!("it is no file");
    }
    let mut named = vec![];
    chunks::read(&file, None, &mut |chunk| {
        let id = *blake3::hash(&chunk.raw).as_bytes();
        named.push(Named {
            chunk,
            id,
            base: None,
        });
        ControlFlow::Continue(())
    })?;
    if let Some(base) = base {
        let layout = layout(&file)?;
        for named in &mut named {
            named.base = base.beside(&named.chunk, &layout)?;
        }
    }
    Ok(named)
}
