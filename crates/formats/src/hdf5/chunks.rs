//! Where the elements of a dataset are.

use std::ops::Range;

use super::NOWHERE;
use super::group::Node;
use super::object::{FILTERS, LAYOUT, Object};
use crate::protobuf::Stop;
use crate::size;
use crate::source::{Source, le};

/// The most chunks of a dataset.
const MAX_CHUNKS: usize = 1 << 16;

/// How deep a tree may be.
const MAX_LEVEL: u8 = 16;

/// Elements in one piece.
pub(super) struct Place {
    pub range: Range<u64>,
    pub shape: Vec<u64>,
    /// What comes behind the dataset's name: where a chunk is in it.
    pub suffix: String,
}

/// The places of a dataset's elements, as the file has them.
pub(super) fn places(
    source: &mut Source<'_>,
    dataset: &Object,
    shape: &[u64],
    width: u64,
) -> Result<Vec<Place>, Stop> {
    let Some(layout) = dataset.first(LAYOUT) else {
        return Ok(vec![]);
    };
    let filtered = dataset.first(FILTERS).is_some();
    let found = match layout {
        [3 | 4, 1, rest @ ..] => in_one(rest, shape),
        [1 | 2, _, 1, rest @ ..] => in_one_before(rest, shape, width),
        [3, 2, dims, rest @ ..] if !filtered => {
            let (Some(tree), Some(chunk)) =
                (le(rest, 0, 8), chunk(&rest[8.min(rest.len())..], *dims, 4))
            else {
                return Ok(vec![]);
            };
            return tree_of(source, tree, &chunk, shape, width);
        }
        [4, 2, rest @ ..] if !filtered => by_index(rest, shape, width),
        _ => None,
    };
    Ok(found.unwrap_or_default())
}

fn in_one(layout: &[u8], shape: &[u64]) -> Option<Vec<Place>> {
    whole(le(layout, 0, 8)?, le(layout, 8, 8)?, shape)
}

/// As versions before the third have it.
fn in_one_before(layout: &[u8], shape: &[u64], width: u64) -> Option<Vec<Place>> {
    whole(le(layout, 5, 8)?, len_of(shape, width)?, shape)
}

fn whole(at: u64, len: u64, shape: &[u64]) -> Option<Vec<Place>> {
    let place = Place {
        range: at..at.checked_add(len)?,
        shape: shape.to_vec(),
        suffix: String::new(),
    };
    (at != NOWHERE && len > 0).then_some(vec![place])
}

fn len_of(shape: &[u64], width: u64) -> Option<u64> {
    size::elements(shape)?.checked_mul(width)
}

/// The shape of a chunk; the last of its dimensions is the width of an element, and no part of it.
fn chunk(bytes: &[u8], dims: u8, width: usize) -> Option<Vec<u64>> {
    let rank = usize::from(dims).checked_sub(1)?;
    (0..rank).map(|i| le(bytes, width * i, width)).collect()
}

/// Chunks by a tree.
fn tree_of(
    source: &mut Source<'_>,
    tree: u64,
    chunk: &[u64],
    shape: &[u64],
    width: u64,
) -> Result<Vec<Place>, Stop> {
    let mut places = vec![];
    if chunk.len() != shape.len() || tree == NOWHERE {
        return Ok(places);
    }
    // A key is a length, a mask of filters, and a place in the dataset and in an element.
    let key = 8 + 8 * (shape.len() as u64 + 1);
    let mut todo = vec![(tree, MAX_LEVEL)];
    while let Some((at, above)) = todo.pop() {
        let node = Node::read(source, at, 1, above)?;
        let bytes = source.bytes(at.saturating_add(Node::LEN), node.used * (key + 8))?;
        for entry in bytes.chunks_exact(key as usize + 8) {
            let address = le(entry, key as usize, 8).unwrap_or(NOWHERE);
            if node.level > 0 {
                todo.push((address, node.level));
                continue;
            }
            let (Some(len), Some(range)) = (le(entry, 0, 4), len_of(chunk, width)) else {
                continue;
            };
            if places.len() < MAX_CHUNKS && len == range {
                let at: Vec<_> = (0..shape.len())
                    .filter_map(|i| le(entry, 8 + 8 * i, 8))
                    .collect();
                places.extend(one(address, len, chunk, shape, &at));
            }
        }
    }
    Ok(places)
}

fn one(address: u64, len: u64, chunk: &[u64], shape: &[u64], at: &[u64]) -> Option<Place> {
    let range = address..address.checked_add(len)?;
    let suffix = if chunk == shape {
        String::new()
    } else {
        format!("{at:?}")
    };
    Some(Place {
        range,
        shape: chunk.to_vec(),
        suffix,
    })
}

/// Chunks of the fourth version whose places need no index: there is one, or all follow each other.
fn by_index(layout: &[u8], shape: &[u64], width: u64) -> Option<Vec<Place>> {
    let (dims, bytes) = (*layout.get(1)?, usize::from(*layout.get(2)?));
    if !(1..=8).contains(&bytes) {
        return None;
    }
    let chunk = chunk(layout.get(3..)?, dims, bytes)?;
    let at = 3 + bytes * usize::from(dims);
    let address = le(layout, at + 1, 8)?;
    let len = len_of(&chunk, width)?;
    let (1 | 2, true) = (
        *layout.get(at)?,
        address != NOWHERE && len > 0 && chunk.len() == shape.len(),
    ) else {
        return None;
    };
    let along = shape.iter().zip(&chunk).map(|(&n, &of)| n.div_ceil(of));
    let count = along.clone().try_fold(1_u64, u64::checked_mul)?;
    if count > MAX_CHUNKS as u64 {
        return None;
    }
    let place = |number: u64| {
        let mut rest = number;
        let mut at: Vec<u64> = along
            .clone()
            .zip(&chunk)
            .rev()
            .map(|(n, of)| {
                let i = rest % n;
                rest /= n;
                i * of
            })
            .collect();
        at.reverse();
        one(
            address.checked_add(number.checked_mul(len)?)?,
            len,
            &chunk,
            shape,
            &at,
        )
    };
    Some((0..count).filter_map(place).collect())
}
