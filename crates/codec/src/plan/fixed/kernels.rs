//! Numbers to the planes of their integers and back, a tile at a time.

use super::field::{Field, TILE, plane_len};
use super::number::{Bf16, Double, Half, Number, Single, Word, is_negative, magnitude};
use crate::cpu::at_best;

/// The signs' plane, as a field of its own numbers.
pub(super) const SIGNS: Field = Field { from: 0, width: 1 };

/// What is done to many numbers of one kind at once.
pub(super) trait Kernels: Number {
    /// Splits numbers into planes, one after the other in `planes`: signs, then fields.
    fn split(places: i32, fields: &[Field], numbers: &[u8], planes: &mut [u8]);
    /// The inverse of [`Kernels::split`].
    fn merge(places: i32, fields: &[Field], planes: &[u8], numbers: &mut [u8]);
}

macro_rules! kernels {
    ($($number:ident)*) => {$(
        impl Kernels for $number {
            fn split(places: i32, fields: &[Field], numbers: &[u8], planes: &mut [u8]) {
                at_best! {
                    fn best(places: i32, fields: &[Field], numbers: &[u8], planes: &mut [u8])
                        = split_any::<$number>
                }
                best(places, fields, numbers, planes);
            }

            fn merge(places: i32, fields: &[Field], planes: &[u8], numbers: &mut [u8]) {
                at_best! {
                    fn best(places: i32, fields: &[Field], planes: &[u8], numbers: &mut [u8])
                        = merge_any::<$number>
                }
                best(places, fields, planes, numbers);
            }
        }
    )*};
}
kernels!(Single Double Half Bf16);

/// All bytes of a run of planes.
pub(super) fn planes_len(fields: &[Field], count: usize) -> usize {
    let all = std::iter::once(&SIGNS).chain(fields);
    all.map(|field| plane_len(field.width, count)).sum()
}

/// A field's bytes of a tile.
#[inline(always)]
fn place(field: Field, plane: usize, tile: usize, count: usize) -> std::ops::Range<usize> {
    let len = TILE / 8 * field.width as usize;
    let end = plane + plane_len(field.width, count);
    (plane + tile * len).min(end)..(plane + (tile + 1) * len).min(end)
}

#[inline(always)]
fn split_any<N: Number>(places: i32, fields: &[Field], numbers: &[u8], planes: &mut [u8]) {
    let count = numbers.len() / N::WIDTH;
    for (at, tile) in numbers.chunks(TILE * N::WIDTH).enumerate() {
        let mut signs = [0_u32; TILE];
        let mut words = [N::Word::default(); TILE];
        let slots = signs.iter_mut().zip(&mut words);
        for ((sign, word), number) in slots.zip(tile.chunks_exact(N::WIDTH)) {
            let bits = N::load(number);
            *sign = u32::from(is_negative::<N>(bits));
            *word = magnitude::<N>(bits, places);
        }
        SIGNS.pack(&signs, &mut planes[place(SIGNS, 0, at, count)]);
        let mut plane = plane_len(1, count);
        for field in fields {
            field.pack(&words, &mut planes[place(*field, plane, at, count)]);
            plane += plane_len(field.width, count);
        }
    }
}

#[inline(always)]
fn merge_any<N: Number>(places: i32, fields: &[Field], planes: &[u8], numbers: &mut [u8]) {
    let count = numbers.len() / N::WIDTH;
    for (at, tile) in numbers.chunks_mut(TILE * N::WIDTH).enumerate() {
        let mut signs = [0_u32; TILE];
        let mut words = [N::Word::default(); TILE];
        SIGNS.unpack(&planes[place(SIGNS, 0, at, count)], &mut signs);
        let mut plane = plane_len(1, count);
        for field in fields {
            field.unpack(&planes[place(*field, plane, at, count)], &mut words);
            plane += plane_len(field.width, count);
        }
        let slots = signs.iter().zip(&words);
        for ((sign, word), number) in slots.zip(tile.chunks_exact_mut(N::WIDTH)) {
            // Upper fields may have more bits than any magnitude that is encoded.
            let word = *word & N::Word::mask(N::Word::BITS - 1);
            N::store(*sign != 0, word, places, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::fields;
    use super::*;

    fn check<N: Kernels>(number: impl Fn(usize) -> N::Word, bits: u32, places: i32) {
        for count in [0, 1, 63, 64, 65, 1000] {
            let mut raw = vec![0; count * N::WIDTH];
            for (i, bytes) in raw.chunks_exact_mut(N::WIDTH).enumerate() {
                N::store(i % 3 == 0, number(i), places, bytes);
            }
            for low in [0, bits / 2, bits] {
                let fields = fields(low, bits);
                let (mut best, mut plain) = (vec![0; planes_len(&fields, count)], vec![]);
                plain.clone_from(&best);
                N::split(places, &fields, &raw, &mut best);
                split_any::<N>(places, &fields, &raw, &mut plain);
                assert_eq!(best, plain);
                let (mut back, mut plainly) = (vec![0; raw.len()], vec![0; raw.len()]);
                N::merge(places, &fields, &best, &mut back);
                merge_any::<N>(places, &fields, &best, &mut plainly);
                assert_eq!(back, plainly);
                assert_eq!(back, raw, "{count} {low}");
            }
        }
    }

    #[test]
    fn merge_undoes_split_on_every_machine() {
        check::<Single>(|i| (i as u32).wrapping_mul(2654435761) >> 8, 24, 23);
        check::<Double>(
            |i| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11,
            53,
            60,
        );
        check::<Half>(|i| i as u32 % 2048, 11, 12);
        check::<Half>(|i| i as u32 % 1024, 10, 24);
        check::<Bf16>(|i| i as u32 % 256, 8, 8);
    }

    /// Of planes that no encoder made both do the same too.
    #[test]
    fn strange_planes_are_the_same_strange_numbers() {
        fn check<N: Kernels>(bits: u32) {
            let fields = fields(bits / 3, bits);
            let count = 200;
            let planes: Vec<u8> = (0..planes_len(&fields, count))
                .map(|i| (i * i * 7 + i / 3) as u8)
                .collect();
            for places in [-64, -3, 0, 23, 64] {
                let mut best = vec![0; count * N::WIDTH];
                let mut plain = best.clone();
                N::merge(places, &fields, &planes, &mut best);
                merge_any::<N>(places, &fields, &planes, &mut plain);
                assert_eq!(best, plain);
            }
        }
        check::<Single>(30);
        check::<Double>(62);
        check::<Half>(30);
        check::<Bf16>(30);
    }
}
