//! The AVX-512 kernel: the codes of 64 symbols are looked up at once, in tables that stay in registers,
//! and put together four by four.

use std::arch::x86_64::*;

use super::super::{Code, MAX_BITS};
use super::{SPARE, To};
use crate::coder::vectors::{load_bytes, load_table};

/// Symbols of a round.
const ROUND: usize = 64;
/// Symbols whose codes are put together at once: a part of a word for each.
const GROUP: usize = 4;
const GROUPS: usize = ROUND / GROUP;
/// Bits that are added to up to 7 at once.
const MAX_PUT: u64 = 57;
/// The most bytes that a round writes, what was left before it included, and what its last word may
/// reach beyond.
const ROUND_LEN: usize = ROUND * MAX_BITS as usize / 8 + 1 + 8;
const _: () = assert!(ROUND_LEN <= SPARE);
const _: () = assert!(GROUP as u32 * 16 == u64::BITS && GROUP as u32 * MAX_BITS + 7 <= u64::BITS);

/// For each byte the two bytes of its code, and the code's length.
pub(super) struct Codes {
    low: [u8; 256],
    high: [u8; 256],
    lengths: [u8; 256],
}

impl Codes {
    /// Those of a code, with the bits in `ignored` read as zeros; none where the machine has no use for
    /// them.
    pub(super) fn of(code: &Code, ignored: u8) -> Option<Codes> {
        let kept = |byte: usize| byte & usize::from(!ignored);
        crate::cpu::permutes_bytes().then(|| Codes {
            low: std::array::from_fn(|byte| code.bits[kept(byte)] as u8),
            high: std::array::from_fn(|byte| (code.bits[kept(byte)] >> 8) as u8),
            lengths: std::array::from_fn(|byte| code.lengths[kept(byte)]),
        })
    }
}

/// Writes the codes of whole rounds of symbols; how many symbols that were.
pub(super) fn write(symbols: &[u8], codes: &Codes, to: &mut To<'_>) -> usize {
    assert!(crate::cpu::permutes_bytes());
    // SAFETY: the features were just found.
    #[allow(unsafe_code)]
    unsafe {
        rounds(symbols, codes, to)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,bmi1,bmi2,lzcnt,popcnt,movbe")]
fn rounds(symbols: &[u8], codes: &Codes, to: &mut To<'_>) -> usize {
    let [low, high, lengths] =
        [&codes.low, &codes.high, &codes.lengths].map(|table| load_table(table));
    let (one, zero) = (_mm512_set1_epi16(1), _mm512_setzero_si512());
    // The first symbol of four goes to the top of a word.
    let turn = _mm512_broadcast_i32x4(_mm_setr_epi8(
        3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
    ));
    let mut done = 0;
    // Here what is pending are the lowest bits.
    let (mut at, mut count) = (to.at, to.count);
    let mut pending = to.pending.rotate_left(count as u32);
    for round in symbols.as_chunks::<ROUND>().0 {
        let Some(window) = to.bytes.get_mut(at..at + ROUND_LEN) else {
            break;
        };
        let symbols = _mm512_shuffle_epi8(load_bytes(round), turn);
        let upper = _mm512_movepi8_mask(symbols);
        let [low, high, lengths] =
            [&low, &high, &lengths].map(|table| look_up(table, symbols, upper));
        let mask = |lengths| _mm512_sub_epi16(_mm512_sllv_epi16(one, lengths), one);
        let bits = in_order(
            _mm512_unpacklo_epi8(low, high),
            _mm512_unpackhi_epi8(low, high),
        );
        let masks = in_order(
            mask(_mm512_unpacklo_epi8(lengths, zero)),
            mask(_mm512_unpackhi_epi8(lengths, zero)),
        );
        let mut within = 0;
        let mut put = |bits: u64, len: u64| {
            pending = pending << len | bits;
            count += len;
            let word = pending << (count.wrapping_neg() % 64);
            // SAFETY: codes have at most 11 bits, so that `within` grows to (7 + 64 * 11) / 8 bytes, 88,
            // and 8 bytes from there on end within the window's 97.
            #[allow(unsafe_code)]
            unsafe {
                let to = window.as_mut_ptr().add(within);
                to.cast::<[u8; 8]>().write(word.to_be_bytes());
            }
            within += count as usize / 8;
            count %= 8;
        };
        let pairs = bits.as_chunks::<2>().0.iter().zip(masks.as_chunks::<2>().0);
        for (&[a, b], &[mask_a, mask_b]) in pairs {
            let (a, b) = (_pext_u64(a, mask_a), _pext_u64(b, mask_b));
            let len_a = u64::from(mask_a.count_ones());
            let len_b = u64::from(mask_b.count_ones());
            // Few codes are so long that two groups do not fit beside 7 bits.
            if len_a + len_b <= MAX_PUT {
                put(a << len_b | b, len_a + len_b);
            } else {
                put(a, len_a);
                put(b, len_b);
            }
        }
        at += within;
        done += ROUND;
    }
    let pending = pending & ((1 << count) - 1);
    (to.at, to.pending, to.count) = (at, pending.rotate_right(count as u32), count);
    done
}

/// The words of two vectors in the order of their symbols: each quarter of one has the lower two groups
/// of 16 symbols, that of the other the upper two.
#[inline]
#[target_feature(enable = "avx512f")]
fn in_order(lower: __m512i, upper: __m512i) -> [u64; GROUPS] {
    let first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    let last = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    let mut words = [0; GROUPS];
    // SAFETY: they are twice 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        let to: *mut u64 = words.as_mut_ptr();
        _mm512_storeu_si512(to.cast(), _mm512_permutex2var_epi64(lower, first, upper));
        _mm512_storeu_si512(
            to.add(8).cast(),
            _mm512_permutex2var_epi64(lower, last, upper),
        );
    }
    words
}

/// The table's entry for each byte; `upper` are those from 128 on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn look_up(table: &[__m512i; 4], bytes: __m512i, upper: __mmask64) -> __m512i {
    let below = _mm512_permutex2var_epi8(table[0], bytes, table[1]);
    let above = _mm512_permutex2var_epi8(table[2], bytes, table[3]);
    _mm512_mask_blend_epi8(upper, below, above)
}
