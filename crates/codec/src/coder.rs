//! The codings of a plane, and the choice among them.

mod bits;
mod choose;
mod histogram;
mod huffman;
pub(crate) mod levels;
mod machine;
pub(crate) mod rans;
pub(crate) mod rows;
mod shares;
mod split;
pub(crate) mod tiered;
#[cfg(target_arch = "x86_64")]
pub(crate) mod vectors;

use std::cell::Cell;

use crate::Error;

pub(crate) use bits::turned;
pub(crate) use choose::{How, Kept, Sample, Way, are_noise};
pub(crate) use choose::{
    comes_again, encode, encode_bytes, encode_low, encode_next, encode_symbols, encode_texts,
    zstd_len,
};
pub(crate) use histogram::{adaptive_bits, entropy, histogram};

/// How a plane of a frame is stored. The number is in the frame and never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// One byte, which is every byte of the plane.
    Constant = 0,
    /// The bytes themselves.
    Raw = 1,
    /// A Huffman code of its own.
    Huffman = 2,
    /// A zstd frame.
    Zstd = 3,
    /// A code of tiers, with bits that are not coded beside it.
    Tiered = 4,
    /// A Huffman code of its own, with bits that are not coded beside it.
    Split = 5,
    /// One byte, but for bits that are not coded.
    Bits = 6,
    /// Shares of its own.
    Shares = 7,
    /// A Huffman code whose bits are planes, with bits that are not coded beside it.
    Levels = 8,
}

impl Coding {
    pub(crate) fn from_code(code: u8) -> Option<Coding> {
        [
            Coding::Constant,
            Coding::Raw,
            Coding::Huffman,
            Coding::Zstd,
            Coding::Tiered,
            Coding::Split,
            Coding::Bits,
            Coding::Shares,
            Coding::Levels,
        ]
        .into_iter()
        .find(|coding| *coding as u8 == code)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Coding::Constant => "constant",
            Coding::Raw => "raw",
            Coding::Huffman => "huffman",
            Coding::Zstd => "zstd",
            Coding::Tiered => "tiered",
            Coding::Split => "split huffman",
            Coding::Bits => "bits",
            Coding::Shares => "rans",
            Coding::Levels => "levels",
        }
    }
}

/// What the encoder keeps from plane to plane.
#[derive(Default)]
pub(crate) struct Scratch {
    /// By level, each made at its first use, since that takes memory and time.
    zstd: Vec<(i32, zstd::bulk::Compressor<'static>)>,
    /// The zstd frame made last.
    frame: Vec<u8>,
    pub levels: levels::Scratch,
    /// How planes of the same chunk were coded.
    pub kept: Kept,
}

/// Decodes the payloads of two planes, each of which is [`Coding::Shares`], side by side.
pub(crate) fn decode_two_shares(payloads: [&[u8]; 2], outs: [&mut [u8]; 2]) -> Result<(), Error> {
    shares::decode_two(payloads, outs)
}

/// Decodes a payload into exactly `out`.
pub(crate) fn decode(coding: Coding, payload: &[u8], out: &mut [u8]) -> Result<(), Error> {
    match coding {
        Coding::Constant => {
            let &[byte] = payload else {
                return Err(Error::Malformed("constant plane"));
            };
            out.fill(byte);
        }
        Coding::Raw if payload.len() == out.len() => out.copy_from_slice(payload),
        Coding::Raw => return Err(Error::Malformed("raw plane")),
        Coding::Huffman => huffman::decode(payload, out)?,
        Coding::Split => split::decode_huffman(payload, out)?,
        Coding::Bits => split::decode_constant(payload, out)?,
        Coding::Shares => shares::decode(payload, out)?,
        Coding::Zstd => {
            // The slice bounds what zstd may write, whatever its frame claims.
            if unpack(payload, out) != Some(out.len()) {
                return Err(Error::Malformed("zstd plane"));
            }
        }
        Coding::Tiered => tiered::decode(payload, out)?,
        Coding::Levels => levels::decode(payload, out)?,
    }
    Ok(())
}

/// Decompresses a zstd frame, and says how many bytes that gave.
fn unpack(frame: &[u8], out: &mut [u8]) -> Option<usize> {
    // Kept by the thread: to make one takes longer than most frames.
    thread_local! {
        static KEPT: Cell<Option<zstd::bulk::Decompressor<'static>>> = const { Cell::new(None) };
    }
    let mut zstd = match KEPT.take() {
        Some(zstd) => zstd,
        None => zstd::bulk::Decompressor::new().ok()?,
    };
    let len = zstd.decompress_to_buffer(frame, out).ok();
    KEPT.set(Some(zstd));
    len
}
