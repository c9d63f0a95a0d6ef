//! Numbers as symbols and raw bits: those of a few numbers each, one after the other, from the lowest bit of
//! the first byte on. Numbers are bytes here, of the width that [`number_width`] says.
//!
//! [`number_width`]: super::difference::number_width

mod reader;
mod writer;

pub(super) use reader::Reader;
#[cfg(target_arch = "x86_64")]
pub(super) use writer::{Held, To};
pub(super) use writer::{Writer, symbols_only};

/// Symbols that are worked on together.
pub(super) const GROUP: usize = 32;
/// More symbols of a group with raw bits than this, and it is faster to take all than to find those.
const MANY: u32 = 4;

/// Which symbols of a group stand for more than one number, by bit.
#[inline(always)]
fn shared(symbols: &[u8; GROUP]) -> u32 {
    let mut shared = 0;
    for (i, word) in symbols.as_chunks::<8>().0.iter().enumerate() {
        // The upper half of a byte, added to 7f, sets the highest bit where it is not 0.
        let upper = u64::from_le_bytes(*word) >> 4 & 0x0f0f_0f0f_0f0f_0f0f;
        let high = (upper + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
        // A byte's one goes to the top byte, to the bit of its place.
        let of_word = high.wrapping_mul(0x0102_0408_1020_4080) >> 56;
        shared |= (of_word as u32) << (8 * i);
    }
    shared
}

#[cfg(test)]
mod tests;
