//! From regions to a plan of cuts.

use std::ops::Range;

use sheaf_codec::{Dtype, MAX_CHUNK_LEN};

use crate::cdc::Params;
use crate::format::Region;
use crate::groups::{self, STANDS_ALONE};

/// The most elements of a piece.
const MAX_PIECE_ELEMENTS: u64 = 4 << 20;

/// A run of a file's bytes that is cut in one way, on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Its bytes; the last one's end is open.
    pub range: Range<u64>,
    /// What its elements are.
    pub dtype: Dtype,
    /// Elements in a row.
    pub row: u32,
    /// How it is cut.
    pub way: Way,
}

/// How a segment is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Into pieces of this length; the last may be shorter.
    Pieces(Piece),
    /// By content.
    Content(Params),
}

/// A piece of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub bytes: usize,
    pub elements: u64,
}

impl Piece {
    /// The same number of elements whatever the dtype, as far as the longest chunk allows, so that
    /// a tensor's pieces line up with those of its base in another dtype. A power of two, and so of
    /// whole blocks.
    pub fn of(dtype: Dtype) -> Piece {
        let block = u64::from(dtype.block_elements());
        let bytes = |elements: u64| elements / block * dtype.block_bytes() as u64;
        let mut elements = MAX_PIECE_ELEMENTS;
        while bytes(elements) > MAX_CHUNK_LEN as u64 {
            elements /= 2;
        }
        Piece {
            bytes: bytes(elements) as usize,
            elements,
        }
    }
}

/// Plans the cuts of a file: segments without gaps, the last of them without end.
///
/// Regions may come in any order and lie as they like: of those that overlap the one that begins
/// first (and of these the longest) is followed, as far as it goes.
pub(crate) fn plan(mut regions: Vec<Region>) -> Vec<Segment> {
    regions.retain(|region| region.range.start < region.range.end);
    regions.sort_by(|a, b| {
        let order = |region: &Region| (region.range.start, std::cmp::Reverse(region.range.end));
        order(a).cmp(&order(b))
    });
    let mut planner = Planner::default();
    for region in regions {
        planner.add(region);
    }
    planner.finish()
}

/// Plans cuts from regions in the order of the file, which may come one by one.
#[derive(Default)]
pub(crate) struct Planner {
    groups: groups::Groups,
    end: u64,
}

impl Planner {
    /// Adds a region, unless it overlaps one that was added before.
    pub fn add(&mut self, region: Region) {
        if region.range.is_empty() || region.range.start < self.end {
            return;
        }
        if self.end < region.range.start {
            self.groups.add(gap(self.end..region.range.start));
        }
        self.end = region.range.end;
        self.groups.add(region);
    }

    /// Hands out the segments that further regions do not change.
    pub fn settled(&mut self) -> Vec<Segment> {
        self.groups.settled()
    }

    /// The segments that were not handed out.
    pub fn finish(self) -> Vec<Segment> {
        self.groups.finish(self.end)
    }
}

/// What lies between regions: padding and the small change of containers, or something unknown.
fn gap(range: Range<u64>) -> Region {
    Region {
        range,
        dtype: Dtype::Unknown,
        row: 0,
        key: 0,
    }
}

impl Segment {
    /// The segment of a region that is not grouped with others.
    pub fn alone(region: Region) -> Segment {
        let Region {
            range, dtype, row, ..
        } = region;
        let way = match dtype {
            Dtype::Bytes => Way::Content(Params::TEXT),
            Dtype::Unknown => Way::Content(Params::BINARY),
            dtype => Way::Pieces(Piece::of(dtype)),
        };
        Segment {
            range,
            dtype,
            row,
            way,
        }
    }

    /// What comes after all that is known.
    pub fn rest(start: u64) -> Segment {
        Segment::alone(gap(start..u64::MAX))
    }

    /// A run of small regions, all in one chunk.
    pub fn group(range: Range<u64>, dtype: Dtype, row: u32) -> Segment {
        debug_assert!(range.end - range.start <= MAX_CHUNK_LEN as u64);
        let way = Way::Pieces(Piece {
            bytes: MAX_CHUNK_LEN,
            elements: 0,
        });
        Segment {
            range,
            dtype,
            row,
            way,
        }
    }
}

/// Whether a region may be put together with its neighbours.
pub(crate) fn is_small(region: &Region) -> bool {
    let len = region.range.end - region.range.start;
    match region.dtype {
        // The header changes from file to file, and so stays out of the chunks of tensors.
        Dtype::Bytes => false,
        Dtype::Unknown => len <= groups::LIGHT,
        _ => len < STANDS_ALONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_dtype() {
        for &dtype in Dtype::ALL {
            let piece = Piece::of(dtype);
            assert!(
                piece.bytes <= MAX_CHUNK_LEN && piece.bytes >= 256 << 10,
                "{dtype:?}"
            );
            assert_eq!(
                piece.elements % u64::from(dtype.block_elements()),
                0,
                "{dtype:?}"
            );
        }
        assert_eq!(
            Piece::of(Dtype::Bf16),
            Piece {
                bytes: 8 << 20,
                elements: 4 << 20
            }
        );
        assert_eq!(
            Piece::of(Dtype::F32),
            Piece {
                bytes: 16 << 20,
                elements: 4 << 20
            }
        );
        assert_eq!(
            Piece::of(Dtype::F64),
            Piece {
                bytes: 16 << 20,
                elements: 2 << 20
            }
        );
        assert_eq!(
            Piece::of(Dtype::C128),
            Piece {
                bytes: 16 << 20,
                elements: 1 << 20
            }
        );
        assert_eq!(Piece::of(Dtype::GgmlQ4_0).elements, 4 << 20);
    }

    fn region(range: Range<u64>, dtype: Dtype) -> Region {
        let key = range.start.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Region {
            range,
            dtype,
            row: 0,
            key,
        }
    }

    #[test]
    fn segments_cover_all_without_overlap() {
        let segments = plan(vec![
            region(5_000_000..6_000_000, Dtype::F32),
            region(100..400_000, Dtype::Bf16),
            region(300_000..5_500_000, Dtype::F32),
            region(0..100, Dtype::Bytes),
            region(7..7, Dtype::F64),
        ]);
        let starts: Vec<_> = segments.iter().map(|s| (s.range.start, s.dtype)).collect();
        let expected = [
            (0, Dtype::Bytes),
            (100, Dtype::Bf16),
            (400_000, Dtype::Unknown),
            (5_000_000, Dtype::F32),
            (6_000_000, Dtype::Unknown),
        ];
        assert_eq!(starts, expected);
        assert!(
            segments
                .windows(2)
                .all(|pair| pair[0].range.end == pair[1].range.start)
        );
        assert_eq!(segments[4].range.end, u64::MAX);
    }
}
