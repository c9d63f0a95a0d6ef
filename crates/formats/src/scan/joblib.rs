//! Arrays that joblib writes into the midst of a pickle, after the object that stands for each.

use std::io;

use super::value::{Node, Value, Values};
use crate::read_at::{ReadAt, read_vec};

/// The class of that object.
pub(super) const WRAPPER: &str = "joblib.numpy_pickle.NumpyArrayWrapper";

/// An array whose bytes come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Array {
    /// Its bytes; unknown where they are a pickle of their own, or cannot be told.
    len: Option<u64>,
    /// Whether a byte says how many come before them.
    padded: bool,
}

impl Array {
    /// The array that a wrapper with this state stands for.
    pub fn of(values: &Values, state: Value) -> Array {
        let padding = values.get(state, b"numpy_array_alignment_bytes");
        Array {
            len: len(values, state),
            padded: matches!(padding, Some(Value::Int(_))),
        }
    }
}

fn len(values: &Values, state: Value) -> Option<u64> {
    let shape = values.tuple(values.get(state, b"shape")?)?;
    let mut len = item_len(values, values.get(state, b"dtype")?)?;
    for dim in shape {
        let Value::Int(dim) = dim else { return None };
        len = len.checked_mul(u64::try_from(*dim).ok()?)?;
    }
    Some(len)
}

/// Bytes of an element, by the first argument of its dtype: `f8`, `<i4`, `S12`.
fn item_len(values: &Values, dtype: Value) -> Option<u64> {
    let Node::Made { args, state, .. } = values.node(dtype)? else {
        return None;
    };
    let name = values.text(*values.tuple(*args)?.first()?)?;
    let name = std::str::from_utf8(&name.bytes).ok()?;
    let name = name.trim_start_matches(['<', '>', '=', '|']);
    let (kind, len) = name.split_at_checked(1)?;
    let len: u64 = len.parse().ok()?;
    match kind {
        "f" | "i" | "u" | "c" | "b" | "S" | "M" | "m" => Some(len),
        "U" => len.checked_mul(4),
        // Records, where the dtype's flags say that no object is in them.
        "V" => {
            let flags = values.tuple(*state)?.get(7)?;
            matches!(flags, Value::Int(flags) if flags & 1 == 0).then_some(len)
        }
        // Objects are pickled.
        _ => None,
    }
}

/// Where the array's bytes end: nothing where they are a pickle, or have no length that can be told;
/// else the place, if the file has it.
pub(super) fn end(file: &dyn ReadAt, place: u64, array: Array) -> io::Result<Option<Option<u64>>> {
    let Some(len) = array.len else {
        return Ok(None);
    };
    let mut start = place;
    if array.padded {
        if place >= file.size() {
            return Ok(Some(None));
        }
        start += 1 + u64::from(read_vec(file, place, 1)?[0]);
    }
    let end = start.checked_add(len);
    Ok(Some(end.filter(|end| *end <= file.size())))
}
