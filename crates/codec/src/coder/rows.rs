//! Rows of bytes to rows of bit planes and back, by shifts and masks on whole words.
//!
//! Symbols are taken in tiles, and in rows of 512: bit `t` of byte `b` of a plane's row is symbol `64 t + b`.

use super::machine::Row;

/// Symbols that are coded at once: what is in work stays in the fastest cache.
pub(crate) const TILE: usize = 4096;
/// Symbols of a row of a plane.
pub(crate) const ROW: usize = 512;
/// Bytes of a row of a plane.
pub(super) const ROW_BYTES: usize = ROW / 8;
/// Rows of a plane of a tile.
#[cfg(target_arch = "x86_64")]
pub(crate) const ROWS: usize = TILE / ROW;
/// Words of a plane of a tile.
pub(crate) const WORDS: usize = TILE / 64;

/// One bit of each symbol of a tile, row by row.
pub(super) type Plane = [u64; WORDS];

/// What begins where a line of the cache does, so that vectors which are as long as that lie in one.
#[repr(C, align(64))]
#[derive(Clone)]
pub(crate) struct Lines<T>(pub T);

/// All symbols of a tile.
pub(super) const ALL: Plane = [u64::MAX; WORDS];

/// So many symbols of a tile, the first.
pub(super) fn first(count: usize) -> Plane {
    if count >= TILE {
        return ALL;
    }
    let mut plane = [0; WORDS];
    let (rows, words) = (count / ROW, count % ROW);
    plane[..rows * 8].fill(u64::MAX);
    // Bytes of the last row have a bit for each of so many words, and the first bytes one more.
    let (all, more) = ((1u8 << (words / 64)) - 1, 1 << (words / 64));
    let bytes: [u8; ROW_BYTES] =
        std::array::from_fn(|byte| if byte < words % 64 { all | more } else { all });
    for (word, bytes) in plane[rows * 8..].iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    plane
}

/// Takes the next tile of a plane that has a bit for each symbol. What it lacks is zeros.
#[inline(always)]
pub(super) fn take_whole(from: &mut &[u8], plane: &mut Plane) {
    if let Some((bytes, rest)) = from.split_first_chunk::<{ TILE / 8 }>() {
        *from = rest;
        for (to, word) in plane.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *to = u64::from_le_bytes(*word);
        }
        return;
    }
    plane.fill(0);
    for (to, word) in plane.iter_mut().zip(from.as_chunks::<8>().0) {
        *to = u64::from_le_bytes(*word);
    }
    *from = &[];
}

const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
const PAIRS: u64 = 0x3333_3333_3333_3333;
const NIBBLES: u64 = 0x0f0f_0f0f_0f0f_0f0f;

/// Exchanges bits between two rows: those of `a` under the mask stay and are followed by those of
/// `b`; the others of `a` move down and those of `b` stay.
#[inline(always)]
fn exchange(a: &mut Row, b: &mut Row, shift: u32, mask: u64) {
    for (a, b) in a.iter_mut().zip(b) {
        let (low, high) = (
            (*a & mask) | (*b & mask) << shift,
            (*a >> shift & mask) | (*b & !mask),
        );
        (*a, *b) = (low, high);
    }
}

/// Row `p` of the result has bit `p` of all bytes: its bit `t` of byte `b` is that of byte `b` of row `t`.
#[inline(always)]
pub(super) fn to_planes(rows: [Row; 8]) -> [Row; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = rows;
    exchange(&mut a, &mut e, 4, NIBBLES);
    exchange(&mut b, &mut f, 4, NIBBLES);
    exchange(&mut c, &mut g, 4, NIBBLES);
    exchange(&mut d, &mut h, 4, NIBBLES);
    exchange(&mut a, &mut c, 2, PAIRS);
    exchange(&mut b, &mut d, 2, PAIRS);
    exchange(&mut e, &mut g, 2, PAIRS);
    exchange(&mut f, &mut h, 2, PAIRS);
    exchange(&mut a, &mut b, 1, !ODD);
    exchange(&mut c, &mut d, 1, !ODD);
    exchange(&mut e, &mut f, 1, !ODD);
    exchange(&mut g, &mut h, 1, !ODD);
    [a, b, c, d, e, f, g, h]
}

/// The bytes below 16 whose bits are in four planes: the inverse of [`to_planes`].
#[inline(always)]
pub(super) fn from_planes(planes: [Row; 4]) -> [Row; 8] {
    let [mut a, mut b, mut c, mut d] = planes;
    exchange(&mut a, &mut b, 1, !ODD);
    exchange(&mut c, &mut d, 1, !ODD);
    // The even ones' pairs of bits, then the odd ones'.
    exchange(&mut a, &mut c, 2, PAIRS);
    exchange(&mut b, &mut d, 2, PAIRS);
    [
        nibbles(a, 0),
        nibbles(b, 0),
        nibbles(c, 0),
        nibbles(d, 0),
        nibbles(a, 4),
        nibbles(b, 4),
        nibbles(c, 4),
        nibbles(d, 4),
    ]
}

#[inline(always)]
fn nibbles(mut row: Row, shift: u32) -> Row {
    for word in &mut row {
        *word = *word >> shift & NIBBLES;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_where_they_should_be() {
        let bytes: Vec<u8> = (0..256u32).map(|i| (i * i + i / 3) as u8).collect();
        let rows = std::array::from_fn(|t| {
            std::array::from_fn(|w| {
                let at = 32 * t + 8 * w;
                u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
            })
        });
        let planes = to_planes(rows);
        for (symbol, byte) in bytes.iter().enumerate() {
            let (t, b) = (symbol / 32, symbol % 32);
            for (p, plane) in planes.iter().enumerate() {
                let bit = plane[b / 8] >> (8 * (b % 8) + t) & 1;
                assert_eq!(bit, u64::from(byte >> p & 1), "{symbol} {p}");
            }
        }
        let [a, b, c, d, ..] = planes;
        assert_eq!(
            from_planes([a, b, c, d]),
            rows.map(|row: Row| row.map(|word| word & NIBBLES))
        );
    }
}
