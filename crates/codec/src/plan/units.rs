//! Units of a few bytes as numbers, and a look at some of a chunk's.

/// How many places of a chunk are looked at before a plan is worth a try, and units at each.
const SPOTS: usize = 8;
const SPOT: usize = 256;

/// Some of the units: runs of them from places that are spread over all.
pub(super) fn spots<T>(units: &[T]) -> impl Iterator<Item = &[T]> + Clone {
    let parts = units.chunks((units.len() / SPOTS).max(SPOT));
    parts.map(|part| &part[..part.len().min(SPOT)])
}

/// A number of at most 8 bytes, the lowest first.
#[inline(always)]
pub(super) fn number(unit: &[u8]) -> u64 {
    unit.iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
