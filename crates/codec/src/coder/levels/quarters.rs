//! Symbols below 4 of which about half are 0, and half of the others 1: one code does for all that are so, and its
//! planes follow from both bits of the symbols without a table.

use std::sync::OnceLock;

use super::spec::Spec;
use super::writer::{append, grow};
use super::{COUNT_LEN, Plane, ROW, ROW_BYTES, Scratch, WORDS, count_bytes};
use crate::coder::Coding;
use crate::coder::machine::{Machine, on_best};
use crate::cpu::at_best;

/// Both bits of a tile's symbols, the upper ones first. What is not there are zeros.
pub(crate) type Bits = [Plane; 2];

/// Those of no symbols.
pub(crate) const NONE: Bits = [[0; WORDS]; 2];

/// The lowest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The code.
pub(super) fn spec() -> Spec {
    let mut lengths = [0; 256];
    lengths[..4].copy_from_slice(&[1, 2, 3, 3]);
    Spec {
        raw: 0,
        escape: 0,
        lengths,
    }
}

/// What a payload begins with.
fn head() -> &'static [u8] {
    static HEAD: OnceLock<Vec<u8>> = OnceLock::new();
    HEAD.get_or_init(|| {
        let mut head = Vec::new();
        spec().write(&mut head);
        head
    })
}

/// Encodes so many symbols as levels, if this code is one for them: with strings that are shorter than a plane together,
/// and not so short that another code is much better.
pub(crate) fn encode(
    tiles: &[Bits],
    count: usize,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> bool {
    let lens = lens(tiles);
    if lens[0] + lens[1] > count / 16 * 15 || lens[0] < count / 4 {
        return false;
    }
    out.extend_from_slice(head());
    lens.iter().for_each(|len| out.extend(count_bytes(*len)));
    let rows = out.len();
    out.resize(rows + count.div_ceil(ROW) * ROW_BYTES, 0);
    let words = tiles
        .iter()
        .flat_map(|[upper, lower]| upper.iter().zip(lower));
    for (to, (upper, lower)) in out[rows..].as_chunks_mut().0.iter_mut().zip(words) {
        *to = (upper | lower).to_le_bytes();
    }
    let [first, second, ..] = &mut scratch.own.strings;
    for string in [&mut *first, &mut *second] {
        grow(string, tiles.len() * WORDS + 1);
    }
    gather(tiles, [first, second]);
    append(first, lens[0], out);
    append(second, lens[1], out);
    // No literals.
    out.extend([0; COUNT_LEN]);
    out.push(Coding::Raw as u8);
    true
}

at_best! {
    /// How many bits both strings have.
    fn lens(tiles: &[Bits]) -> [usize; 2] = lens_any
}

#[inline(always)]
fn lens_any(tiles: &[Bits]) -> [usize; 2] {
    let (mut first, mut second) = (0, 0);
    for [upper, lower] in tiles {
        for (upper, lower) in upper.iter().zip(lower) {
            first += (upper | lower).count_ones() as usize;
            second += upper.count_ones() as usize;
        }
    }
    [first, second]
}

on_best! {
    /// Makes both strings.
    fn gather(tiles: &[Bits], strings: [&mut [u64]; 2]) = gather_with
}

#[inline(always)]
fn gather_with<M: Machine>(machine: M, tiles: &[Bits], [first, second]: [&mut [u64]; 2]) {
    let mut at = [0; 2];
    for [upper, lower] in tiles {
        let any: Plane = std::array::from_fn(|word| upper[word] | lower[word]);
        at[0] = machine.gather(upper, &any, first, at[0]);
        at[1] = machine.gather(lower, upper, second, at[1]);
    }
}

at_best! {
    /// The bits of a tile's symbols.
    pub(crate) fn bits_of(symbols: &[u8], bits: &mut Bits) = bits_of_any
}

#[inline(always)]
fn bits_of_any(symbols: &[u8], bits: &mut Bits) {
    *bits = NONE;
    let [upper, lower] = bits;
    let rows = upper.as_chunks_mut::<8>().0.iter_mut();
    let rows = rows.zip(lower.as_chunks_mut::<8>().0);
    for (symbols, (upper, lower)) in symbols.chunks(ROW).zip(rows) {
        let mut own = [[0; 2]; 8];
        for (t, symbols) in words_of(symbols).iter().enumerate() {
            for ([upper, lower], word) in own.iter_mut().zip(symbols) {
                *upper |= (word >> 1 & ONES) << t;
                *lower |= (word & ONES) << t;
            }
        }
        *upper = own.map(|[upper, _]| upper);
        *lower = own.map(|[_, lower]| lower);
    }
}

/// The symbols of a row as words, with zeros for those that are not there.
#[inline(always)]
fn words_of(symbols: &[u8]) -> [[u64; 8]; 8] {
    let mut row = [0; ROW];
    match symbols.first_chunk::<ROW>() {
        Some(whole) => row = *whole,
        None => row[..symbols.len()].copy_from_slice(symbols),
    }
    let mut words = [[0; 8]; 8];
    for (to, bytes) in words
        .as_flattened_mut()
        .iter_mut()
        .zip(row.as_chunks::<8>().0)
    {
        *to = u64::from_le_bytes(*bytes);
    }
    words
}

/// The symbols of a tile's bits.
pub(crate) fn symbols_of_bits([upper, lower]: &Bits, symbols: &mut [u8]) {
    let first = std::array::from_fn(|word| upper[word] | lower[word]);
    let last = std::array::from_fn(|word| upper[word] & lower[word]);
    symbols_of([&first, upper, &last], symbols);
}

at_best! {
    /// The symbols of a tile's planes.
    pub(super) fn symbols_of(planes: [&Plane; 3], symbols: &mut [u8]) = symbols_of_any
}

#[inline(always)]
fn symbols_of_any([first, middle, last]: [&Plane; 3], symbols: &mut [u8]) {
    for (number, symbols) in symbols.chunks_mut(ROW).enumerate() {
        let at = number * 8 % WORDS;
        // Of 1 the first is a one alone; of 2 the first two are, and of 3 all.
        let own: [[u64; 2]; 8] = std::array::from_fn(|i| {
            let i = at + i;
            [middle[i], first[i] ^ middle[i] ^ last[i]]
        });
        let mut row = [0; ROW];
        for (t, to) in row.as_chunks_mut::<ROW_BYTES>().0.iter_mut().enumerate() {
            for (to, [upper, lower]) in to.as_chunks_mut().0.iter_mut().zip(own) {
                *to = ((upper >> t & ONES) << 1 | lower >> t & ONES).to_le_bytes();
            }
        }
        symbols.copy_from_slice(&row[..symbols.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::Shape;
    use super::super::{Code, TILE, decode};
    use super::*;
    use crate::cpu::{narrowly, plainly};

    fn symbols(len: usize) -> Vec<u8> {
        let mut noise = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        let symbol = |byte: u8| [0, 0, 0, 0, 1, 1, 2, 3][usize::from(byte % 8)];
        noise.into_iter().map(symbol).collect()
    }

    fn payload(symbols: &[u8]) -> Option<Vec<u8>> {
        let mut tiles = vec![[[7; WORDS]; 2]; symbols.len().div_ceil(TILE)];
        for (symbols, bits) in symbols.chunks(TILE).zip(&mut tiles) {
            bits_of(symbols, bits);
            let mut back = vec![9; symbols.len()];
            symbols_of_bits(bits, &mut back);
            assert_eq!(back, symbols);
        }
        let mut out = Vec::new();
        encode(&tiles, symbols.len(), &mut Scratch::default(), &mut out).then_some(out)
    }

    #[test]
    fn they_are_levels_as_any_code_makes_them() {
        for len in [300, 512, 4096, 4100, 30_000] {
            let symbols = symbols(len);
            let mut expected = Vec::new();
            let spec = spec();
            let shape = Shape::of(&spec);
            let code = Code::new(&spec, shape, head().to_vec(), 0.0, &[false; 256]);
            super::super::encode(&symbols, &code, &mut Scratch::default(), &mut expected);
            let encoded = [
                payload(&symbols),
                narrowly(|| payload(&symbols)),
                plainly(|| payload(&symbols)),
            ];
            assert!(
                encoded.iter().all(|own| own.as_ref() == Some(&expected)),
                "{len}"
            );
            let back = || {
                let mut back = vec![0; len];
                decode(&expected, &mut back).map(|()| back)
            };
            assert!(back() == Ok(symbols.clone()), "{len}");
            assert!(narrowly(back) == plainly(back), "{len}");
        }
    }

    #[test]
    fn others_need_another_code() {
        assert_eq!(payload(&[0; 5000]), None);
        assert_eq!(payload(&[3; 5000]), None);
    }
}
