//! A table of 256 bytes in a form that machines look up many bytes in at once.

/// A table, as it is and by its rows of 16 entries.
#[derive(Clone)]
pub(in crate::coder) struct Table {
    pub bytes: [u8; 256],
    /// What all entries are of the rows that are not listed.
    pub(super) other: u8,
    /// Rows by the high half of what is looked up.
    pub(super) rows: Vec<(u8, [u64; 2])>,
}

impl Table {
    pub(in crate::coder) fn new(bytes: [u8; 256]) -> Table {
        let rows = bytes.as_chunks::<16>().0;
        let is_of = |row: &[u8; 16], one: u8| row.iter().all(|entry| *entry == one);
        let constant = rows.iter().find(|row| is_of(row, row[0]));
        let other = constant.map_or(0, |row| row[0]);
        let rows = (0..).zip(rows).filter(|(_, row)| !is_of(row, other));
        Table {
            rows: rows.map(|(high, row)| (high, as_words(row))).collect(),
            bytes,
            other,
        }
    }
}

fn as_words(row: &[u8; 16]) -> [u64; 2] {
    let words = row.as_chunks::<8>().0;
    [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])]
}
