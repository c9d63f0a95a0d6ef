//! Bytes to words and their bit planes, and back, a tile at a time.

#[cfg(target_arch = "x86_64")]
mod wide;

use super::literals::WIDE;
use super::reader::Literals as Read;
use super::spec::Shape;
use super::writer::Literals as Written;
use super::{LEVELS, Plane, ROW, TILE};
use crate::coder::machine::Row;
use crate::coder::rows::to_planes as transpose;
use crate::cpu::at_best;

/// The planes of a tile's words; what escapes stand for is kept.
pub(super) fn to_planes(
    shape: &Shape,
    words: &[u8; 256],
    tile: &[u8; TILE],
    planes: &mut [Plane; LEVELS],
    literals: &mut Written<'_>,
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = wide::Machine::here() {
        return wide::to_planes(machine, shape, words, tile, planes, literals);
    }
    to_planes_plain(shape, words, tile, planes, literals);
}

/// The bytes of words that are in planes; escapes take theirs from the literals, nothing if there are too few.
pub(super) fn from_planes(
    shape: &Shape,
    bytes: &[u8; 256],
    planes: &[Plane; LEVELS],
    literals: &mut Read,
    tile: &mut [u8; TILE],
) -> Option<()> {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = wide::Machine::here() {
        return wide::from_planes(machine, shape, bytes, planes, literals, tile);
    }
    from_planes_plain(shape, bytes, planes, literals, tile)
}

at_best! {
    fn to_planes_plain(
        shape: &Shape, words: &[u8; 256], tile: &[u8; TILE], planes: &mut [Plane; LEVELS],
        literals: &mut Written<'_>,
    ) = to_planes_any
}

at_best! {
    fn from_planes_plain(
        shape: &Shape, bytes: &[u8; 256], planes: &[Plane; LEVELS], literals: &mut Read,
        tile: &mut [u8; TILE],
    ) -> Option<()> = from_planes_any
}

#[inline(always)]
fn to_planes_any(
    shape: &Shape,
    words: &[u8; 256],
    tile: &[u8; TILE],
    planes: &mut [Plane; LEVELS],
    literals: &mut Written<'_>,
) {
    let own = tile.map(|byte| words[usize::from(byte)]);
    for (r, words) in own.as_chunks::<ROW>().0.iter().enumerate() {
        for half in 0..2 {
            let rows = std::array::from_fn(|t| load(&words[64 * t + 32 * half..]));
            for (plane, row) in planes.iter_mut().zip(transpose(rows)) {
                plane[8 * r + 4 * half..][..4].copy_from_slice(&row);
            }
        }
    }
    for at in escapes(shape, &own) {
        literals.bytes[literals.count] = tile[at] & literals.field;
        literals.count += 1;
    }
}

#[inline(always)]
fn from_planes_any(
    shape: &Shape,
    bytes: &[u8; 256],
    planes: &[Plane; LEVELS],
    literals: &mut Read,
    tile: &mut [u8; TILE],
) -> Option<()> {
    let mut words = [0; TILE];
    for (r, words) in words.as_chunks_mut::<ROW>().0.iter_mut().enumerate() {
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
            for (t, row) in transpose(std::array::from_fn(of)).into_iter().enumerate() {
                let to = words[64 * t + 32 * half..][..32].as_chunks_mut::<8>().0;
                for (to, word) in to.iter_mut().zip(row) {
                    *to = word.to_le_bytes();
                }
            }
        }
    }
    for (byte, word) in tile.iter_mut().zip(&words) {
        *byte = bytes[usize::from(*word)];
    }
    for at in escapes(shape, &words) {
        tile[at] |= literals.bytes[literals.at];
        literals.at += 1;
        if literals.at + WIDE > literals.bytes.len() {
            return None;
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

/// Where the words of a tile are the escape's.
#[inline(always)]
fn escapes(shape: &Shape, words: &[u8; TILE]) -> impl Iterator<Item = usize> {
    let code_bits = u64::from_le_bytes([shape.code_bits; 8]);
    let escape = u64::from_le_bytes([shape.escape.unwrap_or_default(); 8]);
    let has_any = shape.escape.is_some();
    let words = words.as_chunks::<8>().0.iter().enumerate();
    words.filter(move |_| has_any).flat_map(move |(i, word)| {
        let other = (u64::from_le_bytes(*word) & code_bits) ^ escape;
        // The highest bit of each byte that is not zero.
        let not = ((other & !HIGH) + !HIGH) | other;
        let mut found = !not & HIGH;
        std::iter::from_fn(move || {
            let bit = found.trailing_zeros() as usize;
            found &= found.wrapping_sub(1);
            (bit < 64).then_some(8 * i + bit / 8)
        })
    })
}

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;
