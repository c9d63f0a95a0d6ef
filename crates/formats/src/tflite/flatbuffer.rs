//! Flatbuffers, read in place and without a schema: tables, vectors and numbers, by the number of a
//! field.

use std::ops::Range;

use crate::protobuf::Stop;
use crate::read_at::ReadAt;
use crate::source::{Source, le};

/// The longest list of fields that is read, in bytes: a table of TFLite has 10.
const MAX_FIELDS_LEN: u64 = 1024;

/// The longest text that is kept.
const MAX_TEXT_LEN: u64 = 512;

pub(super) struct Buffer<'a>(Source<'a>);

/// A table: where it is, and where its fields are from there on.
pub(super) struct Table {
    at: u64,
    fields: Vec<u8>,
}

impl<'a> Buffer<'a> {
    pub fn new(file: &'a dyn ReadAt) -> Buffer<'a> {
        Buffer(Source::new(file))
    }

    /// The table that all begins with.
    pub fn root(&mut self) -> Result<Table, Stop> {
        let at = self.follow(0)?;
        self.table(at)
    }

    /// Where the distance at a place leads.
    pub fn follow(&mut self, at: u64) -> Result<u64, Stop> {
        at.checked_add(self.0.number(at, 4)?).ok_or(Stop::Malformed)
    }

    /// The table at a place.
    pub fn table(&mut self, at: u64) -> Result<Table, Stop> {
        // The list of fields lies before the table, or behind it where the distance is below 0.
        let distance = i64::from(self.0.number(at, 4)? as u32 as i32);
        let list = at.checked_add_signed(-distance).ok_or(Stop::Malformed)?;
        let len = self.0.number(list, 2)?;
        if !(4..=MAX_FIELDS_LEN).contains(&len) {
            return Err(Stop::Malformed);
        }
        let fields = self.0.bytes(list.saturating_add(4), len - 4)?;
        Ok(Table { at, fields })
    }

    /// A number in a table, if it is there: 0 stands for it where it is not.
    pub fn number(&mut self, table: &Table, field: usize, len: usize) -> Result<Option<u64>, Stop> {
        match table.place(field) {
            Some(at) => self.0.number(at, len).map(Some),
            None => Ok(None),
        }
    }

    /// The bytes of a vector in a table, of elements of so many bytes.
    pub fn vector(
        &mut self,
        table: &Table,
        field: usize,
        width: u64,
    ) -> Result<Option<Range<u64>>, Stop> {
        let Some(at) = table.place(field) else {
            return Ok(None);
        };
        let at = self.follow(at)?;
        let len = self.0.number(at, 4)? * width;
        let start = at.checked_add(4).ok_or(Stop::Malformed)?;
        let end = start.checked_add(len).ok_or(Stop::Malformed)?;
        Ok(Some(start..end))
    }

    /// The places of the tables of a vector in a table, of which there are at most so many.
    pub fn tables(&mut self, table: &Table, field: usize, most: u64) -> Result<Vec<u64>, Stop> {
        let Some(range) = self.vector(table, field, 4)? else {
            return Ok(vec![]);
        };
        if (range.end - range.start) / 4 > most {
            return Err(Stop::Malformed);
        }
        let start = range.start;
        let bytes = self.bytes(range)?;
        let distances = bytes.as_chunks::<4>().0.iter().enumerate();
        Ok(distances
            .map(|(i, d)| start + 4 * i as u64 + u64::from(u32::from_le_bytes(*d)))
            .collect())
    }

    /// A text in a table, cut where it is long.
    pub fn text(&mut self, table: &Table, field: usize) -> Result<String, Stop> {
        let Some(mut range) = self.vector(table, field, 1)? else {
            return Ok(String::new());
        };
        range.end = range.end.min(range.start + MAX_TEXT_LEN);
        Ok(String::from_utf8_lossy(&self.bytes(range)?).into_owned())
    }

    /// The bytes of a range.
    pub fn bytes(&mut self, range: Range<u64>) -> Result<Vec<u8>, Stop> {
        self.0.bytes(range.start, range.end - range.start)
    }
}

impl Table {
    /// Where a field is.
    fn place(&self, field: usize) -> Option<u64> {
        let offset = le(&self.fields, 2 * field, 2)?;
        (offset > 0).then(|| self.at.saturating_add(offset))
    }
}
