//! The AVX-512 encoder: each round of 32 lanes as two vectors of sixteen.

use std::arch::x86_64::*;

use super::super::LANES;
use super::super::encode::Segment;
use super::{WIDE, load_lanes, store_lanes};
use crate::coder::vectors::load_half;

/// The numbers of words, twice: from the n-th on, the order that turns n words round to the end of sixteen.
static TURNS: [u16; 2 * WIDE] = turns();

const fn turns() -> [u16; 2 * WIDE] {
    let mut order = [0; 2 * WIDE];
    let mut at = 0;
    while at < order.len() {
        order[at] = (at % WIDE) as u16;
        at += 1;
    }
    order
}

/// Encodes whole rounds, as [`super::super::encode::encode_plainly`] does.
///
/// # Safety
/// The tables must have the contexts that occur, at least one.
#[allow(unsafe_code)]
pub(in super::super) unsafe fn encode<const BITS: u32>(
    segment: &Segment<'_>,
    lanes: &mut [u32; LANES],
    words: &mut [u8],
    at: usize,
) -> Option<usize> {
    assert!(crate::cpu::has_v4());
    // SAFETY: AVX-512 was just found; the rest is the caller's.
    unsafe { encode_rounds::<BITS>(segment, lanes, words, at) }
}

/// # Safety
/// The tables must have the contexts that occur, at least one.
#[allow(unsafe_code)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn encode_rounds<const BITS: u32>(
    segment: &Segment<'_>,
    to_lanes: &mut [u32; LANES],
    words: &mut [u8],
    mut at: usize,
) -> Option<usize> {
    let sum = _mm512_set1_epi32(1 << BITS);
    let share_mask = _mm512_set1_epi32(0x3fff);
    let mut lanes = load_lanes(to_lanes);
    let mut missing = 0;
    let table = segment.tables.entries.as_slice();
    let symbols = segment.symbols.as_chunks::<LANES>().0;
    let contexts = segment.contexts.as_chunks::<LANES>().0;
    let mut places = [[0; LANES]; AHEAD];
    let blocks = symbols.chunks(AHEAD).enumerate().rev();
    for (block, symbols) in blocks {
        let contexts = contexts.chunks(AHEAD).nth(block).unwrap_or_default();
        find(symbols, contexts, &mut places);
        for places in places[..symbols.len()].iter().rev() {
            let places = places.as_chunks::<WIDE>().0;
            for (i, lane) in lanes.iter_mut().enumerate().rev() {
                // SAFETY: there are 256 entries for each context, and no other occurs.
                #[allow(unsafe_code)]
                let [even, odd] = unsafe { entries(table, &places[i]) };
                let rest = _mm512_mask_blend_epi32(ODD, _mm512_srli_epi64::<32>(even), odd);
                let share = _mm512_and_si512(rest, share_mask);
                missing |= _mm512_testn_epi32_mask(share, share);
                let limit = _mm512_sll_epi32(share, _mm_cvtsi32_si128(32 - BITS as i32));
                let high = _mm512_cmpge_epu32_mask(*lane, limit);
                at = put_words(*lane, high, words, at);
                let x = _mm512_mask_srli_epi32::<16>(*lane, high, *lane);
                let quotient = _mm512_mask_blend_epi32(
                    ODD,
                    divide(x, even),
                    _mm512_slli_epi64::<32>(divide(_mm512_srli_epi64::<32>(x), odd)),
                );
                let start = _mm512_and_si512(_mm512_srli_epi32::<14>(rest), share_mask);
                let more = _mm512_mullo_epi32(quotient, _mm512_sub_epi32(sum, share));
                *lane = _mm512_add_epi32(_mm512_add_epi32(x, start), more);
            }
        }
    }
    store_lanes(&lanes, to_lanes);
    (missing == 0).then_some(at)
}

/// Rounds whose entries' places are found before the first of them is fetched, which would wait for its own.
const AHEAD: usize = 16;

/// The odd lanes.
const ODD: u16 = 0xaaaa;

/// The entries of sixteen symbols: those of the even lanes, and of the odd ones.
///
/// # Safety
/// Each place must be below the number of entries.
#[allow(unsafe_code)]
#[inline]
#[target_feature(enable = "avx512f,avx2")]
unsafe fn entries(table: &[u64], places: &[u16; WIDE]) -> [__m512i; 2] {
    // SAFETY: the caller's.
    unsafe { [eight::<0>(table, places), eight::<1>(table, places)] }
}

/// The entries of every other symbol. By twos: through an array they would go through memory.
///
/// # Safety
/// Each place must be below the number of entries.
#[allow(unsafe_code)]
#[inline]
#[target_feature(enable = "avx512f,avx2")]
unsafe fn eight<const FIRST: usize>(table: &[u64], places: &[u16; WIDE]) -> __m512i {
    // SAFETY: the caller's.
    let at = |i: usize| unsafe { table.as_ptr().add(usize::from(places[FIRST + i])).cast() };
    // SAFETY: there is an entry of 64 bits at each place.
    let two = |i| unsafe { _mm_castpd_si128(_mm_loadh_pd(_mm_load_sd(at(i)), at(i + 2))) };
    let low = _mm256_set_m128i(two(4), two(0));
    let high = _mm256_set_m128i(two(12), two(8));
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
}

/// Finds where the entries of symbols are, by round; with no contexts all have the same.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
fn find(symbols: &[[u8; LANES]], contexts: &[[u8; LANES]], places: &mut [[u16; LANES]; AHEAD]) {
    let none = [0; LANES];
    for (i, (places, symbols)) in places.iter_mut().zip(symbols).enumerate() {
        let contexts = load_half(contexts.get(i).unwrap_or(&none));
        let contexts = _mm512_slli_epi16::<8>(_mm512_cvtepu8_epi16(contexts));
        let own = _mm512_or_si512(contexts, _mm512_cvtepu8_epi16(load_half(symbols)));
        // SAFETY: they are 64 bytes.
        #[allow(unsafe_code)]
        unsafe {
            _mm512_storeu_si512(places.as_mut_ptr().cast(), own);
        }
    }
}

/// The lower halves of `x` divided by what the entries are the reciprocals of.
#[inline]
#[target_feature(enable = "avx512f")]
fn divide(x: __m512i, entries: __m512i) -> __m512i {
    let log = _mm512_add_epi64(_mm512_srli_epi64::<60>(entries), _mm512_set1_epi64(31));
    _mm512_srlv_epi64(_mm512_mul_epu32(x, entries), log)
}

/// Puts the low words of a set of lanes in front of those from `at` on; where they begin now.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,popcnt")]
fn put_words(lanes: __m512i, set: u16, words: &mut [u8], at: usize) -> usize {
    let count = set.count_ones() as usize;
    let own = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(set, lanes));
    let turn = &TURNS[count..][..WIDE];
    // Sixteen symbols' words have room, as none has more than one. What is not theirs is overwritten.
    let to = &mut words[at - 2 * WIDE..at];
    // SAFETY: `turn` has 16 words of 2 bytes, and `to` has 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        let turn = _mm256_loadu_si256(turn.as_ptr().cast());
        let own = _mm256_permutexvar_epi16(turn, own);
        _mm256_storeu_si256(to.as_mut_ptr().cast(), own);
    }
    at - 2 * count
}
