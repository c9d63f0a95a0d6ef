//! Bytes to words and their bit planes, and back, a tile at a time.

#[cfg(target_arch = "x86_64")]
pub(super) mod wide;

use super::literals::WIDE;
use super::reader::Literals as Read;
use super::spec::Shape;
use super::writer::Literals as Written;
use super::{LEVELS, Plane, ROW, TILE};
use crate::coder::machine::{Lookup, Machine, Row, Table, on_best};
use crate::coder::rows::{ALL, to_planes as transpose};
use crate::coder::turned;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;

/// The bytes of words that are in planes, of the rows in which there are any: a tile of them, or as many of its first ones
/// as there is room for. Escapes take theirs from the literals, nothing if there are too few.
pub(super) fn from_planes(
    shape: &Shape,
    bytes: &Lookup,
    planes: &[Plane; LEVELS],
    literals: &mut Read,
    out: &mut [u8],
) -> Option<()> {
    let rows = out.len().div_ceil(ROW);
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        let words = wide::Words {
            shape,
            bytes: &bytes.bytes,
            planes,
            literals,
        };
        return wide::from_planes(machine, [words], rows, &mut wide::Symbols(out));
    }
    let bytes = bytes.table();
    if let Ok(tile) = out.try_into() {
        return from_planes_plain(shape, bytes, planes, literals, rows, tile);
    }
    let mut tile = [0; TILE];
    from_planes_plain(shape, bytes, planes, literals, rows, &mut tile)?;
    out.copy_from_slice(&tile[..out.len()]);
    Some(())
}

on_best! {
    fn from_planes_plain(
        shape: &Shape, bytes: &Table, planes: &[Plane; LEVELS], literals: &mut Read,
        rows: usize, tile: &mut [u8; TILE],
    ) -> Option<()> = from_planes_with
}

/// Bytes that a row of the plain way has.
const HALF: usize = ROW / 16;

/// The planes of a tile's words; what escapes stand for is kept.
#[inline(always)]
pub(super) fn to_planes<M: Machine>(
    machine: M,
    shape: &Shape,
    words: &Table,
    tile: &[u8; TILE],
    planes: &mut [Plane; LEVELS],
    literals: &mut Written<'_>,
) {
    for (r, bytes) in tile.as_chunks::<ROW>().0.iter().enumerate() {
        for half in 0..2 {
            let rows = std::array::from_fn(|t| {
                machine.look_up_any(words, load(&bytes[64 * t + HALF * half..]))
            });
            for (plane, row) in planes.iter_mut().zip(transpose(rows)) {
                plane[8 * r + 4 * half..][..4].copy_from_slice(&row);
            }
        }
    }
    let Some(escapes) = escapes(shape, planes) else {
        return;
    };
    for (bytes, escapes) in tile.as_chunks::<64>().0.iter().zip(by_symbol(&escapes)) {
        for at in places(escapes) {
            literals.bytes[literals.count] = bytes[at] & literals.field;
            literals.count += 1;
        }
    }
}

#[inline(always)]
fn from_planes_with<M: Machine>(
    machine: M,
    shape: &Shape,
    bytes: &Table,
    planes: &[Plane; LEVELS],
    literals: &mut Read,
    rows: usize,
    tile: &mut [u8; TILE],
) -> Option<()> {
    let tile = &mut tile.as_chunks_mut::<ROW>().0[..rows];
    for (r, tile) in tile.iter_mut().enumerate() {
        for half in 0..2 {
            let row = |plane: &Plane| std::array::from_fn(|word| plane[8 * r + 4 * half + word]);
            // Planes beyond the words' bits may have anything.
            let of = |p: usize| {
                if p < shape.bits() {
                    row(&planes[p])
                } else {
                    [0; 4]
                }
            };
            for (t, own) in transpose(std::array::from_fn(of)).into_iter().enumerate() {
                let to = tile[64 * t + HALF * half..][..HALF].as_chunks_mut::<8>().0;
                for (to, word) in to.iter_mut().zip(machine.look_up_any(bytes, own)) {
                    *to = word.to_le_bytes();
                }
            }
        }
    }
    let Some(escapes) = escapes(shape, planes) else {
        return Some(());
    };
    for (tile, escapes) in tile
        .as_flattened_mut()
        .as_chunks_mut::<64>()
        .0
        .iter_mut()
        .zip(by_symbol(&escapes))
    {
        let count = escapes.count_ones() as usize;
        let next = literals.bytes.get(literals.at..)?.get(..count + WIDE)?;
        for (at, literal) in places(escapes).zip(next) {
            tile[at] |= literal;
        }
        literals.at += count;
    }
    Some(())
}

#[inline(always)]
fn load(bytes: &[u8]) -> Row {
    let mut row = [0; 4];
    for (to, word) in row.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *to = u64::from_le_bytes(*word);
    }
    row
}

/// Which words are the escape's, as a plane, if any are.
#[inline(always)]
fn escapes(shape: &Shape, planes: &[Plane; LEVELS]) -> Option<Plane> {
    let escape = shape.escape?;
    let mut own = ALL;
    for (bit, plane) in planes.iter().enumerate().skip(shape.raw).take(shape.levels) {
        let other = u64::from(escape >> bit & 1).wrapping_sub(1);
        own.iter_mut()
            .zip(plane)
            .for_each(|(own, word)| *own &= word ^ other);
    }
    let any = own.iter().fold(0, |any, word| any | word);
    (any != 0).then_some(own)
}

/// The bits of a plane in the order of the symbols.
#[inline(always)]
fn by_symbol(plane: &Plane) -> Plane {
    let mut own = *plane;
    for row in own.as_chunks_mut::<8>().0 {
        for word in row.iter_mut() {
            *word = turned(*word);
        }
        // Word `t` takes byte `t` of each.
        exchange::<4>(row, 32, 0x0000_0000_ffff_ffff);
        exchange::<2>(row, 16, 0x0000_ffff_0000_ffff);
        exchange::<1>(row, 8, 0x00ff_00ff_00ff_00ff);
    }
    own
}

/// Exchanges the upper bits of words with the lower ones of those `BY` further on.
#[inline(always)]
fn exchange<const BY: usize>(row: &mut [u64; 8], shift: u32, mask: u64) {
    for at in (0..8).filter(|at| at & BY == 0) {
        let moving = (row[at] >> shift ^ row[at + BY]) & mask;
        row[at] ^= moving << shift;
        row[at + BY] ^= moving;
    }
}

/// Where bits are set, in order.
#[inline(always)]
fn places(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coder::rows::{WORDS, first};

    #[test]
    fn planes_come_in_the_order_of_symbols() {
        for count in [0, 1, 63, 64, 65, 511, 512, 700, TILE] {
            let all = by_symbol(&first(count));
            let ones: u32 = all.iter().map(|word| word.count_ones()).sum();
            assert_eq!(ones as usize, count);
            let last = count.checked_sub(1).map_or(WORDS, |last| last / 64);
            assert!(
                all[..last.min(WORDS)]
                    .iter()
                    .all(|word| count == 0 || *word == u64::MAX)
            );
            assert!(count == 0 || all[last].trailing_ones() as usize == (count - 1) % 64 + 1);
        }
    }
}
