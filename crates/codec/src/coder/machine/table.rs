//! A table of 256 bytes in a form that machines look up many bytes in at once.

use std::cell::OnceCell;

use super::Row;

/// What is looked up in tables: as it is, and as machines without wider vectors take it, once one does.
pub(in crate::coder) struct Lookup {
    pub bytes: [u8; 256],
    apart: u8,
    table: OnceCell<Table>,
}

impl Lookup {
    /// As [`Table::new`].
    pub(in crate::coder) fn new(bytes: [u8; 256], apart: u8) -> Lookup {
        Lookup {
            bytes,
            apart,
            table: OnceCell::new(),
        }
    }

    pub(in crate::coder) fn table(&self) -> &Table {
        self.table
            .get_or_init(|| Table::new(self.bytes, self.apart))
    }
}

/// A table, as it is, and by its rows of 16 entries. Some bits of what is looked up may have their part of the entry
/// by themselves: then there are fewer rows for the others.
#[derive(Clone)]
pub(in crate::coder) struct Table {
    pub bytes: [u8; 256],
    /// The bits that rows are for, and by how many these are moved down before.
    pub(super) keep: u8,
    pub(super) shift: u32,
    pub(super) rows: Vec<Entries>,
    /// The part of an entry that is not in a row: by the low and by the high half of what is looked up, for each of
    /// which it is XORed. Both twice.
    pub(super) low: Row,
    pub(super) high: Row,
}

/// A row of a table, as vectors take it.
#[derive(Clone)]
pub(super) struct Entries {
    /// The high half of what is looked up, in each byte.
    pub high: Row,
    /// The entries twice.
    pub twice: Row,
}

impl Table {
    /// Of the bits `apart`, each adds what an entry with it alone is more than that of 0. What `bytes` has for
    /// several of them is not looked at.
    pub(super) fn new(bytes: [u8; 256], apart: u8) -> Table {
        let added = |bits: usize| {
            let each = (0..8).map(|place| bits & usize::from(apart) & 1 << place);
            each.fold(0, |sum, bit| sum ^ bytes[bit] ^ bytes[0])
        };
        let (keep, shift) = (!apart, apart.trailing_ones() % 8);
        let own: [u8; 256] = std::array::from_fn(|at| bytes[at << shift & usize::from(keep)]);
        let rows = own.as_chunks::<16>().0;
        let is_of = |row: &[u8; 16], one: u8| row.iter().all(|entry| *entry == one);
        let constant = rows.iter().find(|row| is_of(row, row[0]));
        let other = constant.map_or(0, |row| row[0]);
        let occurs = |high: u8| high << 4 & !(keep >> shift) == 0;
        let rows = (0..).zip(rows);
        let rows = rows.filter(|(high, row)| occurs(*high) && !is_of(row, other));
        Table {
            bytes: std::array::from_fn(|at| bytes[at & usize::from(keep)] ^ added(at)),
            keep,
            shift,
            low: twice(std::array::from_fn(|low| added(low) ^ other)),
            high: twice(std::array::from_fn(|high| added(high << 4))),
            rows: rows.map(|(high, row)| entries(high, row, other)).collect(),
        }
    }
}

fn entries(high: u8, row: &[u8; 16], other: u8) -> Entries {
    Entries {
        high: [u64::from_le_bytes([high << 4; 8]); 4],
        twice: twice(row.map(|entry| entry ^ other)),
    }
}

fn twice(entries: [u8; 16]) -> Row {
    let words = entries.as_chunks::<8>().0;
    let [a, b] = [words[0], words[1]].map(u64::from_le_bytes);
    [a, b, a, b]
}
