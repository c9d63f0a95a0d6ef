//! One frame: a word per plane, the planes' payloads, and the bytes that are no whole element.

use std::ops::Range;

use crate::coder::{self, Coding};
use crate::layout::Layout;
use crate::{Error, Level, planes};

/// The most planes of a layout.
pub(crate) const MAX_PLANES: usize = 8;
/// What a frame can take beyond its raw bytes.
pub(crate) const MAX_OVERHEAD: usize = MAX_PLANES * WORD;
/// Coding and length of a plane.
const WORD: usize = 4;

/// Buffers that are used again from frame to frame.
#[derive(Default)]
pub(crate) struct Scratch {
    planes: Vec<u8>,
    coder: coder::Scratch,
}

/// Where the whole elements are in a frame of `len` bytes: after `lead` bytes, as many as fit.
pub(crate) fn core(layout: Layout, lead: u8, len: usize) -> Range<usize> {
    let start = usize::from(lead).min(len);
    let unit = layout.unit();
    start..start + (len - start) / unit * unit
}

/// Encodes the whole elements `words`, with the bytes around them, to the end of `out`.
pub(crate) fn encode(
    layout: Layout,
    words: &[u8],
    edges: [&[u8]; 2],
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let Scratch { planes, coder } = scratch;
    // What is in it from the frame before is overwritten.
    planes.resize(words.len(), 0);
    planes::split(layout, words, planes);
    let directory = out.len();
    out.resize(directory + layout.planes() * WORD, 0);
    let mut rest = planes.as_slice();
    for plane in 0..layout.planes() {
        let (bytes, after) = rest.split_at(plane_len(layout, plane, words.len()));
        rest = after;
        let start = out.len();
        let coding = coder::encode(bytes, level, coder, out);
        let word = coding as u32 | ((out.len() - start) as u32) << 8;
        out[directory + plane * WORD..][..WORD].copy_from_slice(&word.to_le_bytes());
    }
    out.extend(edges.concat());
}

/// One plane of a stored frame.
pub(crate) struct StoredPlane<'a> {
    pub coding: Coding,
    pub raw_len: usize,
    pub payload: &'a [u8],
}

/// Takes a stored frame apart: its planes, and the bytes around the whole elements.
pub(crate) fn parse<'a>(
    layout: Layout,
    core: &Range<usize>,
    raw_len: usize,
    stored: &'a [u8],
) -> Result<(Vec<StoredPlane<'a>>, &'a [u8]), Error> {
    let (directory, mut rest) = stored
        .split_at_checked(layout.planes() * WORD)
        .ok_or(Error::Malformed("frame ends early"))?;
    let mut planes = Vec::with_capacity(layout.planes());
    for (plane, word) in directory.as_chunks::<WORD>().0.iter().enumerate() {
        let word = u32::from_le_bytes(*word);
        let coding = Coding::from_code(word as u8).ok_or(Error::Malformed("coding"))?;
        let (payload, after) = rest
            .split_at_checked((word >> 8) as usize)
            .ok_or(Error::Malformed("plane ends early"))?;
        planes.push(StoredPlane {
            coding,
            raw_len: plane_len(layout, plane, core.len()),
            payload,
        });
        rest = after;
    }
    if rest.len() != raw_len - core.len() {
        return Err(Error::Malformed("bytes after the last plane"));
    }
    Ok((planes, rest))
}

/// Decodes a stored frame into `out`, which has the frame's raw length; what it gives is the
/// residual where the blob is a delta.
pub(crate) fn decode(
    layout: Layout,
    core: &Range<usize>,
    stored: &[u8],
    scratch: &mut Vec<u8>,
    out: &mut [u8],
) -> Result<(), Error> {
    let (stored_planes, edges) = parse(layout, core, out.len(), stored)?;
    let words = &mut out[core.clone()];
    // A single plane is the units as they are.
    if let [plane] = stored_planes.as_slice() {
        coder::decode(plane.coding, plane.payload, words)?;
    } else {
        scratch.resize(words.len(), 0);
        decode_planes(&stored_planes, scratch)?;
        planes::merge(layout, scratch, words);
    }
    let (before, after) = edges.split_at(core.start);
    out[..core.start].copy_from_slice(before);
    out[core.end..].copy_from_slice(after);
    Ok(())
}

/// Decodes planes one after the other.
fn decode_planes(planes: &[StoredPlane<'_>], out: &mut [u8]) -> Result<(), Error> {
    let mut rest = out;
    for plane in planes {
        let (to, after) = rest.split_at_mut(plane.raw_len);
        coder::decode(plane.coding, plane.payload, to)?;
        rest = after;
    }
    Ok(())
}

/// The bytes of a plane, where the whole elements take `core_len`.
pub(crate) fn plane_len(layout: Layout, plane: usize, core_len: usize) -> usize {
    core_len / layout.unit() * layout.share(plane)
}
