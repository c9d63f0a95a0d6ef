//! The AVX2 kernels: whole rounds of 32 lanes, as four vectors of eight. Each leaves what it does
//! not do to its plain twin.
//!
//! A table's entries are fetched by eight plain loads, which is faster than the gather instruction.

use std::arch::x86_64::*;

use super::decode::Decoder;
use super::encode::Segment;
use super::rounds::{decode_rounds, window};
use super::{LANES, ROUND_WORDS};

/// Lanes of a vector.
const WIDE: usize = 8;

/// For each set of lanes, where in the next eight words each of those lanes finds its own.
static SPREAD: [[u8; 16]; 256] = spread();
/// For each set of lanes, their words pushed together at the end of eight.
static GATHER: [[u8; 16]; 256] = gather();

const fn spread() -> [[u8; 16]; 256] {
    let mut table = [[0x80; 16]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut lane, mut word) = (0, 0);
        while lane < WIDE {
            if set >> lane & 1 == 1 {
                table[set][2 * lane] = 2 * word;
                table[set][2 * lane + 1] = 2 * word + 1;
                word += 1;
            }
            lane += 1;
        }
        set += 1;
    }
    table
}

const fn gather() -> [[u8; 16]; 256] {
    let mut table = [[0x80; 16]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut lane, mut word) = (WIDE, WIDE);
        while lane > 0 {
            lane -= 1;
            if set >> lane & 1 == 1 {
                word -= 1;
                table[set][2 * word] = 2 * lane as u8;
                table[set][2 * word + 1] = 2 * lane as u8 + 1;
            }
        }
        set += 1;
    }
    table
}

/// An expression for each of the four vectors of lanes, one after the other: a loop would keep them in
/// memory.
macro_rules! four {
    ($i:ident => $each:expr) => {
        [
            {
                const $i: usize = 0;
                $each
            },
            {
                const $i: usize = 1;
                $each
            },
            {
                const $i: usize = 2;
                $each
            },
            {
                const $i: usize = 3;
                $each
            },
        ]
    };
}

decode_rounds!("avx2,bmi1,bmi2,lzcnt,popcnt", decode = decode_round);

/// Decodes a round; how many bytes of words it took.
///
/// # Safety
/// There must be the entries of a table, 2^BITS, or those of each context that occurs.
#[allow(unsafe_code)]
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn decode_round<const BITS: u32, const CONTEXTS: bool>(
    lanes: &mut [__m256i; 4],
    window: &[u8; ROUND_WORDS],
    contexts: &[u8; LANES],
    entries: &[u32],
    to: &mut [u8; LANES],
) -> usize {
    let mask = _mm256_set1_epi32((1 << BITS) - 1);
    let shift = const { BITS as i32 };
    let count = _mm_cvtsi32_si128(shift);
    let twice = _mm_cvtsi32_si128(2 * shift);
    let found = four!(I => {
        let mut index = _mm256_and_si256(lanes[I], mask);
        if CONTEXTS {
            let own = load_8(&contexts[I * WIDE..][..WIDE]);
            index = _mm256_or_si256(index, _mm256_sll_epi32(own, count));
        }
        // SAFETY: an index is a slot below 2^BITS and a context whose entries are there, which
        // the caller has checked; without contexts it is the slot alone, and one table is there.
        #[allow(unsafe_code)]
        unsafe { fetch(entries, index) }
    });
    let symbols = four!(I => _mm256_srl_epi32(found[I], twice));
    let mut taken = 0;
    *lanes = four!(I => {
        let share = _mm256_and_si256(found[I], mask);
        let within = _mm256_and_si256(_mm256_srl_epi32(found[I], count), mask);
        let rest = _mm256_srl_epi32(lanes[I], count);
        let next = _mm256_add_epi32(_mm256_mullo_epi32(share, rest), within);
        let low = _mm256_cmpeq_epi32(_mm256_srli_epi32::<16>(next), _mm256_setzero_si256());
        let set = _mm256_movemask_ps(_mm256_castsi256_ps(low)) as u8;
        let spread = load_16(&SPREAD[usize::from(set)]);
        // SAFETY: `taken` is at most 16 for each vector before this one, so that 16 bytes from
        // it on end within the window's 64.
        #[allow(unsafe_code)]
        let new = unsafe { _mm_loadu_si128(window.as_ptr().add(taken).cast()) };
        let new = _mm256_cvtepu16_epi32(_mm_shuffle_epi8(new, spread));
        let full = _mm256_or_si256(_mm256_slli_epi32::<16>(next), new);
        taken += 2 * set.count_ones() as usize;
        _mm256_blendv_epi8(next, full, low)
    });
    store_symbols(symbols, to);
    taken
}

/// Eight entries.
///
/// # Safety
/// Each index must be below the number of entries.
#[allow(unsafe_code)]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn fetch(entries: &[u32], index: __m256i) -> __m256i {
    let low = _mm256_castsi256_si128(index);
    let high = _mm256_extracti128_si256::<1>(index);
    let a = _mm_cvtsi128_si64(low) as u64;
    let b = _mm_extract_epi64::<1>(low) as u64;
    let c = _mm_cvtsi128_si64(high) as u64;
    let d = _mm_extract_epi64::<1>(high) as u64;
    // SAFETY: the caller's. (Closures that are passed on would not be compiled for AVX2.)
    unsafe {
        _mm256_setr_epi32(
            *entries.get_unchecked(a as u32 as usize) as i32,
            *entries.get_unchecked((a >> 32) as usize) as i32,
            *entries.get_unchecked(b as u32 as usize) as i32,
            *entries.get_unchecked((b >> 32) as usize) as i32,
            *entries.get_unchecked(c as u32 as usize) as i32,
            *entries.get_unchecked((c >> 32) as usize) as i32,
            *entries.get_unchecked(d as u32 as usize) as i32,
            *entries.get_unchecked((d >> 32) as usize) as i32,
        )
    }
}

/// Encodes whole rounds, as [`super::encode::encode_plainly`] does.
pub(super) fn encode<const BITS: u32>(
    segment: &Segment<'_>,
    lanes: &mut [u32; LANES],
    words: &mut [u8],
    at: usize,
) -> Option<usize> {
    assert!(crate::cpu::has_v3());
    // SAFETY: AVX2 was just found.
    #[allow(unsafe_code)]
    unsafe {
        match segment.contexts {
            [] => encode_rounds::<BITS, false>(segment, lanes, words, at),
            _ => encode_rounds::<BITS, true>(segment, lanes, words, at),
        }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn encode_rounds<const BITS: u32, const CONTEXTS: bool>(
    segment: &Segment<'_>,
    to_lanes: &mut [u32; LANES],
    words: &mut [u8],
    mut at: usize,
) -> Option<usize> {
    let sum = _mm256_set1_epi32(1 << BITS);
    let up = _mm_cvtsi32_si128(32 - BITS as i32);
    let share_mask = _mm256_set1_epi32(0x3fff);
    let mut lanes = load_lanes(to_lanes);
    let mut missing = _mm256_setzero_si256();
    let table = segment.tables.entries.as_slice();
    let symbols = segment.symbols.as_chunks::<LANES>().0;
    let contexts = segment.contexts.as_chunks::<LANES>().0;
    for (round, symbols) in symbols.iter().enumerate().rev() {
        let symbols = symbols.as_chunks::<WIDE>().0;
        let contexts = contexts
            .get(round)
            .unwrap_or(&[0; LANES])
            .as_chunks::<WIDE>()
            .0;
        for (i, lane) in lanes.iter_mut().enumerate().rev() {
            let [even, odd] = match table.first_chunk() {
                Some(table) if !CONTEXTS => entries_of_one(table, &symbols[i]),
                _ => entries(table, &symbols[i], &contexts[i]),
            };
            let rest = _mm256_blend_epi32::<0b1010_1010>(_mm256_srli_epi64::<32>(even), odd);
            let share = _mm256_and_si256(rest, share_mask);
            missing = _mm256_or_si256(missing, _mm256_cmpeq_epi32(share, _mm256_setzero_si256()));
            let limit = _mm256_sll_epi32(share, up);
            let high = _mm256_cmpeq_epi32(_mm256_max_epu32(*lane, limit), *lane);
            let set = _mm256_movemask_ps(_mm256_castsi256_ps(high)) as u8;
            at = put_words(*lane, set, words, at);
            let x = _mm256_blendv_epi8(*lane, _mm256_srli_epi32::<16>(*lane), high);
            let quotient = _mm256_blend_epi32::<0b1010_1010>(
                divide(x, even),
                _mm256_slli_epi64::<32>(divide(_mm256_srli_epi64::<32>(x), odd)),
            );
            let start = _mm256_and_si256(_mm256_srli_epi32::<14>(rest), share_mask);
            let more = _mm256_mullo_epi32(quotient, _mm256_sub_epi32(sum, share));
            *lane = _mm256_add_epi32(_mm256_add_epi32(x, start), more);
        }
    }
    store_lanes(&lanes, to_lanes);
    (_mm256_testz_si256(missing, missing) == 1).then_some(at)
}

/// The entries of eight symbols: those of the even lanes, and of the odd ones.
#[inline]
#[target_feature(enable = "avx2")]
fn entries(table: &[u64], symbols: &[u8; WIDE], contexts: &[u8; WIDE]) -> [__m256i; 2] {
    let mut found = [0; WIDE];
    for i in 0..WIDE {
        found[i] = table[usize::from(contexts[i]) << 8 | usize::from(symbols[i])] as i64;
    }
    even_and_odd(found)
}

/// The same where there is one context.
#[inline]
#[target_feature(enable = "avx2")]
fn entries_of_one(table: &[u64; 256], symbols: &[u8; WIDE]) -> [__m256i; 2] {
    even_and_odd(symbols.map(|symbol| table[usize::from(symbol)] as i64))
}

#[inline]
#[target_feature(enable = "avx2")]
fn even_and_odd(found: [i64; WIDE]) -> [__m256i; 2] {
    [
        _mm256_setr_epi64x(found[0], found[2], found[4], found[6]),
        _mm256_setr_epi64x(found[1], found[3], found[5], found[7]),
    ]
}

/// The lower halves of `x` divided by what the entries are the reciprocals of.
#[inline]
#[target_feature(enable = "avx2")]
fn divide(x: __m256i, entries: __m256i) -> __m256i {
    let log = _mm256_add_epi64(_mm256_srli_epi64::<60>(entries), _mm256_set1_epi64x(31));
    _mm256_srlv_epi64(_mm256_mul_epu32(x, entries), log)
}

/// Puts the low words of a set of lanes in front of those from `at` on; where they begin now.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn put_words(lanes: __m256i, set: u8, words: &mut [u8], at: usize) -> usize {
    let low = _mm256_and_si256(lanes, _mm256_set1_epi32(0xffff));
    let low = _mm_packus_epi32(
        _mm256_castsi256_si128(low),
        _mm256_extracti128_si256::<1>(low),
    );
    let pushed = _mm_shuffle_epi8(low, load_16(&GATHER[usize::from(set)]));
    // Eight symbols' words have room, as none has more than one. What is not theirs is overwritten.
    let to = &mut words[at - 16..at];
    // SAFETY: `to` has 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_storeu_si128(to.as_mut_ptr().cast(), pushed);
    }
    at - 2 * set.count_ones() as usize
}

#[inline]
#[target_feature(enable = "avx2")]
fn no_lanes() -> [__m256i; 4] {
    [_mm256_setzero_si256(); 4]
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_lanes(lanes: &[u32; LANES]) -> [__m256i; 4] {
    let mut vectors = no_lanes();
    for (vector, lanes) in vectors.iter_mut().zip(lanes.as_chunks::<WIDE>().0) {
        // SAFETY: eight lanes have 32 bytes.
        #[allow(unsafe_code)]
        {
            *vector = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
        }
    }
    vectors
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_lanes(vectors: &[__m256i; 4], lanes: &mut [u32; LANES]) {
    for (vector, lanes) in vectors.iter().zip(lanes.as_chunks_mut::<WIDE>().0) {
        // SAFETY: eight lanes have 32 bytes.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_storeu_si256(lanes.as_mut_ptr().cast(), *vector);
        }
    }
}

/// Eight bytes, each in a lane.
#[inline]
#[target_feature(enable = "avx2")]
fn load_8(bytes: &[u8]) -> __m256i {
    let mut word = [0; 8];
    word.copy_from_slice(bytes);
    _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(i64::from_le_bytes(word)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_16(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_loadu_si128(bytes.as_ptr().cast())
    }
}

/// Four vectors of symbols as bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn store_symbols(symbols: [__m256i; 4], to: &mut [u8; LANES]) {
    let [a, b, c, d] = symbols;
    let bytes = _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
    // Packing goes half by half.
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let bytes = _mm256_permutevar8x32_epi32(bytes, order);
    // SAFETY: `to` has 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_storeu_si256(to.as_mut_ptr().cast(), bytes);
    }
}
