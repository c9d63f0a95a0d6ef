//! Which parts of a file are measured.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;

use sheaf_codec::{Dtype, Hint};
use sheaf_formats::{Chunk, Layout, ReadAt, Tensor, Told};

use crate::chunks;
use crate::in_order::Take;

/// Bytes of a piece of a sample.
const PIECE_LEN: u64 = 1 << 20;

/// How much of a file is measured at most.
#[derive(Debug, Clone, Copy)]
pub enum Extent {
    Nothing,
    /// All of a file of up to 16 MiB, a sample of about so much of a larger one.
    Little,
    /// All of a file of up to 256 MiB, a sample of about 128 MiB of a larger one.
    Much,
    All,
}

impl Extent {
    /// The most that is received of a file elsewhere, where so much is enough for all but the whole.
    pub fn limit(self, bytes: u64) -> Option<u64> {
        (!matches!(self, Self::All)).then_some(bytes)
    }

    /// Larger files are sampled.
    fn full_len(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Little => 16 << 20,
            Self::Much => 256 << 20,
            Self::All => u64::MAX,
        }
    }

    /// Pieces of a sample.
    fn pieces(self) -> u64 {
        match self {
            Self::Little => 16,
            _ => 128,
        }
    }
}

/// What is measured.
pub enum Pieces {
    Nothing,
    /// The chunks as they would be stored, and what another file says of this one.
    All(Option<Told>),
    /// Parts spread evenly over the file, at least one of each dtype.
    Sample {
        /// Where they are, in the order of the file.
        spots: Vec<Spot>,
        /// How many bytes of the file one measured byte stands for, by what is known of its dtype.
        weights: BTreeMap<Dtype, f64>,
    },
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    range: Range<u64>,
    hint: Hint,
}

impl Pieces {
    /// What to measure of a file.
    pub fn plan(file: &dyn ReadAt, layout: &Layout, told: Option<Told>, extent: Extent) -> Self {
        if matches!(extent, Extent::Nothing) {
            return Self::Nothing;
        }
        if file.size() <= extent.full_len() {
            return Self::All(told);
        }
        let segments = segments(layout, file.size());
        let spots = sample(&segments, file.size(), extent.pieces());
        let weights = weights(&segments, &spots);
        Self::Sample { spots, weights }
    }

    /// How many bytes of the file a measured byte of this dtype stands for.
    pub fn weight(&self, known: Dtype) -> f64 {
        match self {
            Self::All(_) | Self::Nothing => 1.0,
            Self::Sample { weights, .. } => weights.get(&known).copied().unwrap_or(1.0),
        }
    }

    /// Reads the pieces.
    pub fn read(&self, file: &dyn ReadAt, take: &mut Take<'_, Chunk>) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::All(told) => chunks::read(file, told.as_ref(), take),
            Self::Sample { spots, .. } => read_spots(file, spots, take),
        }
    }
}

fn read_spots(file: &dyn ReadAt, spots: &[Spot], take: &mut Take<'_, Chunk>) -> io::Result<()> {
    let ranges: Vec<Range<u64>> = spots.iter().map(|spot| spot.range.clone()).collect();
    file.expect(&ranges);
    for Spot { range, hint } in spots {
        let mut raw = vec![0; (range.end - range.start) as usize];
        file.read_exact_at(range.start, &mut raw)?;
        let chunk = Chunk {
            offset: range.start,
            raw,
            hint: *hint,
        };
        if take(chunk).is_break() {
            break;
        }
    }
    Ok(())
}

/// A tensor's bytes, or those between tensors.
struct Segment {
    range: Range<u64>,
    dtype: Dtype,
    row: u32,
}

/// The whole file, each byte once: of tensors that share bytes the first counts.
fn segments(layout: &Layout, size: u64) -> Vec<Segment> {
    let mut segments = vec![];
    let mut at = 0;
    let between = |range| Segment {
        range,
        dtype: Dtype::Unknown,
        row: 0,
    };
    for tensor in &layout.tensors {
        if tensor.range.start < at {
            continue;
        }
        segments.push(between(at..tensor.range.start));
        segments.push(Segment {
            range: tensor.range.clone(),
            dtype: tensor.dtype,
            row: row(tensor),
        });
        at = tensor.range.end;
    }
    segments.push(between(at..size));
    segments.retain(|segment| !segment.range.is_empty());
    segments
}

fn row(tensor: &Tensor) -> u32 {
    match tensor.shape.as_slice() {
        [.., _, row] => u32::try_from(*row).unwrap_or(0),
        _ => 0,
    }
}

fn sample(segments: &[Segment], size: u64, pieces: u64) -> Vec<Spot> {
    let places = (0..pieces).map(|piece| (2 * piece + 1) * (size / (2 * pieces)));
    let spread = places.filter_map(|place| {
        let at = segments.partition_point(|segment| segment.range.end <= place);
        segments.get(at).map(|segment| spot(segment, place))
    });
    let mut spots: Vec<Spot> = spread.collect();
    let mut seen: BTreeSet<Dtype> = spots.iter().map(|spot| spot.hint.dtype).collect();
    // Then the rare dtypes, each by its largest tensor.
    let mut largest: Vec<&Segment> = segments.iter().collect();
    largest.sort_by_key(|segment| std::cmp::Reverse(segment.range.end - segment.range.start));
    for segment in largest {
        if seen.insert(segment.dtype) {
            spots.push(spot(segment, segment.range.start));
        }
    }
    spots.sort_by_key(|spot| spot.range.start);
    spots.dedup();
    spots
}

/// The piece of a segment that has a place: of whole elements, and always the same for near places.
fn spot(segment: &Segment, place: u64) -> Spot {
    let unit = segment.dtype.block_bytes() as u64;
    let piece = PIECE_LEN / unit * unit;
    let within = (place - segment.range.start) / piece * piece;
    let start = segment.range.start + within;
    Spot {
        range: start..segment.range.end.min(start + piece),
        hint: Hint {
            dtype: segment.dtype,
            row: segment.row,
            offset: within / unit * u64::from(segment.dtype.block_elements()),
        },
    }
}

fn weights(segments: &[Segment], spots: &[Spot]) -> BTreeMap<Dtype, f64> {
    let len = |range: &Range<u64>| range.end - range.start;
    let mut all: BTreeMap<Dtype, u64> = BTreeMap::new();
    for segment in segments {
        *all.entry(segment.dtype).or_default() += len(&segment.range);
    }
    let mut measured: BTreeMap<Dtype, u64> = BTreeMap::new();
    for spot in spots {
        *measured.entry(spot.hint.dtype).or_default() += len(&spot.range);
    }
    measured
        .into_iter()
        .map(|(dtype, measured)| (dtype, all[&dtype] as f64 / measured as f64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const PIECES: u64 = 128;

    fn tensor(name: &str, dtype: Dtype, range: Range<u64>) -> Tensor {
        Tensor {
            name: name.into(),
            dtype_name: dtype.name().into(),
            dtype,
            shape: vec![1, 1],
            range,
        }
    }

    /// A file of two big tensors and a small one, of which a view is another.
    fn segments_of_a_model() -> Vec<Segment> {
        let layout = Layout {
            format: "test",
            tensors: vec![
                tensor("a", Dtype::Bf16, 1000..GIB),
                tensor("b", Dtype::GgmlQ4K, GIB..GIB + 144_000_000),
                tensor("norm", Dtype::F32, 2 * GIB - 4000..2 * GIB),
                tensor("view", Dtype::F32, 2 * GIB - 4000..2 * GIB - 400),
            ],
            metadata: vec![],
            beside: vec![],
        };
        segments(&layout, 2 * GIB)
    }

    #[test]
    fn segments_are_the_file() {
        let segments = segments_of_a_model();
        assert_eq!(segments[0].range.start, 0);
        assert_eq!(segments[segments.len() - 1].range.end, 2 * GIB);
        assert!(
            segments
                .windows(2)
                .all(|pair| pair[0].range.end == pair[1].range.start)
        );
    }

    #[test]
    fn a_sample_is_spread_and_has_every_dtype() {
        let segments = segments_of_a_model();
        let spots = sample(&segments, 2 * GIB, PIECES);
        let bytes: u64 = spots
            .iter()
            .map(|spot| spot.range.end - spot.range.start)
            .sum();
        assert!(bytes <= (PIECES + 4) * PIECE_LEN && bytes > PIECES * PIECE_LEN / 2);
        assert!(
            spots
                .windows(2)
                .all(|pair| pair[0].range.end <= pair[1].range.start)
        );
        let dtypes: BTreeSet<Dtype> = spots.iter().map(|spot| spot.hint.dtype).collect();
        assert_eq!(
            dtypes,
            BTreeSet::from([Dtype::Unknown, Dtype::F32, Dtype::Bf16, Dtype::GgmlQ4K])
        );
        for spot in spots
            .iter()
            .filter(|spot| spot.hint.dtype == Dtype::GgmlQ4K)
        {
            assert_eq!((spot.range.start - GIB) % 144, 0);
            assert_eq!(spot.hint.offset, (spot.range.start - GIB) / 144 * 256);
        }
        let weights = weights(&segments, &spots);
        assert_eq!(weights[&Dtype::F32], 1.0);
        assert!((10.0..20.0).contains(&weights[&Dtype::Bf16]), "{weights:?}");
    }
}
