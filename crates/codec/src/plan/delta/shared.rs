//! What the frames of a delta share, as bytes: a byte of flags; the number of bounds, and those;
//! where rows or columns have a say, the terms; where something is added to the base, that; the tables.

use std::sync::OnceLock;

use super::Delta;
use super::buckets::Buckets;
use super::contexts::{Contexts, Key, MAX, Place, Terms};
use super::difference::Form;
use super::low_rank::{self, LowRank};
use crate::coder::rans::Tables;
use crate::coder::{self, Coding};
use crate::header::Facts;
use crate::layout::Layout;
use crate::{Dtype, Error, Level};

const ERROR: Error = Error::Malformed("what a delta's frames share");

const BY_SIGN: u8 = 1;
const ROUNDS: u8 = 2;
/// Where the number of low bytes is, 2 bits.
const LOW: u32 = 2;
const ROWS: u8 = 16;
const COLUMNS: u8 = 32;
const LOW_RANK: u8 = 64;
const TOP: u8 = 128;

/// The most rows, or columns, that have terms.
pub(super) const MAX_TERMS: usize = 1 << 16;

/// Where a chunk's elements are in their rows.
pub(super) fn place(facts: &Facts) -> Place {
    // A complex number is two elements here.
    let dtype = facts.hint.dtype;
    let parts = (dtype.block_bytes() / Layout::of(dtype).unit()) as u64;
    let row = u64::from(facts.hint.row);
    let column = facts.hint.offset.checked_rem(row).unwrap_or(0);
    Place {
        row: (row * parts) as usize,
        column: (column * parts) as usize,
    }
}

/// The bytes of a delta's parts, but for the tables, which come last.
pub(super) fn head(
    form: Form,
    by_sign: bool,
    contexts: &Contexts,
    low_rank: Option<&LowRank>,
) -> Vec<u8> {
    let terms = contexts.terms.as_ref();
    let flag = |flag, set| if set { flag } else { 0 };
    let flags = flag(BY_SIGN, by_sign)
        | flag(ROUNDS, form.rounds)
        | ((form.low / 8) as u8) << LOW
        | flag(ROWS, terms.is_some_and(|terms| !terms.rows.is_empty()))
        | flag(
            COLUMNS,
            terms.is_some_and(|terms| !terms.columns.is_empty()),
        )
        | flag(LOW_RANK, low_rank.is_some())
        | flag(TOP, form.top.is_some());
    let mut out = vec![flags, contexts.bounds.len() as u8];
    out.extend_from_slice(&contexts.bounds);
    if let Some(top) = form.top {
        out.extend_from_slice(&top.to_le_bytes());
    }
    if let Some(terms) = terms {
        write_terms(terms, &mut out);
    }
    if let Some(low_rank) = low_rank {
        low_rank.write(&mut out);
    }
    out
}

/// The first key that has a term and the last one, then a plane of the terms of keys, rows and columns.
fn write_terms(terms: &Terms, out: &mut Vec<u8>) {
    let has_term = |term: &u8| *term > 0;
    let first = terms.keys.iter().position(has_term).unwrap_or(0);
    let last = terms.keys.iter().rposition(has_term).unwrap_or(0);
    let plane = [&terms.keys[first..=last], &terms.rows, &terms.columns].concat();
    let mut payload = Vec::new();
    let mut scratch = coder::Scratch::default();
    let coding = coder::encode(&plane, Level::Fast, &mut scratch, &mut payload);
    out.extend([first as u8, last as u8, coding as u8]);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes()[..3]);
    out.extend_from_slice(&payload);
}

/// Reads a delta.
pub(super) fn read(shared: &[u8], facts: &Facts, from: Dtype) -> Result<Delta, Error> {
    let &[flags, number, ref rest @ ..] = shared else {
        return Err(ERROR);
    };
    let to = facts.hint.dtype;
    let unit = Layout::of(to).unit();
    let mut form = Form {
        bits: 8 * unit as u32,
        low: u32::from(flags >> LOW & 3) * 8,
        rounds: flags & ROUNDS != 0,
        top: None,
    };
    let low_fits = form.low <= 16 && form.low < form.bits;
    if !low_fits || usize::from(number) >= MAX {
        return Err(ERROR);
    }
    let (bounds, rest) = rest.split_at_checked(number.into()).ok_or(ERROR)?;
    if bounds.first() == Some(&0) || bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(ERROR);
    }
    let rest = match (flags & TOP, rest.split_first_chunk()) {
        (0, _) => rest,
        (_, Some((top, rest))) if !form.rounds => {
            form.top = Some(u32::from_le_bytes(*top));
            rest
        }
        _ => return Err(ERROR),
    };
    let place = place(facts);
    let elements = facts.raw_len as usize / unit;
    let (terms, rest) = read_terms(flags, place, elements, rest)?;
    let (low_rank, rest) = match flags & LOW_RANK {
        0 => (None, rest),
        _ if !low_rank::covers(from) || !low_rank::covers(to) => return Err(ERROR),
        _ => {
            let (found, rest) = LowRank::read(place.rows(elements), place.row, rest)?;
            (Some(found), rest)
        }
    };
    let (tables, len) = Tables::read(rest)?;
    if len != rest.len() || tables.contexts() != bounds.len() + 1 {
        return Err(ERROR);
    }
    Ok(Delta {
        from,
        to,
        place,
        low_rank,
        form,
        buckets: Buckets::new(flags & BY_SIGN != 0),
        contexts: Contexts {
            key: Key::of(to),
            terms,
            bounds: bounds.to_vec(),
        },
        tables,
        shared: shared.to_vec(),
        expected_len: 0,
        decoder: OnceLock::new(),
        encoder: OnceLock::new(),
    })
}

fn read_terms(
    flags: u8,
    place: Place,
    elements: usize,
    bytes: &[u8],
) -> Result<(Option<Terms>, &[u8]), Error> {
    if flags & (ROWS | COLUMNS) == 0 {
        return Ok((None, bytes));
    }
    let (head, rest) = bytes.split_first_chunk::<6>().ok_or(ERROR)?;
    let [first, last, coding, len @ ..] = *head;
    let coding = Coding::from_code(coding).ok_or(ERROR)?;
    let len = u32::from_le_bytes([len[0], len[1], len[2], 0]) as usize;
    let (payload, rest) = rest.split_at_checked(len).ok_or(ERROR)?;
    let of = |flag, number| if flags & flag == 0 { 0 } else { number };
    let (rows, columns) = (of(ROWS, place.rows(elements)), of(COLUMNS, place.row));
    if place.row == 0 || rows.max(columns) > MAX_TERMS || first > last {
        return Err(ERROR);
    }
    let (first, last) = (usize::from(first), usize::from(last));
    let mut plane = vec![0; last - first + 1 + rows + columns];
    coder::decode(coding, payload, &mut plane)?;
    let columns = plane.split_off(plane.len() - columns);
    let rows = plane.split_off(plane.len() - rows);
    let mut keys = Box::new([0; 256]);
    keys[first..=last].copy_from_slice(&plane);
    let terms = Terms {
        keys,
        rows,
        columns,
    };
    Ok((Some(terms), rest))
}
