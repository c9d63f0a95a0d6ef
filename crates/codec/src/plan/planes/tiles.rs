//! Planes to units and back in one pass, tile by tile, where that is possible: what one step leaves is
//! in the fastest cache for the next, and nothing is written twice.

mod decode;

pub(in crate::plan) use decode::Then;
pub(super) use decode::{decode, decode_two};

use super::look::Look;
use super::{MAX_PLANES, StoredPlane};
use crate::coder::rows::TILE;
use crate::coder::{Coding, Kept, levels};
use crate::layout::Layout;
use crate::plan::directory::{WORD, word};
use crate::planes;

/// The bytes of a tile of each plane.
type Tiles = [[u8; TILE]; MAX_PLANES];

/// Buffers that are used again.
#[derive(Default)]
pub(crate) struct Scratch {
    tiles: Option<Box<Tiles>>,
    levels: levels::Scratch,
    /// Those of two frames that are decoded side by side.
    frames: [decode::Buffers; 2],
}

/// Whether a layout's planes have a byte for each unit.
pub(super) fn fits(layout: Layout) -> bool {
    !matches!(layout, Layout::Blocks(_))
}

/// Encodes units in the way that was found for them.
pub(super) fn encode(
    layout: Layout,
    units: &[u8],
    how: &Look,
    kept: &Kept,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let last = layout.planes() - 1;
    match (how, kept.levels(last)) {
        (Look::Last, Some(code)) => encode_last(layout, units, code, scratch, out),
        _ => store(layout, units, out),
    }
}

/// All planes as they are.
fn store(layout: Layout, units: &[u8], out: &mut Vec<u8>) {
    for plane in 0..layout.planes() {
        out.extend(word(Coding::Raw, layout.plane_len(plane, units.len())));
    }
    if layout.planes() == 1 {
        return out.extend_from_slice(units);
    }
    let start = out.len();
    out.resize(start + units.len(), 0);
    planes::split(layout, units, &mut out[start..]);
}

/// The last plane coded.
fn encode_last(
    layout: Layout,
    units: &[u8],
    code: &levels::Code,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let tiles = scratch
        .tiles
        .get_or_insert_with(|| Box::new([[0; TILE]; MAX_PLANES]));
    let raw_planes = layout.planes() - 1;
    let count = units.len() / layout.unit();
    for _ in 0..raw_planes {
        out.extend(word(Coding::Raw, count));
    }
    let directory = out.len();
    let start = directory + WORD;
    out.resize(start + raw_planes * count, 0);
    let mut writer = levels::Writer::new(code, count, &mut scratch.levels, out);
    for (at, units) in units.chunks(TILE * layout.unit()).enumerate() {
        let count_here = units.len() / layout.unit();
        let last = &mut tiles[0][..count_here];
        let mut planes: [&mut [u8]; MAX_PLANES] = Default::default();
        let (to, _) = planes.split_at_mut(raw_planes + 1);
        for (to, plane) in to
            .iter_mut()
            .zip(writer.before()[start..].chunks_mut(count))
        {
            *to = &mut plane[at * TILE..][..count_here];
        }
        to[raw_planes] = &mut *last;
        planes::split_to(layout, units, to);
        writer.tile(last);
    }
    writer.finish();
    let len = out.len() - start - raw_planes * count;
    out[directory..start].copy_from_slice(&word(Coding::Levels, len));
}
