//! The raw low bits of a run of elements, less zeros that all of them end with: their whole bytes,
//! plane by plane from the lowest, then what is left of each, packed.

use super::pack::{pack, packed_len, unpack};
use super::split::{Split, Word, elements, for_word};
use crate::Error;
use crate::cpu::at_widest;

/// Numbers that are packed at once.
const TILE: usize = 1024;
/// Numbers that are looked at together for the zeros that they end with.
const PART: usize = 64;

/// How a run's raw bits lie.
#[derive(Clone, Copy)]
struct Shape {
    /// Bit of the element with which they begin.
    zeros: u32,
    planes: usize,
    /// Bits that are packed.
    rest: usize,
}

impl Shape {
    /// Zeros are at most the raw bits.
    fn new(split: Split, zeros: u32) -> Shape {
        let bits = split.low.saturating_sub(zeros) as usize;
        Shape {
            zeros,
            planes: bits / 8,
            rest: bits % 8,
        }
    }

    fn plane_at(self, plane: usize) -> u32 {
        self.zeros + 8 * plane as u32
    }
}

/// Bytes that a run takes.
fn run_len(split: Split, zeros: u32, count: usize) -> usize {
    let shape = Shape::new(split, zeros);
    shape.planes * count + packed_len(count, shape.rest)
}

/// Appends the raw bits of a run of elements that all end with so many zeros.
pub(super) fn write(split: Split, zeros: u32, raw: &[u8], out: &mut Vec<u8>) {
    let count = raw.len() / split.width;
    let shape = Shape::new(split, zeros);
    let start = out.len();
    out.resize(start + run_len(split, zeros, count), 0);
    let mut rest = &mut out[start..];
    for plane in 0..shape.planes {
        let (to, after) = rest.split_at_mut(count);
        take(split.width, shape.plane_at(plane), 0xff, raw, to);
        rest = after;
    }
    if shape.rest == 0 {
        return;
    }
    let mask = (1u8 << shape.rest) - 1;
    let mut tile = [0; TILE];
    let packed = rest.chunks_mut(TILE / 8 * shape.rest);
    for (raw, to) in raw.chunks(TILE * split.width).zip(packed) {
        let tile = &mut tile[..raw.len() / split.width];
        take(split.width, shape.plane_at(shape.planes), mask, raw, tile);
        pack(shape.rest, tile, to);
    }
}

/// Makes a run's elements of their symbols and their raw bits, and gives back what follows those.
/// What escaped is yet to be patched.
pub(super) fn read<'a>(
    split: Split,
    zeros: u32,
    symbols: &[u8],
    stored: &'a [u8],
    out: &mut [u8],
) -> Result<&'a [u8], Error> {
    let count = symbols.len();
    let shape = Shape::new(split, zeros);
    let (own, after) = stored
        .split_at_checked(run_len(split, zeros, count))
        .ok_or(Error::Malformed("low bits end early"))?;
    let (planes, packed) = own.split_at(shape.planes * count);
    let tiles = symbols.chunks(TILE).zip(out.chunks_mut(TILE * split.width));
    for (i, (symbols, out)) in tiles.enumerate() {
        let plane = |plane: usize| &planes[plane * count + i * TILE..][..symbols.len()];
        let packed = &packed[i * (TILE / 8 * shape.rest)..];
        read_tile(split, shape, symbols, plane, packed, out);
    }
    Ok(after)
}

/// The highest raw bits go into an element together with its symbol, the other planes after it.
fn read_tile<'a>(
    split: Split,
    shape: Shape,
    symbols: &[u8],
    plane: impl Fn(usize) -> &'a [u8],
    packed: &[u8],
    out: &mut [u8],
) {
    let mut tile = [0; TILE];
    let mut others = shape.planes;
    let (bits, at) = if shape.rest > 0 {
        let packed = &packed[..packed_len(symbols.len(), shape.rest)];
        unpack(shape.rest, packed, &mut tile[..symbols.len()]);
        (&tile[..], shape.plane_at(shape.planes))
    } else if let Some(last) = shape.planes.checked_sub(1) {
        others = last;
        (plane(last), shape.plane_at(last))
    } else {
        (&tile[..], 0)
    };
    elements(split, symbols, bits, at, out);
    for other in 0..others {
        give(split.width, shape.plane_at(other), plane(other), out);
    }
}

/// With how many zeros all elements of a run end.
pub(super) fn zeros(width: usize, raw: &[u8]) -> u32 {
    let mut zeros = 0;
    find_zeros(width, raw, &mut zeros);
    zeros
}

at_widest! {
    /// Some bits of each element.
    fn take(width: usize, at: u32, mask: u8, raw: &[u8], out: &mut [u8]) = take_any
}

at_widest! {
    /// Puts such bits back.
    fn give(width: usize, at: u32, from: &[u8], out: &mut [u8]) = give_any
}

at_widest! {
    fn find_zeros(width: usize, raw: &[u8], out: &mut u32) = zeros_any
}

#[inline(always)]
fn take_any(width: usize, at: u32, mask: u8, raw: &[u8], out: &mut [u8]) {
    for_word!(width, take_by(at, mask, raw, out));
}

#[inline(always)]
fn take_by<W: Word<N>, const N: usize>(at: u32, mask: u8, raw: &[u8], out: &mut [u8]) {
    for (to, from) in out.iter_mut().zip(raw.as_chunks::<N>().0) {
        *to = W::get(*from).down(at) as u8 & mask;
    }
}

#[inline(always)]
fn give_any(width: usize, at: u32, from: &[u8], out: &mut [u8]) {
    for_word!(width, give_by(at, from, out));
}

#[inline(always)]
fn give_by<W: Word<N>, const N: usize>(at: u32, from: &[u8], out: &mut [u8]) {
    for (to, from) in out.as_chunks_mut::<N>().0.iter_mut().zip(from) {
        *to = (W::get(*to) | W::up(u16::from(*from), at)).put();
    }
}

#[inline(always)]
fn zeros_any(width: usize, raw: &[u8], out: &mut u32) {
    for_word!(width, zeros_by(raw, out));
}

#[inline(always)]
fn zeros_by<W: Word<N>, const N: usize>(raw: &[u8], out: &mut u32) {
    let mut any = W::get([0; N]);
    for part in raw.as_chunks::<N>().0.chunks(PART) {
        any = part.iter().fold(any, |any, word| any | W::get(*word));
        // Most rows have an odd number soon.
        if any.zeros() == 0 {
            break;
        }
    }
    *out = any.zeros();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;

    #[test]
    fn low_bits_come_back() {
        for (dtype, kept) in [
            (Dtype::Bf16, 2),
            (Dtype::F16, 2),
            (Dtype::F32, 1),
            (Dtype::F64, 2),
        ] {
            let split = Split::new(dtype, kept, 0).unwrap();
            for zeros in 0..=split.low {
                let count = 1500;
                let mask = ((1u64 << split.low) - 1) >> zeros << zeros;
                let raw: Vec<u8> = (0..count as u64)
                    .flat_map(|i| {
                        let word = i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) & mask;
                        word.to_le_bytes()[..split.width].to_vec()
                    })
                    .collect();
                let mut stored = Vec::new();
                write(split, zeros, &raw, &mut stored);
                stored.push(7);
                let symbols = vec![0; count];
                let mut back = vec![7; raw.len()];
                assert_eq!(
                    read(split, zeros, &symbols, &stored, &mut back).unwrap(),
                    [7]
                );
                assert_eq!(back, raw, "{dtype:?} {zeros}");
                let short = stored.len().saturating_sub(2);
                assert!(
                    zeros == split.low
                        || read(split, zeros, &symbols, &stored[..short], &mut back).is_err()
                );
                assert!(super::zeros(split.width, &raw) >= zeros);
            }
        }
    }
}
