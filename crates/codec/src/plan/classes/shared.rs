//! What the frames of a chunk share, as the header keeps it.

use super::split::{Split, parts};
use super::{Classes, MAX_CLASSES};
use crate::coder::rans::Tables;
use crate::header::Facts;
use crate::plan::rows::{MIN_LEN, Rows};
use crate::{Dtype, Error};

/// Columns have classes in rows that are not longer than this.
pub(super) const MAX_COLUMNS: usize = 1 << 17;

const ERROR: Error = Error::Malformed("classes");

/// Bits that are enough for a class.
fn class_bits(classes: usize) -> usize {
    classes.next_power_of_two().trailing_zeros() as usize
}

/// The rows that a chunk's plan says it has.
pub(super) fn rows(len: u32, facts: &Facts) -> Rows {
    let parts = u64::from(parts(facts.hint.dtype));
    Rows::new(len, facts.hint.offset.wrapping_mul(parts))
}

impl Classes {
    pub(super) fn write_shared(&self, out: &mut Vec<u8>) {
        out.push(self.kept);
        out.extend(self.split.base.to_le_bytes());
        out.extend((self.rows.len() as u32).to_le_bytes());
        out.push(self.zeros.len() as u8);
        out.extend_from_slice(&self.zeros);
        out.extend([self.row_classes as u8, self.column_classes as u8]);
        out.extend_from_slice(&self.map);
        if self.column_classes > 1 {
            let bits = class_bits(self.column_classes);
            let start = out.len();
            out.resize(start + super::pack::packed_len(self.columns.len(), bits), 0);
            super::pack::pack(bits, &self.columns, &mut out[start..]);
        }
        if let Some(tables) = &self.row_tables {
            tables.write(out);
        }
        self.tables.write(out);
    }

    pub(super) fn read_shared(shared: &[u8], facts: &Facts) -> Result<Classes, Error> {
        let mut rest = shared;
        let [kept, low, high] = take(&mut rest)?;
        let base = u16::from_le_bytes([low, high]);
        let split = split(facts.hint.dtype, kept, base)?;
        let len = u32::from_le_bytes(take(&mut rest)?);
        if len < MIN_LEN {
            return Err(ERROR);
        }
        let [number] = take(&mut rest)?;
        let zeros = slice(&mut rest, number.into())?.to_vec();
        let valid = (1..=MAX_CLASSES).contains(&zeros.len());
        if !valid || zeros.iter().any(|zeros| u32::from(*zeros) > split.low) {
            return Err(ERROR);
        }
        let [row_classes, column_classes] = take(&mut rest)?.map(usize::from);
        for classes in [row_classes, column_classes] {
            if !(1..=MAX_CLASSES).contains(&classes) {
                return Err(ERROR);
            }
        }
        let map = slice(&mut rest, row_classes * column_classes)?.to_vec();
        let columns = read_columns(column_classes, len as usize, &mut rest)?;
        let row_tables = match zeros.len() * row_classes {
            1 => None,
            _ => Some(read_row_tables(row_classes, zeros.len(), &mut rest)?),
        };
        let tables = read_tables(&mut rest)?;
        let known = map
            .iter()
            .all(|context| usize::from(*context) < tables.contexts());
        if !known || !rest.is_empty() {
            return Err(ERROR);
        }
        Ok(Classes {
            kept,
            split,
            rows: rows(len, facts),
            zeros,
            row_classes,
            column_classes,
            map,
            columns,
            row_tables,
            tables,
            row_symbols: Vec::new(),
            symbols: Vec::new(),
            written: Vec::new(),
            expected_len: 0,
            made: Default::default(),
        })
    }
}

fn split(dtype: Dtype, kept: u8, base: u16) -> Result<Split, Error> {
    let most = Split::most_kept(dtype).ok_or(ERROR)?;
    let kept = Some(u32::from(kept)).filter(|kept| *kept <= most);
    Split::new(dtype, kept.ok_or(ERROR)?, base).ok_or(ERROR)
}

fn read_columns(classes: usize, len: usize, rest: &mut &[u8]) -> Result<Vec<u8>, Error> {
    if classes == 1 {
        return Ok(Vec::new());
    }
    if len > MAX_COLUMNS {
        return Err(ERROR);
    }
    let bits = class_bits(classes);
    let packed = slice(rest, super::pack::packed_len(len, bits))?;
    let mut columns = vec![0; len];
    super::pack::unpack(bits, packed, &mut columns);
    if columns.iter().any(|class| usize::from(*class) >= classes) {
        return Err(ERROR);
    }
    Ok(columns)
}

/// The table of what is said of rows: nothing that a row cannot be.
fn read_row_tables(classes: usize, zeros: usize, rest: &mut &[u8]) -> Result<Tables, Error> {
    let tables = read_tables(rest)?;
    let possible = |symbol: u8| {
        let symbol = usize::from(symbol);
        symbol % MAX_CLASSES < classes && symbol / MAX_CLASSES < zeros
    };
    let valid = (0..=255).all(|symbol| possible(symbol) || !tables.has(0, symbol));
    if tables.contexts() != 1 || !valid {
        return Err(ERROR);
    }
    Ok(tables)
}

fn read_tables(rest: &mut &[u8]) -> Result<Tables, Error> {
    let (tables, len) = Tables::read(rest)?;
    slice(rest, len)?;
    Ok(tables)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (field, after) = rest.split_first_chunk::<N>().ok_or(ERROR)?;
    *rest = after;
    Ok(*field)
}

fn slice<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], Error> {
    let (slice, after) = rest.split_at_checked(len).ok_or(ERROR)?;
    *rest = after;
    Ok(slice)
}
