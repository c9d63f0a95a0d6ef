//! The AVX-512 kernel: words stay bytes, and those that get to a deeper level are put together, so that its string is
//! a bit of each.

use std::arch::x86_64::*;

use super::{Literals, ROOM, Writer};
use crate::coder::levels::bytes::wide::{look_up, transpose};
use crate::coder::levels::literals::WIDE;
use crate::coder::levels::spec::Shape;
use crate::coder::rows::{ALL, ROW, ROW_BYTES, TILE, first};
use crate::coder::vectors::{VECTORS, Wide, load_bytes, load_table, store_bytes};

/// As its plain twin, for a tile of which so many symbols are there.
pub(super) fn write_tile(_: Wide, writer: &mut Writer<'_>, tile: &[u8; TILE], count: usize) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        write_tile_wide(writer, tile, count);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
fn write_tile_wide(writer: &mut Writer<'_>, tile: &[u8; TILE], count: usize) {
    let table = load_table(&writer.code.words.bytes);
    // What is not there has words of zeros, which only a level that all get to could take.
    let there = match writer.code.shape.whole {
        0 => first(count),
        _ => ALL,
    };
    let mut reached = 0;
    let rows = tile.as_chunks::<ROW>().0.iter().zip(there.as_chunks().0);
    for (number, (row, there)) in rows.enumerate() {
        let words = words_of(&table, &writer.code.shape, row, &mut writer.literals);
        if number * ROW < count {
            put_whole(writer, transpose(words));
        }
        if writer.code.shape.levels > writer.code.shape.whole {
            reached = put_together(writer, in_planes_order(words), there, reached);
        }
    }
    for level in writer.code.shape.whole..writer.code.shape.levels {
        reached = put_string(writer, level, reached);
    }
}

/// The words of a row, in the order of the symbols; what escapes stand for is kept.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
fn words_of(
    table: &[__m512i; 4],
    shape: &Shape,
    row: &[u8; ROW],
    literals: &mut Literals<'_>,
) -> [__m512i; VECTORS] {
    let code_bits = _mm512_set1_epi8(shape.code_bits as i8);
    let escape = _mm512_set1_epi8(shape.escape.unwrap_or_default() as i8);
    let any = if shape.escape.is_some() { u64::MAX } else { 0 };
    let field = _mm512_set1_epi8(literals.field as i8);
    let mut words = [_mm512_setzero_si512(); VECTORS];
    for (to, symbols) in words.iter_mut().zip(row.as_chunks::<WIDE>().0) {
        let symbols = load_bytes(symbols);
        *to = look_up::<8>(table, symbols);
        let code = _mm512_and_si512(*to, code_bits);
        let escapes = _mm512_cmpeq_epi8_mask(code, escape) & any;
        if escapes != 0 {
            let kept = _mm512_maskz_compress_epi8(escapes, _mm512_and_si512(symbols, field));
            // There is room for a tile more than the plane.
            if let Some(to) = literals.bytes[literals.count..].first_chunk_mut() {
                store_bytes(kept, to);
            }
            literals.count += escapes.count_ones() as usize;
        }
    }
    words
}

/// Writes a row of all planes that have a bit for each symbol, of those of all bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn put_whole(writer: &mut Writer<'_>, planes: [__m512i; 8]) {
    let shape = &writer.code.shape;
    let levels = (0..shape.whole).map(|level| shape.plane(level));
    let mut at = writer.planes + writer.whole_at;
    for plane in (0..shape.raw).chain(levels) {
        if let Some(to) = writer.out[at..].first_chunk_mut() {
            store_bytes(planes[plane], to);
        }
        at += writer.whole_len;
    }
    writer.whole_at += ROW_BYTES;
}

/// The words of a row in the order that the bits of planes have: a vector for each of those words.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi")]
fn in_planes_order(rows: [__m512i; VECTORS]) -> [__m512i; VECTORS] {
    let places = load_bytes(&TURNED);
    words_turned(rows).map(|row| _mm512_permutexvar_epi8(places, row))
}

/// Byte `8 j + t` is from `8 t + j`.
const TURNED: [u8; WIDE] = {
    let (mut places, mut at) = ([0; WIDE], 0);
    while at < WIDE {
        places[at] = (at % 8 * 8 + at / 8) as u8;
        at += 1;
    }
    places
};

/// Word `t` of vector `i` is word `i` of vector `t`.
#[inline]
#[target_feature(enable = "avx512f")]
fn words_turned([a, b, c, d, e, f, g, h]: [__m512i; VECTORS]) -> [__m512i; VECTORS] {
    let low = |a, b| _mm512_unpacklo_epi64(a, b);
    let high = |a, b| _mm512_unpackhi_epi64(a, b);
    let [i, k, m, o] = pairs_turned([low(a, b), low(c, d), low(e, f), low(g, h)]);
    let [j, l, n, p] = pairs_turned([high(a, b), high(c, d), high(e, f), high(g, h)]);
    [i, j, k, l, m, n, o, p]
}

/// The same of four vectors by pairs of words.
#[inline]
#[target_feature(enable = "avx512f")]
fn pairs_turned([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    const LOW: i32 = 0x44;
    const HIGH: i32 = 0xee;
    const EVEN: i32 = 0x88;
    const ODD: i32 = 0xdd;
    let low = |a, b| _mm512_shuffle_i64x2::<LOW>(a, b);
    let high = |a, b| _mm512_shuffle_i64x2::<HIGH>(a, b);
    let ([first, second], [third, fourth]) = ([low(a, b), low(c, d)], [high(a, b), high(c, d)]);
    [
        _mm512_shuffle_i64x2::<EVEN>(first, second),
        _mm512_shuffle_i64x2::<ODD>(first, second),
        _mm512_shuffle_i64x2::<EVEN>(third, fourth),
        _mm512_shuffle_i64x2::<ODD>(third, fourth),
    ]
}

/// What words are at least that get to a level.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn least_word(shape: &Shape, level: usize) -> __m512i {
    _mm512_set1_epi8(shape.least_word(level) as i8)
}

/// Puts the words of a row that get to the first deeper level behind those there are; how many there are then.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn put_together(
    writer: &mut Writer<'_>,
    words: [__m512i; VECTORS],
    there: &[u64; VECTORS],
    mut reached: usize,
) -> usize {
    let least = least_word(&writer.code.shape, writer.code.shape.whole);
    for (words, there) in words.into_iter().zip(there) {
        let own = _mm512_cmpge_epu8_mask(words, least) & there;
        append(words, own, &mut writer.reached[0], &mut reached);
    }
    reached
}

/// Writes the next bits of a level's string, to which so many words get, and puts together those that get to the
/// next; how many those are.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn put_string(writer: &mut Writer<'_>, level: usize, count: usize) -> usize {
    let shape = &writer.code.shape;
    let bit = _mm512_set1_epi8((1u8 << shape.plane(level)) as i8);
    let is_last = level + 1 == shape.levels;
    let least = least_word(shape, level + 1);
    let number = level - shape.whole;
    let [even, odd] = &mut *writer.reached;
    let (own, next) = if number.is_multiple_of(2) {
        (even, odd)
    } else {
        (odd, even)
    };
    let (string, at) = (&mut writer.strings[number], &mut writer.at[number]);
    let string = &mut string[*at / 64..];
    let shift = *at % 64;
    let mut carry = string[0] & ((1 << shift) - 1);
    let mut reached = 0;
    let (words, rest) = own[..count.next_multiple_of(WIDE)]
        .as_chunks()
        .0
        .split_at(count / WIDE);
    for (words, to) in words.iter().zip(&mut *string) {
        let words = load_bytes(words);
        let bits = _mm512_test_epi8_mask(words, bit);
        *to = carry | bits << shift;
        carry = bits >> 1 >> (63 - shift);
        if !is_last {
            let own = _mm512_cmpge_epu8_mask(words, least);
            append(words, own, next, &mut reached);
        }
    }
    if let [last] = rest {
        let (words, there) = (load_bytes(last), (1 << (count % WIDE)) - 1);
        let bits = _mm512_mask_test_epi8_mask(there, words, bit);
        string[count / WIDE] = carry | bits << shift;
        carry = bits >> 1 >> (63 - shift);
        if !is_last {
            let own = _mm512_mask_cmpge_epu8_mask(there, words, least);
            append(words, own, next, &mut reached);
        }
    }
    string[count.div_ceil(WIDE)] = carry;
    *at += count;
    reached
}

/// Puts the bytes of a mask behind those there are.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn append(bytes: __m512i, mask: u64, to: &mut [u8; ROOM], count: &mut usize) {
    // There is room for a vector more than a tile.
    if let Some(to) = to[*count..].first_chunk_mut() {
        store_bytes(_mm512_maskz_compress_epi8(mask, bytes), to);
    }
    *count += mask.count_ones() as usize;
}
