//! Numbers from symbols and raw bits.

use std::arch::x86_64::*;

use super::super::buckets::{Buckets, FIRST_SHARED};
use super::{FEW, GROUP, each_quarter, is_here, ones};
use crate::coder::vectors::{load_bytes, store_bytes};

/// The number of eights of a bucket's doubling beyond which there are no numbers of 32 bits.
const LAST: i32 = 27;

/// As [`super::super::raw_bits::Reader::numbers`], for pairs of groups; how many symbols.
pub(in super::super) fn numbers(
    buckets: &Buckets,
    width: usize,
    symbols: &[u8],
    from: (&[u8], &mut usize),
    out: &mut [u8],
) -> usize {
    if !is_here() {
        return 0;
    }
    // SAFETY: the features were just found.
    #[allow(unsafe_code)]
    unsafe {
        match width {
            2 => numbers_of::<2>(buckets.by_sign, symbols, from, out),
            _ => numbers_of::<4>(buckets.by_sign, symbols, from, out),
        }
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
fn numbers_of<const W: usize>(
    by_sign: bool,
    symbols: &[u8],
    (bits, at): (&[u8], &mut usize),
    out: &mut [u8],
) -> usize {
    let first = _mm512_set1_epi8(FIRST_SHARED as i8);
    let mut done = 0;
    let (pairs, _) = symbols.as_chunks::<{ 2 * GROUP }>();
    let mut outs = out.chunks_exact_mut(GROUP * W);
    for pair in pairs {
        let (Some(out), Some(next_out)) = (outs.next(), outs.next()) else {
            return done;
        };
        let [own, next] = [load_half(pair, 0), load_half(pair, 1)];
        let shared = _mm512_cmpge_epu8_mask(own, first);
        let next_shared = _mm512_cmpge_epu8_mask(next, first);
        let count = shared.count_ones();
        if W == 2 && (count + next_shared.count_ones()) as usize <= FEW {
            let mut few = _mm256_setzero_si256();
            if shared | next_shared != 0 {
                let together = _mm512_maskz_compress_epi8(shared, own);
                let after = _mm512_maskz_compress_epi8(next_shared, next);
                let both = _mm512_mask_expand_epi8(together, u64::MAX << count, after);
                let window = window(bits, *at);
                let both = _mm512_castsi512_si128(both);
                let (numbers, len) = few_numbers(by_sign, both, &window, *at % 8);
                few = _mm512_cvtepi32_epi16(numbers);
                *at += len;
            }
            spread(own, shared, few, 0, out);
            spread(next, next_shared, few, count, next_out);
        } else {
            group_numbers::<W>(by_sign, own, shared, (bits, &mut *at), out);
            group_numbers::<W>(by_sign, next, next_shared, (bits, &mut *at), next_out);
        }
        done += 2 * GROUP;
    }
    done
}

/// A half of two groups.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_half(pair: &[u8; 2 * GROUP], half: usize) -> __m512i {
    load_bytes(&pair.as_chunks::<GROUP>().0[half])
}

/// The numbers of one group.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
fn group_numbers<const W: usize>(
    by_sign: bool,
    own: __m512i,
    shared: u64,
    (bits, at): (&[u8], &mut usize),
    out: &mut [u8],
) {
    if W == 2 && shared.count_ones() as usize <= FEW {
        let window = window(bits, *at);
        let together = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(shared, own));
        let (numbers, len) = few_numbers(by_sign, together, &window, *at % 8);
        *at += len;
        spread(own, shared, _mm512_cvtepi32_epi16(numbers), 0, out);
        return;
    }
    each_quarter!(own, part, quarter => {
        let window = window(bits, *at);
        let (numbers, len) = few_numbers(by_sign, quarter, &window, *at % 8);
        *at += len;
        let mask = (shared >> (16 * part)) as u16;
        let numbers = _mm512_mask_mov_epi32(_mm512_cvtepu8_epi32(quarter), mask, numbers);
        put_numbers::<W>(numbers, &mut out[part * FEW * W..][..FEW * W]);
    });
}

/// The bytes from a bit on; zeros where there are no more.
#[inline]
fn window(bits: &[u8], at: usize) -> [u8; GROUP] {
    let rest = bits.get(at / 8..).unwrap_or_default();
    if let Some(window) = rest.first_chunk() {
        return *window;
    }
    let mut window = [0; GROUP];
    window[..rest.len()].copy_from_slice(rest);
    window
}

/// The numbers of symbols, 0 for those that are numbers themselves; and how many bits they took.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2")]
fn few_numbers(
    by_sign: bool,
    symbols: __m128i,
    window: &[u8; GROUP],
    bit: usize,
) -> (__m512i, usize) {
    let sign = i32::from(by_sign);
    let count = _mm_cvtsi32_si128(sign);
    let symbols = _mm512_cvtepu8_epi32(symbols);
    // The bucket: which doubling it is of, and which quarter.
    let bucket = _mm512_sub_epi32(symbols, _mm512_set1_epi32(FIRST_SHARED as i32));
    let bucket = _mm512_srl_epi32(bucket, count);
    let doubling = _mm512_srli_epi32::<2>(bucket);
    let quarter = _mm512_and_si512(bucket, _mm512_set1_epi32(3));
    let valid = _mm512_cmple_epu32_mask(doubling, _mm512_set1_epi32(LAST));
    let len = _mm512_maskz_add_epi32(valid, doubling, _mm512_set1_epi32(2 - sign));
    let ends = sums(len);
    let starts = _mm512_add_epi32(_mm512_sub_epi32(ends, len), _mm512_set1_epi32(bit as i32));
    // 16 numbers have at most 464 bits and begin in the first byte of 512.
    let window = load_bytes(window);
    let word = _mm512_srli_epi32::<5>(starts);
    let next = _mm512_add_epi32(word, _mm512_set1_epi32(1));
    let low = _mm512_permutexvar_epi32(word, window);
    let high = _mm512_permutexvar_epi32(next, window);
    let raw = _mm512_shrdv_epi32(low, high, _mm512_and_si512(starts, _mm512_set1_epi32(31)));
    let raw = _mm512_and_si512(raw, ones(len));
    let upper = _mm512_sllv_epi32(_mm512_or_si512(quarter, _mm512_set1_epi32(4)), len);
    let size = _mm512_sll_epi32(_mm512_or_si512(upper, raw), count);
    let own_sign = _mm512_and_si512(symbols, _mm512_set1_epi32(sign));
    (_mm512_maskz_or_epi32(valid, size, own_sign), last(ends))
}

/// Symbols as numbers of 16 bits, and in the places of a mask the few that were found, from number `from` of
/// those on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt")]
fn spread(symbols: __m512i, mask: u64, few: __m256i, from: u32, out: &mut [u8]) {
    let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(symbols));
    let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(symbols));
    let [first, second] = [mask as u32, (mask >> 32) as u32];
    if let [to_low, to_high] = out.as_chunks_mut::<64>().0 {
        let own = after(few, from);
        store_bytes(_mm512_mask_expand_epi16(low, first, own), to_low);
        let own = after(few, from + first.count_ones());
        store_bytes(_mm512_mask_expand_epi16(high, second, own), to_high);
    }
}

/// Numbers of 16 bits without the first of them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn after(few: __m256i, from: u32) -> __m512i {
    let places = _mm512_add_epi16(places(), _mm512_set1_epi16(from as i16));
    _mm512_permutexvar_epi16(places, _mm512_castsi256_si512(few))
}

/// The numbers from 0 on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn places() -> __m512i {
    let bytes = const {
        let mut bytes = [0; 64];
        let mut at = 0;
        while at < 32 {
            bytes[2 * at] = at as u8;
            at += 1;
        }
        bytes
    };
    load_bytes(&bytes)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn put_numbers<const W: usize>(numbers: __m512i, out: &mut [u8]) {
    if W == 2 {
        if let Some(to) = out.first_chunk_mut::<32>() {
            // SAFETY: they are 32 bytes.
            #[allow(unsafe_code)]
            unsafe {
                _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_cvtepi32_epi16(numbers));
            }
        }
    } else if let Some(to) = out.first_chunk_mut() {
        store_bytes(numbers, to);
    }
}

/// Each number and all before it.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums(numbers: __m512i) -> __m512i {
    let zero = _mm512_setzero_si512();
    let two = _mm512_add_epi32(numbers, _mm512_alignr_epi32::<15>(numbers, zero));
    let four = _mm512_add_epi32(two, _mm512_alignr_epi32::<14>(two, zero));
    let eight = _mm512_add_epi32(four, _mm512_alignr_epi32::<12>(four, zero));
    _mm512_add_epi32(eight, _mm512_alignr_epi32::<8>(eight, zero))
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn last(numbers: __m512i) -> usize {
    _mm_extract_epi32::<3>(_mm512_extracti32x4_epi32::<3>(numbers)) as u32 as usize
}
