//! From a pickle and the places of its storages to tensors and regions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use sheaf_codec::Dtype;

use super::tensors::{Storage, Storages, View};
use crate::format::{self, Contents, Region};
use crate::layout::Tensor;

/// Where each storage's bytes are, by its key. In order, so that cuts never depend on chance, even
/// where a file gives two storages the same place.
pub(super) type Places<'a> = BTreeMap<&'a [u8], Range<u64>>;

/// What is in a file whose pickle was understood.
pub(super) fn understood(
    views: &[View<'_>],
    storages: &Storages<'_>,
    places: &Places<'_>,
) -> Contents {
    let views_of = by_storage(views);
    let mut regions = Vec::new();
    for (key, place) in places {
        let Some(storage) = storages.get(key) else {
            regions.push(region(place.clone(), Dtype::Unknown, None));
            continue;
        };
        let views = views_of.get(key).map_or(&[][..], Vec::as_slice);
        split(place, storage, views, &mut regions);
    }
    let tensor_of = |view| tensor(view, storages, places);
    let tensors = views.iter().filter_map(tensor_of).collect();
    Contents {
        format: "pytorch",
        tensors,
        regions,
        ..Contents::unknown()
    }
}

/// What is in a file whose pickle was not: the storages' edges are worth having all the same.
pub(super) fn bare(places: &Places<'_>) -> Contents {
    Contents {
        format: "pytorch",
        regions: places
            .values()
            .map(|place| region(place.clone(), Dtype::Unknown, None))
            .collect(),
        ..Contents::unknown()
    }
}

/// A region of pickles, directories and the like.
pub(super) fn text(range: Range<u64>) -> Region {
    Region {
        range,
        dtype: Dtype::Bytes,
        row: 0,
        key: 0,
    }
}

fn region(range: Range<u64>, dtype: Dtype, view: Option<&View<'_>>) -> Region {
    let row = view.map_or(0, View::row);
    let key = view.map_or(0, |view| format::key(&view.name));
    let region = Region {
        range,
        dtype,
        row,
        key,
    };
    match view {
        Some(view) => region.unpacked(&view.name),
        None => region,
    }
}

fn by_storage<'v, 'a>(views: &'v [View<'a>]) -> HashMap<&'a [u8], Vec<&'v View<'a>>> {
    let mut views_of: HashMap<_, Vec<_>> = HashMap::new();
    for view in views {
        views_of.entry(view.storage).or_default().push(view);
    }
    // Of those that begin together the longest first.
    for views in views_of.values_mut() {
        views.sort_by_key(|view| (view.offset, Reverse(view.extent())));
    }
    views_of
}

/// Cuts a storage where a tensor without holes begins or ends, as it would be cut in a file that
/// has each tensor on its own: the weights of a recurrent net, or of a sharded run, are views of
/// one storage.
fn split(place: &Range<u64>, storage: &Storage, views: &[&View<'_>], regions: &mut Vec<Region>) {
    let mut end = place.start;
    for view in views {
        let Some(range) = range(view, storage, place) else {
            continue;
        };
        if range.start < end || range.is_empty() || !view.is_dense() {
            continue;
        }
        regions.push(region(end..range.start, storage.dtype, None));
        end = range.end;
        regions.push(region(range, storage.dtype, Some(view)));
    }
    regions.push(region(end..place.end, storage.dtype, None));
}

/// The bytes of a view, where its storage's bytes hold them.
fn range(view: &View<'_>, storage: &Storage, place: &Range<u64>) -> Option<Range<u64>> {
    let width = view.word.unwrap_or(storage.word).width;
    let start = view.offset.checked_mul(width)?.checked_add(place.start)?;
    let end = view.extent()?.checked_mul(width)?.checked_add(start)?;
    (end <= place.end).then_some(start..end)
}

/// The tensor that a view is.
fn tensor(view: &View<'_>, storages: &Storages<'_>, places: &Places<'_>) -> Option<Tensor> {
    let storage = storages.get(view.storage)?;
    let word = view.word.unwrap_or(storage.word);
    // Elements in another order of bytes, or of a storage that is not what it is said to be.
    let dtype = match storage.dtype {
        Dtype::Unknown => Dtype::Unknown,
        _ => word.dtype,
    };
    Some(Tensor {
        name: view.name.clone(),
        dtype_name: format!("torch.{}", word.name),
        dtype,
        shape: view.shape.clone(),
        range: range(view, storage, places.get(view.storage)?)?,
    })
}
