//! The AVX-512 kernels for blocks of 32 quants: of nibbles four at once, of others one after the other.

use std::arch::x86_64::*;

use crate::coder::vectors::{Wide, load_bytes, load_half, store_bytes};

/// Bytes of a block's quants.
const LEN: usize = 16;
/// Blocks of a vector.
const BLOCKS: usize = 4;

/// Takes and turns the quants of as many blocks as make whole vectors; how many those are.
pub(super) fn take_nibbles<const UNIT: usize>(
    _: Wide,
    turns: &[u8],
    blocks: &[[u8; UNIT]],
    dense: &mut [[u8; LEN]],
) -> usize {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        take_nibbles_wide(turns, blocks, dense)
    }
}

/// Puts them back, and the halves.
pub(super) fn put_nibbles<const UNIT: usize>(
    _: Wide,
    turns: &[u8],
    halves: [&[u16]; 2],
    dense: &[u8],
    blocks: &mut [u8],
) -> usize {
    let (dense, blocks) = (dense.as_chunks().0, blocks.as_chunks_mut::<UNIT>().0);
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        put_nibbles_wide(turns, halves, dense, blocks)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn take_nibbles_wide<const UNIT: usize>(
    turns: &[u8],
    blocks: &[[u8; UNIT]],
    dense: &mut [[u8; LEN]],
) -> usize {
    let by = turns.as_chunks::<BLOCKS>().0;
    let blocks = blocks.as_chunks::<BLOCKS>().0;
    let to = dense.as_chunks_mut::<BLOCKS>().0;
    for ((to, blocks), by) in to.iter_mut().zip(blocks).zip(by) {
        // Without a closure, which is not always made part of this.
        let [a, b, c, d] = blocks;
        let [a, b] = [a.last_chunk::<LEN>(), b.last_chunk::<LEN>()];
        let [c, d] = [c.last_chunk::<LEN>(), d.last_chunk::<LEN>()];
        let (Some(a), Some(b), Some(c), Some(d)) = (a, b, c, d) else {
            return 0;
        };
        let turned = turn(four([a, b, c, d]), spread(*by));
        if let Some(to) = to.as_flattened_mut().first_chunk_mut() {
            store_bytes(turned, to);
        }
    }
    by.len().min(blocks.len()) * BLOCKS
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn put_nibbles_wide<const UNIT: usize>(
    turns: &[u8],
    [scales, minimums]: [&[u16]; 2],
    dense: &[[u8; LEN]],
    blocks: &mut [[u8; UNIT]],
) -> usize {
    let by = turns.as_chunks::<BLOCKS>().0.iter();
    let blocks = blocks.as_chunks_mut::<BLOCKS>().0.iter_mut();
    let scales = scales.as_chunks::<BLOCKS>().0.iter();
    let mut minimums = minimums.as_chunks::<BLOCKS>().0.iter();
    let mut done = 0;
    for ((blocks, from), (by, scales)) in blocks
        .zip(dense.as_chunks::<BLOCKS>().0)
        .zip(by.zip(scales))
    {
        let Some(from) = from.as_flattened().first_chunk() else {
            break;
        };
        let turned = turn(load_bytes(from), back(spread(*by)));
        let parts = [
            _mm512_castsi512_si128(turned),
            _mm512_extracti32x4_epi32::<1>(turned),
            _mm512_extracti32x4_epi32::<2>(turned),
            _mm512_extracti32x4_epi32::<3>(turned),
        ];
        let minimums = minimums.next().unwrap_or(&[0; BLOCKS]);
        let halves = scales.iter().zip(minimums);
        for ((block, part), (scale, minimum)) in blocks.iter_mut().zip(parts).zip(halves) {
            // Where there is no minimum, the quants come over it.
            let both = u32::from(*scale) | u32::from(*minimum) << 16;
            if let Some(to) = block.first_chunk_mut() {
                *to = both.to_le_bytes();
            }
            if let Some(to) = block.last_chunk_mut::<LEN>() {
                store(part, to);
            }
        }
        done += BLOCKS;
    }
    done
}

/// Bytes of a block of bytes, and of its quants.
const UNIT: usize = 34;
const BYTES: usize = 32;

/// Takes and folds the bytes of blocks, in an order of those, if there is one.
pub(super) fn take_bytes(_: Wide, order: &[u16], blocks: &[[u8; UNIT]], dense: &mut [[u8; BYTES]]) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        match order {
            [] => take_bytes_wide(0..blocks.len(), blocks, dense),
            _ => take_bytes_wide(
                order.iter().map(|number| usize::from(*number)),
                blocks,
                dense,
            ),
        }
    }
}

/// Puts them back, and the scales.
pub(super) fn put_bytes(
    _: Wide,
    order: &[u16],
    scales: &[u16],
    dense: &[[u8; BYTES]],
    blocks: &mut [[u8; UNIT]],
) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        match order {
            [] => put_bytes_wide(0..blocks.len(), scales, dense, blocks),
            _ => {
                let order = order.iter().map(|number| usize::from(*number));
                put_bytes_wide(order, scales, dense, blocks);
            }
        }
    }
}

#[target_feature(enable = "avx2")]
fn take_bytes_wide(
    order: impl Iterator<Item = usize>,
    blocks: &[[u8; UNIT]],
    dense: &mut [[u8; BYTES]],
) {
    for (number, to) in order.zip(dense) {
        let block = blocks.get(number).and_then(|block| block.last_chunk());
        if let Some(block) = block {
            let quants = load_half(block);
            let signs = _mm256_cmpgt_epi8(_mm256_setzero_si256(), quants);
            let folded = _mm256_xor_si256(_mm256_add_epi8(quants, quants), signs);
            store_half(folded, to);
        }
    }
}

#[target_feature(enable = "avx2")]
fn put_bytes_wide(
    order: impl Iterator<Item = usize>,
    scales: &[u16],
    dense: &[[u8; BYTES]],
    blocks: &mut [[u8; UNIT]],
) {
    let (ones, below) = (_mm256_set1_epi8(1), _mm256_set1_epi8(0x7f));
    for (number, from) in order.zip(dense) {
        let (Some(block), Some(scale)) = (blocks.get_mut(number), scales.get(number)) else {
            break;
        };
        let folded = load_half(from);
        let halves = _mm256_and_si256(_mm256_srli_epi16::<1>(folded), below);
        let signs = _mm256_cmpeq_epi8(_mm256_and_si256(folded, ones), ones);
        if let Some(to) = block.first_chunk_mut() {
            *to = scale.to_le_bytes();
        }
        if let Some(to) = block.last_chunk_mut() {
            store_half(_mm256_xor_si256(halves, signs), to);
        }
    }
}

/// Takes the nibbles and the fifth bits of blocks.
pub(super) fn take_fifths<const UNIT: usize>(
    _: Wide,
    blocks: &[[u8; UNIT]],
    dense: &mut [[u8; 4]],
    plain: &mut [[u8; LEN]],
) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        take_fifths_wide(blocks, dense, plain);
    }
}

/// Puts them back.
pub(super) fn put_fifths<'a, const UNIT: usize>(
    _: Wide,
    from: impl Iterator<Item = (&'a [u8; 4], &'a [u8; LEN])>,
    blocks: impl Iterator<Item = &'a mut [u8; UNIT]>,
) {
    // SAFETY: a `Wide` exists only where there are the features.
    #[allow(unsafe_code)]
    unsafe {
        put_fifths_wide(from, blocks);
    }
}

#[target_feature(enable = "avx2")]
fn take_fifths_wide<const UNIT: usize>(
    blocks: &[[u8; UNIT]],
    dense: &mut [[u8; 4]],
    plain: &mut [[u8; LEN]],
) {
    for (block, (dense, plain)) in blocks.iter().zip(dense.iter_mut().zip(plain)) {
        if let Some((before, nibbles)) = block.split_last_chunk::<LEN>()
            && let Some(high) = before.last_chunk()
        {
            let own = load(nibbles);
            store(own, plain);
            *dense = (u32::from_le_bytes(*high) ^ fourths(own)).to_le_bytes();
        }
    }
}

#[target_feature(enable = "avx2")]
fn put_fifths_wide<'a, const UNIT: usize>(
    from: impl Iterator<Item = (&'a [u8; 4], &'a [u8; LEN])>,
    blocks: impl Iterator<Item = &'a mut [u8; UNIT]>,
) {
    for (block, (dense, plain)) in blocks.zip(from) {
        let own = load(plain);
        if let Some((before, nibbles)) = block.split_last_chunk_mut::<LEN>()
            && let Some(high) = before.last_chunk_mut()
        {
            store(own, nibbles);
            *high = (u32::from_le_bytes(*dense) ^ fourths(own)).to_le_bytes();
        }
    }
}

/// The highest bits of nibbles: of all lower ones, then of all upper ones.
#[inline]
#[target_feature(enable = "sse2")]
fn fourths(nibbles: __m128i) -> u32 {
    let lower = _mm_movemask_epi8(_mm_slli_epi16::<4>(nibbles)) as u32;
    lower | (_mm_movemask_epi8(nibbles) as u32) << 16
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_half(vector: __m256i, to: &mut [u8; BYTES]) {
    // SAFETY: they are 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_storeu_si256(to.as_mut_ptr().cast(), vector);
    }
}

/// Adds turns to both nibbles of each byte, modulo 16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn turn(bytes: __m512i, by: __m512i) -> __m512i {
    let lower = _mm512_set1_epi8(0x77);
    let sum = _mm512_add_epi8(_mm512_and_si512(bytes, lower), _mm512_and_si512(by, lower));
    // By bits: the sum XOR both under the complement of the mask.
    let upper = _mm512_andnot_si512(lower, _mm512_xor_si512(bytes, by));
    _mm512_xor_si512(sum, upper)
}

/// The turns that undo others.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn back(by: __m512i) -> __m512i {
    let lower = _mm512_set1_epi8(15);
    let upper = _mm512_andnot_si512(lower, by);
    let zero = _mm512_setzero_si512();
    let low = _mm512_and_si512(_mm512_sub_epi8(zero, _mm512_and_si512(by, lower)), lower);
    // No bit below gets into what is left.
    _mm512_or_si512(low, _mm512_sub_epi8(zero, upper))
}

/// Each of four bytes 16 times.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn spread(bytes: [u8; BLOCKS]) -> __m512i {
    const EACH: [u8; 64] = {
        let (mut each, mut at) = ([0; 64], 0);
        while at < 64 {
            each[at] = (at / LEN) as u8;
            at += 1;
        }
        each
    };
    let all = _mm512_set1_epi32(i32::from_le_bytes(bytes));
    _mm512_shuffle_epi8(all, load_bytes(&EACH))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn four([a, b, c, d]: [&[u8; LEN]; 4]) -> __m512i {
    let first = _mm512_castsi128_si512(load(a));
    let second = _mm512_inserti32x4::<1>(first, load(b));
    let third = _mm512_inserti32x4::<2>(second, load(c));
    _mm512_inserti32x4::<3>(third, load(d))
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(bytes: &[u8; LEN]) -> __m128i {
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_loadu_si128(bytes.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn store(vector: __m128i, to: &mut [u8; LEN]) {
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_storeu_si128(to.as_mut_ptr().cast(), vector);
    }
}
