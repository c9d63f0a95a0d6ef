//! Bytes to words and their bit planes, and back, a tile at a time.

#[cfg(target_arch = "x86_64")]
pub(super) mod wide;

use super::literals::WIDE;
use super::reader::Literals as Read;
use super::spec::Shape;
use super::writer::Literals as Written;
use super::{LEVELS, Plane, ROW, TILE};
use crate::coder::machine::{Machine, Row, Table, on_best};
use crate::coder::rows::to_planes as transpose;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;

/// The planes of a tile's words; what escapes stand for is kept.
pub(super) fn to_planes(
    shape: &Shape,
    words: &Table,
    tile: &[u8; TILE],
    planes: &mut [Plane; LEVELS],
    literals: &mut Written<'_>,
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::to_planes(machine, shape, &words.bytes, tile, planes, literals);
    }
    to_planes_plain(shape, words, tile, planes, literals);
}

/// The bytes of words that are in planes; escapes take theirs from the literals, nothing if there are too few.
pub(super) fn from_planes(
    shape: &Shape,
    bytes: &Table,
    planes: &[Plane; LEVELS],
    literals: &mut Read,
    tile: &mut [u8; TILE],
) -> Option<()> {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        let words = wide::Words {
            shape,
            bytes: &bytes.bytes,
            planes,
            literals,
        };
        return wide::from_planes(machine, [words], &mut &mut *tile);
    }
    from_planes_plain(shape, bytes, planes, literals, tile)
}

on_best! {
    fn to_planes_plain(
        shape: &Shape, words: &Table, tile: &[u8; TILE], planes: &mut [Plane; LEVELS],
        literals: &mut Written<'_>,
    ) = to_planes_with
}

on_best! {
    fn from_planes_plain(
        shape: &Shape, bytes: &Table, planes: &[Plane; LEVELS], literals: &mut Read,
        tile: &mut [u8; TILE],
    ) -> Option<()> = from_planes_with
}

/// Bytes that a row of the plain way has.
const HALF: usize = ROW / 16;

#[inline(always)]
fn to_planes_with<M: Machine>(
    machine: M,
    shape: &Shape,
    words: &Table,
    tile: &[u8; TILE],
    planes: &mut [Plane; LEVELS],
    literals: &mut Written<'_>,
) {
    for (r, bytes) in tile.as_chunks::<ROW>().0.iter().enumerate() {
        let mut escapes = [0; 8];
        for half in 0..2 {
            let rows = std::array::from_fn(|t| {
                let own = machine.look_up_any(words, load(&bytes[64 * t + HALF * half..]));
                escapes[t] |= escapes_of(machine, shape, own) << (HALF * half);
                own
            });
            for (plane, row) in planes.iter_mut().zip(transpose(rows)) {
                plane[8 * r + 4 * half..][..4].copy_from_slice(&row);
            }
        }
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
    tile: &mut [u8; TILE],
) -> Option<()> {
    for (r, tile) in tile.as_chunks_mut::<ROW>().0.iter_mut().enumerate() {
        let mut escapes = [0; 8];
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
                escapes[t] |= escapes_of(machine, shape, own) << (HALF * half);
                let to = tile[64 * t + HALF * half..][..HALF].as_chunks_mut::<8>().0;
                for (to, word) in to.iter_mut().zip(machine.look_up_any(bytes, own)) {
                    *to = word.to_le_bytes();
                }
            }
        }
        for at in places(escapes) {
            tile[at] |= literals.bytes[literals.at];
            literals.at += 1;
            if literals.at + WIDE > literals.bytes.len() {
                return None;
            }
        }
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

/// Which words are the escape's, as a bit each.
#[inline(always)]
fn escapes_of<M: Machine>(machine: M, shape: &Shape, words: Row) -> u64 {
    match shape.escape {
        Some(escape) => u64::from(machine.equal(words, shape.code_bits, escape)),
        None => 0,
    }
}

/// Where the bits of a row's symbols are set, in order.
#[inline(always)]
fn places(bits: [u64; 8]) -> impl Iterator<Item = usize> {
    bits.into_iter().enumerate().flat_map(|(t, mut bits)| {
        std::iter::from_fn(move || {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            // No remainder of a row is beyond it.
            (bit < 64).then_some((64 * t + bit) % ROW)
        })
    })
}
