//! A table of 256 bytes in a form that machines look up many bytes in at once.

use super::Row;

/// A table, as it is and by its rows of 16 entries.
#[derive(Clone)]
pub(in crate::coder) struct Table {
    pub bytes: [u8; 256],
    /// What all entries are of the rows that are not listed.
    pub(super) other: u8,
    pub(super) rows: Vec<Entries>,
}

/// A row of a table, as vectors take it.
#[derive(Clone)]
pub(super) struct Entries {
    /// The high half of what is looked up, in each byte.
    pub high: Row,
    /// The entries twice, XORed with the table's `other`, so that it becomes 0.
    pub twice: Row,
}

impl Table {
    pub(in crate::coder) fn new(bytes: [u8; 256]) -> Table {
        let rows = bytes.as_chunks::<16>().0;
        let is_of = |row: &[u8; 16], one: u8| row.iter().all(|entry| *entry == one);
        let constant = rows.iter().find(|row| is_of(row, row[0]));
        let other = constant.map_or(0, |row| row[0]);
        let rows = (0..).zip(rows).filter(|(_, row)| !is_of(row, other));
        Table {
            rows: rows.map(|(high, row)| entries(high, row, other)).collect(),
            bytes,
            other,
        }
    }
}

fn entries(high: u8, row: &[u8; 16], other: u8) -> Entries {
    let own = row.map(|entry| entry ^ other);
    let words = own.as_chunks::<8>().0;
    let [a, b] = [words[0], words[1]].map(u64::from_le_bytes);
    Entries {
        high: [u64::from_le_bytes([high << 4; 8]); 4],
        twice: [a, b, a, b],
    }
}
