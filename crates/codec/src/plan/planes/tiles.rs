//! Planes to units and back in one pass, tile by tile, where that is possible: what one step leaves is
//! in the fastest cache for the next, and nothing is written twice.

use super::look::Look;
use super::{MAX_PLANES, StoredPlane, WORD, word};
use crate::coder::rows::TILE;
use crate::coder::{self, Coding};
use crate::coder::{levels, tiered};
use crate::layout::Layout;
use crate::{Error, planes};

/// The bytes of a tile of each plane.
type Tiles = [[u8; TILE]; MAX_PLANES];

/// Buffers that are used again.
#[derive(Default)]
pub(crate) struct Scratch {
    tiles: Option<Box<Tiles>>,
    levels: levels::Scratch,
}

/// Whether a layout's planes have a byte for each unit, several of them.
pub(super) fn fits(layout: Layout) -> bool {
    layout.planes() > 1 && !matches!(layout, Layout::Blocks(_))
}

/// Where the bytes of a plane come from.
enum Source<'a> {
    /// They lie one after the other.
    There(&'a [u8]),
    /// They are all the same, and in the plane's tile for good.
    Constant,
    /// They are decoded tile by tile.
    Tiered(tiered::Reader<'a>),
    Levels(Box<levels::Reader<'a>>),
}

/// Decodes planes into units. `whole` is for planes that cannot be decoded piece by piece.
pub(super) fn decode(
    layout: Layout,
    stored: &[StoredPlane<'_>],
    whole: &mut Vec<u8>,
    scratch: &mut Scratch,
    out: &mut [u8],
) -> Result<(), Error> {
    let tiles = scratch
        .tiles
        .get_or_insert_with(|| Box::new([[0; TILE]; MAX_PLANES]));
    // What is in it from the frame before is overwritten.
    whole.resize(out.len(), 0);
    let mut sources = Vec::with_capacity(stored.len());
    let mut rest = whole.as_mut_slice();
    for (plane, tile) in stored.iter().zip(tiles.iter_mut()) {
        let (to, after) = std::mem::take(&mut rest).split_at_mut(plane.raw_len);
        rest = after;
        sources.push(source(plane, tile, to)?);
    }
    for (at, out) in out.chunks_mut(TILE * layout.unit()).enumerate() {
        let count = out.len() / layout.unit();
        let mut planes: [&[u8]; MAX_PLANES] = [&[]; MAX_PLANES];
        for ((source, tile), plane) in sources.iter_mut().zip(tiles.iter_mut()).zip(&mut planes) {
            *plane = match source {
                Source::There(bytes) => &bytes[at * TILE..][..count],
                Source::Constant => &tile[..count],
                Source::Tiered(reader) => {
                    reader.tile(&mut tile[..count])?;
                    &tile[..count]
                }
                Source::Levels(reader) => {
                    reader.tile(&mut tile[..count])?;
                    &tile[..count]
                }
            };
        }
        planes::merge_from(layout, &planes[..sources.len()], out);
    }
    sources.iter().try_for_each(|source| match source {
        Source::Tiered(reader) => reader.finish(),
        Source::Levels(reader) => reader.finish(),
        _ => Ok(()),
    })
}

fn source<'a>(
    plane: &StoredPlane<'a>,
    tile: &mut [u8; TILE],
    whole: &'a mut [u8],
) -> Result<Source<'a>, Error> {
    match plane.coding {
        Coding::Raw if plane.payload.len() == plane.raw_len => Ok(Source::There(plane.payload)),
        Coding::Tiered => tiered::Reader::new(plane.payload, plane.raw_len).map(Source::Tiered),
        Coding::Levels => {
            let reader = levels::Reader::new(plane.payload, plane.raw_len)?;
            Ok(Source::Levels(Box::new(reader)))
        }
        Coding::Constant => {
            coder::decode(plane.coding, plane.payload, tile)?;
            Ok(Source::Constant)
        }
        coding => {
            coder::decode(coding, plane.payload, whole)?;
            Ok(Source::There(whole))
        }
    }
}

/// Encodes units in the way that was found for them.
pub(super) fn encode(
    layout: Layout,
    units: &[u8],
    how: &Look,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    match how {
        Look::Noise => store(layout, units, out),
        Look::Last(spec) => encode_last(layout, units, spec, scratch, out),
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
    spec: &levels::Spec,
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
    let mut writer = levels::Writer::new(spec, count, &mut scratch.levels, out);
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
