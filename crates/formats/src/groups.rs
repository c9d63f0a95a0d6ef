//! Small regions put together into one chunk.
//!
//! A chunk costs a hash, a row and a header of a blob, so that biases and norms are put together
//! with their neighbours. Where a run is cut does not depend on where it began but on names, as
//! cuts by content depend on content: a tensor put in or taken out changes the groups near it and
//! no others, and a fine-tune, in which every byte differs, is cut like its base.

use std::ops::Range;

use sheaf_codec::Dtype;

use crate::cuts::{Segment, is_small};
use crate::format::Region;

/// From here a tensor is not put together with others.
pub(crate) const STANDS_ALONE: u64 = 256 << 10;

/// A group is not cut before this, while its elements stay in step.
const MIN: u64 = 256 << 10;

/// A group that can be cut is, on average, cut after so many bytes more.
const USUAL: u64 = 512 << 10;

/// No group is longer.
const MAX: u64 = 1 << 20;

/// Up to here a region goes along in a group of any dtype: the padding between tensors, a zip's
/// header between two storages, the counter beside a batch norm's floats.
pub(crate) const LIGHT: u64 = 512;

/// Collects segments, grouping as it goes.
#[derive(Default)]
pub(crate) struct Groups {
    segments: Vec<Segment>,
    open: Option<Group>,
}

struct Group {
    range: Range<u64>,
    /// The dtype of its tensors that are not light, once there is one.
    dtype: Option<Dtype>,
    /// The longest of its light regions that are tensors in step, and its dtype.
    light: (u64, Dtype),
    /// Elements in a row, where all its tensors that are not light have the same.
    row: u32,
}

impl Groups {
    /// Adds the region that follows all before without a gap.
    pub fn add(&mut self, region: Region) {
        if !is_small(&region) {
            self.close();
            self.segments.push(Segment::alone(region));
            return;
        }
        match &mut self.open {
            Some(group) if group.takes(&region) => group.take(&region),
            _ => {
                self.close();
                self.open = Some(Group::new(&region));
            }
        }
    }

    /// Hands out the segments that further regions do not change.
    pub fn settled(&mut self) -> Vec<Segment> {
        std::mem::take(&mut self.segments)
    }

    /// The segments that were not handed out, with one for whatever comes after `end`.
    pub fn finish(mut self, end: u64) -> Vec<Segment> {
        self.close();
        if end < u64::MAX {
            self.segments.push(Segment::rest(end));
        }
        self.segments
    }

    fn close(&mut self) {
        if let Some(group) = self.open.take() {
            let dtype = group.dtype.unwrap_or(group.light.1);
            self.segments
                .push(Segment::group(group.range, dtype, group.row));
        }
    }
}

impl Group {
    fn new(region: &Region) -> Group {
        let range = region.range.start..region.range.start;
        let mut group = Group {
            range,
            dtype: None,
            light: (0, Dtype::Bytes),
            row: 0,
        };
        group.take(region);
        group
    }

    fn takes(&self, region: &Region) -> bool {
        let len = self.range.end - self.range.start;
        let more = region.range.end - region.range.start;
        if len + more > MAX {
            return false;
        }
        if is_light(region) {
            return true;
        }
        self.dtype.is_none_or(|dtype| dtype == region.dtype)
            && self.in_step(region)
            && (len < MIN || region.key % USUAL >= more)
    }

    /// Whether the region's elements begin a whole number of elements after the group.
    fn in_step(&self, region: &Region) -> bool {
        let distance = region.range.start - self.range.start;
        distance.is_multiple_of(region.dtype.block_bytes() as u64)
    }

    fn take(&mut self, region: &Region) {
        let len = region.range.end - region.range.start;
        if !is_light(region) {
            self.row = match self.dtype {
                Some(_) if self.row != region.row => 0,
                _ => region.row,
            };
            self.dtype = Some(region.dtype);
        } else if region.dtype != Dtype::Unknown && len > self.light.0 && self.in_step(region) {
            self.light = (len, region.dtype);
        }
        self.range.end = region.range.end;
    }
}

fn is_light(region: &Region) -> bool {
    region.range.end - region.range.start <= LIGHT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::key;

    fn run(names: impl Iterator<Item = String>, len: u64, dtype: Dtype) -> Vec<Segment> {
        let mut groups = Groups::default();
        let mut end = 0;
        for name in names {
            groups.add(Region {
                range: end..end + len,
                dtype,
                row: 0,
                key: key(&name),
            });
            end += len;
        }
        let mut segments = groups.finish(end);
        segments.pop();
        segments
    }

    #[test]
    fn a_tensor_taken_out_changes_few_groups() {
        let names = || (0..4000).map(|i| format!("layers.{i}.norm.weight"));
        let whole = run(names(), 3072, Dtype::F32);
        let less = run(names().skip(1), 3072, Dtype::F32);
        assert!((10..30).contains(&whole.len()), "{}", whole.len());
        let ends = |segments: &[Segment], by: u64| -> Vec<u64> {
            segments
                .iter()
                .map(|segment| segment.range.end + by)
                .collect()
        };
        let (whole, less) = (ends(&whole, 0), ends(&less, 3072));
        let same = whole.iter().filter(|end| less.contains(end)).count();
        assert!(same + 6 > whole.len(), "{same} of {}", whole.len());
        let len = |ends: &[u64]| ends.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(len(&whole) <= Some(MAX));
    }

    #[test]
    fn light_regions_go_along() {
        let mut groups = Groups::default();
        let mut end = 0;
        let mut add = |len: u64, dtype| {
            groups.add(Region {
                range: end..end + len,
                dtype,
                row: 0,
                key: u64::MAX,
            });
            end += len;
        };
        add(120, Dtype::Unknown);
        add(4096, Dtype::F32);
        add(60, Dtype::Unknown);
        add(8, Dtype::I64);
        add(4096, Dtype::F32);
        add(1, Dtype::Bool);
        add(4096, Dtype::F32);
        add(4096, Dtype::Bf16);
        let found: Vec<_> = groups
            .finish(end)
            .iter()
            .map(|s| (s.range.clone(), s.dtype))
            .collect();
        let expected = [
            (0..8381, Dtype::F32),
            (8381..12477, Dtype::F32),
            (12477..16573, Dtype::Bf16),
            (16573..u64::MAX, Dtype::Unknown),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn scalars_alone_keep_their_dtype() {
        let segments = run((0..5).map(|i| i.to_string()), 8, Dtype::I64);
        assert_eq!(segments, [Segment::group(0..40, Dtype::I64, 0)]);
    }
}
