//! A file's bytes on their way to the chunker, rounded where that is asked for.

use std::fs::File;
use std::io::{self, Read};

use sha2::Digest;
use sheaf_codec::stream::RoundedTensor as Rounded;
use sheaf_formats::near_lossless::{self, Bits, Rounding};
use sheaf_types::Sha256;
use sheaf_types::files::{NearLossless, RoundedTensor};

/// The bytes of a file as they are pushed.
pub(super) enum Bytes<'a> {
    /// As they are.
    Whole(&'a File),
    /// Rounded, with the hash of what they were.
    Rounded(Box<Rounder<'a>>),
}

pub(super) struct Rounder<'a> {
    bytes: near_lossless::Rounded<Hashing<'a>>,
    bits: Bits,
}

impl<'a> Bytes<'a> {
    /// The bytes from the file's beginning. To round them the file is read once before.
    pub fn of(file: &'a File, bits: Option<Bits>) -> io::Result<Self> {
        let Some(bits) = bits else {
            return Ok(Self::Whole(file));
        };
        let rounding = Rounding::plan(file, bits)?;
        let hashing = Hashing {
            file,
            sha256: sha2::Sha256::new(),
        };
        let bytes = near_lossless::Rounded::new(hashing, rounding);
        Ok(Self::Rounded(Box::new(Rounder { bytes, bits })))
    }

    /// What was done to them, if that made a difference.
    pub fn done(self) -> Option<NearLossless> {
        let Self::Rounded(rounder) = self else {
            return None;
        };
        let (hashing, tensors) = rounder.bytes.finish();
        if tensors.is_empty() {
            return None;
        }
        Some(NearLossless {
            bits: rounder.bits.get(),
            original_sha256: Sha256(hashing.sha256.finalize().into()),
            tensors: tensors.into_iter().map(tensor).collect(),
        })
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Whole(file) => file.read(out),
            Self::Rounded(rounder) => rounder.bytes.read(out),
        }
    }
}

/// Hashes what is read.
struct Hashing<'a> {
    file: &'a File,
    sha256: sha2::Sha256,
}

impl Read for Hashing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        self.sha256.update(&out[..read]);
        Ok(read)
    }
}

fn tensor(tensor: Rounded) -> RoundedTensor {
    RoundedTensor {
        name: tensor.name,
        max_error: tensor.max_error,
        mean_error: tensor.mean_error,
    }
}
