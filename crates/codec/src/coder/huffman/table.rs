//! The decoder's table: what any 11 bits begin with.

use super::{Code, MAX_BITS};

/// Entries of a table.
pub(super) const SIZE: usize = 1 << MAX_BITS;
/// The most symbols of an entry.
pub(super) const MAX_SYMBOLS: usize = 6;

/// An entry: the symbols from the low byte on, their bits in byte 6, their number in byte 7.
pub(super) type Table = [u64; SIZE];

const ONE_SYMBOL: u64 = 1 << 56;

/// The symbols of a code in the order of their bits.
struct Symbols {
    /// Byte and length.
    ordered: Vec<(u8, u32)>,
}

/// The table of a complete code.
pub(super) fn build(code: &Code) -> Box<Table> {
    let mut ordered: Vec<(u8, u32)> = (0..=255u8)
        .map(|byte| (byte, u32::from(code.lengths[usize::from(byte)])))
        .filter(|(_, len)| *len > 0)
        .collect();
    ordered.sort_by_key(|(_, len)| *len);
    let mut table = Box::new([0; SIZE]);
    Symbols { ordered }.fill(&mut table[..], 0, 0);
    table
}

impl Symbols {
    /// Fills the entries that begin with the `count` symbols in `entry`: one part for each symbol
    /// that still fits, by its share, and the rest with what is there.
    fn fill(&self, entries: &mut [u64], entry: u64, count: usize) {
        let free = entries.len().trailing_zeros();
        let mut rest = entries;
        if count < MAX_SYMBOLS {
            for &(byte, len) in self.ordered.iter().take_while(|(_, len)| *len <= free) {
                let (part, after) = rest.split_at_mut(1 << (free - len));
                let with = entry | u64::from(byte) << (8 * count);
                self.fill(part, with + ONE_SYMBOL + (u64::from(len) << 48), count + 1);
                rest = after;
            }
        }
        rest.fill(entry);
    }
}
