//! Symbols and raw bits from numbers.

use std::arch::x86_64::*;

use super::super::buckets::FIRST_SHARED;
use super::super::raw_bits::{Held, To};
use super::{FEW, GROUP, each_quarter, is_here, ones};
use crate::coder::vectors::{load_bytes, store_bytes};

/// The symbols of numbers, for pairs of groups, and their raw bits where those go anywhere; how many symbols.
pub(in super::super) fn symbols(
    by_sign: bool,
    width: usize,
    numbers: &[u8],
    out: &mut [u8],
    to: Option<To<'_>>,
) -> usize {
    if !is_here() {
        return 0;
    }
    // SAFETY: the features were just found.
    #[allow(unsafe_code)]
    unsafe {
        match width {
            2 => symbols_of::<2>(by_sign, numbers, out, to),
            _ => symbols_of::<4>(by_sign, numbers, out, to),
        }
    }
}

#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
fn symbols_of<const W: usize>(
    by_sign: bool,
    numbers: &[u8],
    out: &mut [u8],
    mut to: Option<To<'_>>,
) -> usize {
    let first = _mm512_set1_epi8(FIRST_SHARED as i8);
    let pairs = out.as_chunks_mut::<{ 2 * GROUP }>().0.iter_mut();
    let mut done = 0;
    for (out, numbers) in pairs.zip(numbers.chunks_exact(2 * GROUP * W)) {
        let [out, next_out] = out.as_chunks_mut::<GROUP>().0 else {
            return done;
        };
        let (numbers, next_numbers) = numbers.split_at(GROUP * W);
        let (own, next) = (in_bytes::<W>(numbers), in_bytes::<W>(next_numbers));
        let shared = _mm512_cmpge_epu8_mask(own, first);
        let next_shared = _mm512_cmpge_epu8_mask(next, first);
        let (count, next_count) = (shared.count_ones(), next_shared.count_ones());
        done += 2 * GROUP;
        if count + next_count == 0 {
            store_bytes(own, out);
            store_bytes(next, next_out);
        } else if W == 2 && (count + next_count) as usize <= FEW {
            let few = gather(numbers, shared);
            let after = gather(next_numbers, next_shared);
            let few = _mm256_mask_expand_epi16(few, u16::MAX.unbounded_shl(count), after);
            let mask = u16::MAX >> (FEW as u32 - count - next_count);
            let (symbols, raw) = few_symbols(by_sign, _mm512_cvtepu16_epi32(few), mask);
            if let Some(to) = &mut to {
                append(raw, true, to);
            }
            let after = _mm_maskz_compress_epi8(u16::MAX.unbounded_shl(count), symbols);
            let [symbols, after] = [
                _mm512_castsi128_si512(symbols),
                _mm512_castsi128_si512(after),
            ];
            store_bytes(_mm512_mask_expand_epi8(own, shared, symbols), out);
            store_bytes(_mm512_mask_expand_epi8(next, next_shared, after), next_out);
        } else {
            group_symbols::<W>(by_sign, (own, shared), numbers, out, &mut to);
            group_symbols::<W>(
                by_sign,
                (next, next_shared),
                next_numbers,
                next_out,
                &mut to,
            );
        }
    }
    done
}

/// The symbols of one group.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
fn group_symbols<const W: usize>(
    by_sign: bool,
    (own, shared): (__m512i, u64),
    numbers: &[u8],
    out: &mut [u8; GROUP],
    to: &mut Option<To<'_>>,
) {
    let count = shared.count_ones() as usize;
    if count == 0 {
        return store_bytes(own, out);
    }
    if W == 2 && count <= FEW {
        let few = _mm512_cvtepu16_epi32(gather(numbers, shared));
        let (symbols, raw) = few_symbols(by_sign, few, u16::MAX >> (FEW - count));
        if let Some(to) = to {
            append(raw, true, to);
        }
        let symbols = _mm512_castsi128_si512(symbols);
        return store_bytes(_mm512_mask_expand_epi8(own, shared, symbols), out);
    }
    each_quarter!(own, part, quarter => {
        let mask = (shared >> (16 * part)) as u16;
        let few = load_numbers::<W>(&numbers[part * FEW * W..][..FEW * W]);
        let (symbols, raw) = few_symbols(by_sign, few, mask);
        if let Some(to) = to {
            append(raw, W == 2, to);
        }
        let symbols = _mm_mask_mov_epi8(quarter, mask, symbols);
        if let Some(to) = out[part * FEW..].first_chunk_mut() {
            store_16(symbols, to);
        }
    });
}

/// Puts the numbers of 16 bits together that are in a mask, which are not more than 16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")]
fn gather(numbers: &[u8], mask: u64) -> __m256i {
    let [low, high] = numbers.as_chunks::<64>().0 else {
        return _mm256_setzero_si256();
    };
    let passed = (mask as u32).count_ones();
    let low = _mm512_maskz_compress_epi16(mask as u32, load_bytes(low));
    let high = _mm512_maskz_compress_epi16((mask >> 32) as u32, load_bytes(high));
    _mm512_castsi512_si256(_mm512_mask_expand_epi16(low, u32::MAX << passed, high))
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn load_numbers<const W: usize>(bytes: &[u8]) -> __m512i {
    if W == 2 {
        let Some(bytes) = bytes.first_chunk::<32>() else {
            return _mm512_setzero_si512();
        };
        // SAFETY: they are 32 bytes.
        #[allow(unsafe_code)]
        let own = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        _mm512_cvtepu16_epi32(own)
    } else {
        match bytes.first_chunk() {
            Some(bytes) => load_bytes(bytes),
            None => _mm512_setzero_si512(),
        }
    }
}

/// Numbers as bytes, those of more than 8 bits as the largest.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn in_bytes<const W: usize>(numbers: &[u8]) -> __m512i {
    let parts = numbers.as_chunks::<64>().0;
    if W == 2 {
        let low = _mm512_cvtusepi16_epi8(load_bytes(&parts[0]));
        let high = _mm512_cvtusepi16_epi8(load_bytes(&parts[1]));
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    } else {
        let a = _mm512_cvtusepi32_epi8(load_bytes(&parts[0]));
        let b = _mm512_cvtusepi32_epi8(load_bytes(&parts[1]));
        let c = _mm512_cvtusepi32_epi8(load_bytes(&parts[2]));
        let d = _mm512_cvtusepi32_epi8(load_bytes(&parts[3]));
        let (low, high) = (_mm256_set_m128i(b, a), _mm256_set_m128i(d, c));
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    }
}

/// Raw bits of sixteen numbers: by twos in 64 bits, how many bits those are, and whether they may be too
/// many.
struct Raw {
    bits: __m512i,
    lens: __m512i,
    each: [__m512i; 2],
    is_long: bool,
}

/// The symbols of those numbers that are in a mask, all of them shared, and their raw bits. What is given
/// for others means nothing.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd")]
fn few_symbols(by_sign: bool, numbers: __m512i, mask: u16) -> (__m128i, Raw) {
    let sign = i32::from(by_sign);
    let count = _mm_cvtsi32_si128(sign);
    let size = _mm512_srl_epi32(numbers, count);
    let log = _mm512_sub_epi32(_mm512_set1_epi32(31), _mm512_lzcnt_epi32(size));
    let len = _mm512_maskz_sub_epi32(mask, log, _mm512_set1_epi32(2));
    let upper = _mm512_srlv_epi32(size, len);
    let doubling = _mm512_add_epi32(log, _mm512_set1_epi32(sign - 5));
    let bucket = _mm512_add_epi32(_mm512_slli_epi32::<2>(doubling), upper);
    let own_sign = _mm512_and_si512(numbers, _mm512_set1_epi32(sign));
    let symbol = _mm512_or_si512(_mm512_sll_epi32(bucket, count), own_sign);
    let symbol = _mm512_add_epi32(symbol, _mm512_set1_epi32(FIRST_SHARED as i32));
    let raw = _mm512_and_si512(size, ones(len));
    let even = _mm512_set1_epi64(0xffff_ffff);
    let even_len = _mm512_and_si512(len, even);
    let odd = _mm512_sllv_epi64(_mm512_srli_epi64::<32>(raw), even_len);
    let raw = Raw {
        bits: _mm512_or_si512(_mm512_and_si512(raw, even), odd),
        lens: _mm512_add_epi64(even_len, _mm512_srli_epi64::<32>(len)),
        each: [raw, len],
        is_long: _mm512_cmpgt_epu32_mask(len, _mm512_set1_epi32(28)) != 0,
    };
    (_mm512_cvtepi32_epi8(symbol), raw)
}

/// Appends raw bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn append(raw: Raw, by_fours: bool, (room, at, bits): &mut To<'_>) {
    let mut put = |value: u64, len: u32| {
        // At most 7 bits are held, and at most 56 come.
        let word = bits.word | value << bits.len;
        room[**at..**at + 8].copy_from_slice(&word.to_le_bytes());
        let len = bits.len + len;
        **at += (len / 8) as usize;
        **bits = Held {
            word: word >> (len / 8 * 8),
            len: len % 8,
        };
    };
    // What a plain writer left may be more.
    put(0, 0);
    let (mut values, mut lens) = ([0u64; 8], [0u64; 8]);
    if raw.is_long {
        let ([mut values, mut lens], [bits, sizes]) = ([[0u32; FEW]; 2], raw.each);
        store_few(bits, &mut values);
        store_few(sizes, &mut lens);
        for (value, len) in values.iter().zip(lens) {
            put((*value).into(), len);
        }
    } else if by_fours {
        // Numbers of 16 bits have at most 13 raw bits.
        let odd = _mm512_unpackhi_epi64(raw.bits, raw.bits);
        let odd_lens = _mm512_unpackhi_epi64(raw.lens, raw.lens);
        let all = _mm512_or_si512(raw.bits, _mm512_sllv_epi64(odd, raw.lens));
        store_eight(all, &mut values);
        store_eight(_mm512_add_epi64(raw.lens, odd_lens), &mut lens);
        for i in [0, 2, 4, 6] {
            put(values[i], lens[i] as u32);
        }
    } else {
        store_eight(raw.bits, &mut values);
        store_eight(raw.lens, &mut lens);
        for (value, len) in values.iter().zip(lens) {
            put(*value, len as u32);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_few(few: __m512i, to: &mut [u32; FEW]) {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), few);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_eight(eight: __m512i, to: &mut [u64; 8]) {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_storeu_si512(to.as_mut_ptr().cast(), eight);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_16(bytes: __m128i, to: &mut [u8; FEW]) {
    // SAFETY: `to` has 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
    }
}
