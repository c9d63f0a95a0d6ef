//! A file's chunks with its weights rounded down.

use std::fs::File;
use std::io::{self, Read};

use anyhow::Context;
use sha2::{Digest, Sha256};
use sheaf_codec::stream::NearLossless;
use sheaf_formats::near_lossless::{Bits, Rounded, Rounding};
use sheaf_formats::{Chunk, Chunker};

use super::source::{Source, Whole, cut};
use crate::in_order::Take;

/// Hands out the chunks of the rounded file.
pub fn read(source: Source, bits: Bits, take: &mut Take<'_, Chunk>) -> anyhow::Result<Whole> {
    let file = source.into_file()?;
    let rounding = Rounding::plan(&file, bits).context("looking for tensors to round")?;
    let chunker = Chunker::for_file(&file)?;
    let sha256 = Sha256::new();
    let mut rounded = Rounded::new(Hashing { file, sha256 }, rounding);
    let mut whole = cut(chunker, &mut rounded, take)?;
    let (original, tensors) = rounded.finish();
    if !tensors.is_empty() {
        whole.near_lossless = Some(NearLossless {
            bits: bits.get(),
            original_sha256: original.sha256.finalize().into(),
            tensors,
        });
    }
    Ok(whole)
}

/// Hashes what is read.
struct Hashing {
    file: File,
    sha256: Sha256,
}

impl Read for Hashing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        self.sha256.update(&out[..read]);
        Ok(read)
    }
}
