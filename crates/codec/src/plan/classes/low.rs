//! The raw low bits of a run of elements, less zeros that all of them end with: their whole bytes,
//! plane by plane from the lowest, then what is left of each, packed.

use super::pack::{pack, packed_len, unpack};
use super::split::{Split, Word, for_word};
use crate::Error;
use crate::cpu::at_best;

/// Numbers that are packed at once.
const TILE: usize = 1024;

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

/// Puts a run's raw bits into elements, whose own are 0, and gives back what follows them.
pub(super) fn read<'a>(
    split: Split,
    zeros: u32,
    stored: &'a [u8],
    out: &mut [u8],
) -> Result<&'a [u8], Error> {
    let count = out.len() / split.width;
    let shape = Shape::new(split, zeros);
    let (own, after) = stored
        .split_at_checked(run_len(split, zeros, count))
        .ok_or(Error::Malformed("low bits end early"))?;
    let (planes, packed) = own.split_at(shape.planes * count);
    for plane in 0..shape.planes {
        let from = &planes[plane * count..][..count];
        give(split.width, shape.plane_at(plane), from, out);
    }
    if shape.rest > 0 {
        let mut tile = [0; TILE];
        let packed = packed.chunks(TILE / 8 * shape.rest);
        for (out, from) in out.chunks_mut(TILE * split.width).zip(packed) {
            let tile = &mut tile[..out.len() / split.width];
            unpack(shape.rest, from, tile);
            give(split.width, shape.plane_at(shape.planes), tile, out);
        }
    }
    Ok(after)
}

/// With how many zeros all elements of a run end.
pub(super) fn zeros(width: usize, raw: &[u8]) -> u32 {
    let mut zeros = 0;
    find_zeros(width, raw, &mut zeros);
    zeros
}

at_best! {
    /// Some bits of each element.
    fn take(width: usize, at: u32, mask: u8, raw: &[u8], out: &mut [u8]) = take_any
}

at_best! {
    /// Puts such bits back.
    fn give(width: usize, at: u32, from: &[u8], out: &mut [u8]) = give_any
}

at_best! {
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
    let all = raw.as_chunks::<N>().0.iter();
    let any = all.fold(W::get([0; N]), |any, word| any | W::get(*word));
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
                let mut back = vec![0; raw.len()];
                assert_eq!(read(split, zeros, &stored, &mut back).unwrap(), [7]);
                assert_eq!(back, raw, "{dtype:?} {zeros}");
                let short = stored.len().saturating_sub(2);
                assert!(
                    zeros == split.low || read(split, zeros, &stored[..short], &mut back).is_err()
                );
                assert!(super::zeros(split.width, &raw) >= zeros);
            }
        }
    }
}
