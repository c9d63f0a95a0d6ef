//! Symbols of up to 8 bits by tables that the caller chooses for each: range coding with asymmetric
//! numeral systems (rANS), 32 lanes side by side.
//!
//! Each symbol belongs to a *context*, which says which of a set of [`Tables`] it is coded with. Both
//! sides must know it, so it is computed from what was decoded before. A frame's symbols come in
//! *segments*, each with its tables and contexts, all in one payload; the decoder takes them in turn
//! and can look at what it has before it goes on.
//!
//! Symbol `i` of a segment belongs to lane `i mod 32`. A lane is a number below 2^32; decoding a
//! symbol takes the lane's low bits as a slot of the table, and tops the lane up with the payload's
//! next 16 bits when it falls below 2^16. Payload: the lanes, 4 bytes each; then 16-bit words. In the
//! end all lanes are 2^16 again, and no word is left.

pub(crate) mod bits;
mod decode;
mod encode;
mod normal;
mod products;
#[cfg(target_arch = "x86_64")]
mod rounds;
#[cfg(target_arch = "x86_64")]
mod simd;
mod store;
mod tables;
#[cfg(target_arch = "x86_64")]
mod wide;

pub(crate) use decode::{DecodeTables, Decoder, decode};
pub(crate) use encode::{EncodeTables, Segment, encode, encode_segments};
pub(crate) use tables::{Tables, count};

/// Lanes of a payload.
pub(crate) const LANES: usize = 32;
/// Bytes of the lanes at a payload's beginning.
const LANES_LEN: usize = 4 * LANES;
/// The most bytes of words that a round of all lanes takes or gives.
const ROUND_WORDS: usize = 2 * LANES;
/// What a lane begins with when it is encoded, and ends with when it is decoded.
const FIRST: u32 = 1 << 16;
/// The most contexts of a set of tables.
pub(crate) const MAX_CONTEXTS: usize = 66;
/// How finely a table may divide its sum, in bits.
const BITS: std::ops::RangeInclusive<u32> = 9..=14;

/// How many symbols, from 0 on, tables of so many bits can have: an entry of the decoder's table has
/// 32 bits, and two of its three parts take so many.
pub(crate) const fn alphabet(bits: u32) -> usize {
    let rest = 32 - 2 * bits;
    if rest < 8 { 1 << rest } else { 256 }
}

/// Calls a function that takes the number of bits as a constant.
macro_rules! with_bits {
    ($bits:expr, $call:ident($($arg:expr),*)) => {
        match $bits {
            9 => $call::<9>($($arg),*),
            10 => $call::<10>($($arg),*),
            11 => $call::<11>($($arg),*),
            12 => $call::<12>($($arg),*),
            13 => $call::<13>($($arg),*),
            _ => $call::<14>($($arg),*),
        }
    };
}
use with_bits;

#[cfg(test)]
mod tests;
