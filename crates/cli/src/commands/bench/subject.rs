//! What is encoded and decoded.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, bail};
use sheaf_formats::Chunk;

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

/// A chunk and its id.
pub struct Named {
    pub chunk: Chunk,
    pub id: [u8; 32],
}

impl Subject {
    /// Reads a file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let chunks = read(path).with_context(|| format!("cannot read {}", path.display()))?;
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

fn read(path: &Path) -> anyhow::Result<Vec<Named>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        bail!("it is no file");
    }
    let mut named = vec![];
    chunks::read(&file, &mut |chunk| {
        let id = *blake3::hash(&chunk.raw).as_bytes();
        named.push(Named { chunk, id });
        ControlFlow::Continue(())
    })?;
    Ok(named)
}
