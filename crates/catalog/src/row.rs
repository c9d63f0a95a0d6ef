//! Reading rows: ids, times and numbers as the rest of Sheaf knows them.

use std::str::FromStr;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::{Error, Result};

pub(crate) fn bytes(row: &AnyRow, column: &str) -> Result<Vec<u8>> {
    Ok(row.try_get(column)?)
}

pub(crate) fn id<T, E>(
    row: &AnyRow,
    column: &str,
    make: fn(&[u8]) -> std::result::Result<T, E>,
) -> Result<T> {
    make(&bytes(row, column)?).map_err(|_| Error::Corrupt("id"))
}

/// An id, where there is one.
pub(crate) fn optional_id<T, E>(
    row: &AnyRow,
    column: &str,
    make: fn(&[u8]) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    let bytes: Option<Vec<u8>> = row.try_get(column)?;
    let id = bytes.map(|bytes| make(&bytes));
    id.transpose().map_err(|_| Error::Corrupt("id"))
}

pub(crate) fn text(row: &AnyRow, column: &str) -> Result<String> {
    Ok(row.try_get(column)?)
}

pub(crate) fn optional_text(row: &AnyRow, column: &str) -> Result<Option<String>> {
    Ok(row.try_get(column)?)
}

pub(crate) fn parsed<T: FromStr>(row: &AnyRow, column: &str, what: &'static str) -> Result<T> {
    text(row, column)?.parse().map_err(|_| Error::Corrupt(what))
}

pub(crate) fn integer(row: &AnyRow, column: &str) -> Result<i64> {
    Ok(row.try_get(column)?)
}

pub(crate) fn size(row: &AnyRow, column: &str) -> Result<u64> {
    u64::try_from(integer(row, column)?).map_err(|_| Error::Corrupt("size"))
}

/// A number of bits, where there is one.
pub(crate) fn optional_bits(row: &AnyRow, column: &str) -> Result<Option<u8>> {
    optional(row, column)?.map(bits_of).transpose()
}

pub(crate) fn bits(row: &AnyRow, column: &str) -> Result<u8> {
    bits_of(integer(row, column)?)
}

fn bits_of(number: i64) -> Result<u8> {
    u8::try_from(number).map_err(|_| Error::Corrupt("bits"))
}

pub(crate) fn optional(row: &AnyRow, column: &str) -> Result<Option<i64>> {
    Ok(row.try_get(column)?)
}

pub(crate) fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Timestamp::from_microsecond(integer(row, column)?).map_err(|_| Error::Corrupt("time"))
}

/// A time, where there is one.
pub(crate) fn optional_time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    let time = |micros| Timestamp::from_microsecond(micros).map_err(|_| Error::Corrupt("time"));
    optional(row, column)?.map(time).transpose()
}

/// A size or count as SQL takes it. Sizes that come from outside are checked long before.
pub(crate) fn sql(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// What text that comes from outside, which may hold anything, is compared as: up to a NUL character,
/// which Postgres does not take and no name or path has. What is greater than the one is greater than
/// the other.
pub(crate) fn before_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}
