//! The AVX-512 kernel that puts units together while their last plane is decoded, and takes them into their check.

use std::arch::x86_64::*;

use super::top;
use super::words::Half;
use crate::check::{Check, STEP, TURN};
use crate::coder::rows::{ROW, TILE};
use crate::coder::vectors::{Out, Rows, VECTORS, Wide, load_bytes, load_words, store_words};
use crate::layout::Layout;

/// Bytes of a vector.
const LEN: usize = 64;
/// How many units ahead memory is brought near: as late as will do, since the nearest cache has much to hold.
const AHEAD: usize = 2 * ROW;

/// Where the units of a tile go, with all their planes but the last.
pub(crate) struct Units<'a, const FAR: bool, const OTHERS: usize> {
    half: Half,
    others: [&'a [[u8; LEN]; TILE / LEN]; OTHERS],
    /// What is added to the bytes of the last plane, if anything is.
    moves: Option<&'a [[u8; LEN]; TILE / LEN]>,
    out: Out<'a, FAR>,
    /// What takes them in, if nobody changes them before.
    check: Option<&'a mut Check>,
    /// Whether the check's products are as fast in vectors as one by one.
    sums: bool,
}

impl<'a, const FAR: bool, const OTHERS: usize> Units<'a, FAR, OTHERS> {
    /// Nothing if they are no whole tile.
    pub(crate) fn new(
        layout: Layout,
        others: [&'a [u8]; OTHERS],
        moves: Option<&'a [u8; TILE]>,
        out: Out<'a, FAR>,
        check: Option<&'a mut Check>,
    ) -> Option<Units<'a, FAR, OTHERS>> {
        let mut own = [&[[0; LEN]; TILE / LEN]; OTHERS];
        for (own, bytes) in own.iter_mut().zip(others) {
            *own = bytes.as_chunks().0.try_into().ok()?;
        }
        Some(Units {
            half: top(layout),
            others: own,
            moves: moves.and_then(|moves| moves.as_chunks().0.try_into().ok()),
            out,
            check,
            sums: crate::cpu::multiplies_wide(),
        })
    }
}

impl<const FAR: bool, const OTHERS: usize, const N: usize> Rows<N> for [Units<'_, FAR, OTHERS>; N] {
    #[inline(always)]
    fn rows(&mut self, machine: Wide, row: usize, symbols: &[[[u8; LEN]; VECTORS]; N]) {
        let own = VECTORS * (OTHERS + 1);
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            let order = Order::new();
            let mut sums = self.each_mut().map(|units| match &mut units.check {
                Some(check) => load_words(check.lanes()),
                None => _mm512_setzero_si512(),
            });
            let mut last = self.each_ref().map(|units| units.out.last());
            for t in 0..VECTORS {
                let at = VECTORS * row + t;
                let slots = sums.iter_mut().zip(&mut last);
                for ((units, symbols), (sums, last)) in self.iter_mut().zip(symbols).zip(slots) {
                    let together = units.at(&order, at, load_bytes(&symbols[t]));
                    let from = (OTHERS + 1) * at;
                    let [a, b, c, d] = together;
                    *last = match OTHERS {
                        0 => units.out.put(machine, from, *last, [a], AHEAD),
                        1 => units.out.put(machine, from, *last, [a, b], AHEAD * 2),
                        _ => units.out.put(machine, from, *last, [a, b, c, d], AHEAD * 4),
                    };
                    for vector in &together[..OTHERS + 1] {
                        *sums = absorb(*sums, *vector);
                    }
                }
            }
            for (units, last) in self.iter_mut().zip(last) {
                units.out.keep(last);
            }
            for (units, sums) in self.iter_mut().zip(sums) {
                let Some(check) = &mut units.check else {
                    continue;
                };
                if units.sums {
                    store_words(sums, check.lanes());
                    check.took(own);
                } else {
                    check.absorb(units.out.near()[own * row..][..own].as_flattened());
                }
            }
        }
    }
}

impl<const FAR: bool, const OTHERS: usize> Units<'_, FAR, OTHERS> {
    /// As many units as a vector has symbols.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn at(&self, order: &Order, at: usize, symbols: __m512i) -> [__m512i; 4] {
        let symbols = match self.moves {
            Some(moves) => _mm512_add_epi8(symbols, load_bytes(&moves[at % (TILE / LEN)])),
            None => symbols,
        };
        let others = self
            .others
            .each_ref()
            .map(|plane| load_ahead(plane, at % (TILE / LEN)));
        match *others.as_slice() {
            [low] => {
                let [a, b] = order.two(self.half, low, symbols);
                [a, b, a, b]
            }
            [a, b, low] => order.four(self.half, [a, b, low], symbols),
            _ => [symbols; 4],
        }
    }
}

/// A check's step.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(crate) fn absorb(lanes: __m512i, row: __m512i) -> __m512i {
    let step = _mm512_set1_epi64(STEP as i64);
    _mm512_rol_epi64::<TURN>(_mm512_mullo_epi64(_mm512_xor_si512(lanes, row), step))
}

/// Some bytes of a plane's tile; those of a later row are on their way then.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_ahead(plane: &[[u8; LEN]; TILE / LEN], at: usize) -> __m512i {
    let next = plane.as_ptr().wrapping_add(at + AHEAD / LEN);
    _mm_prefetch::<_MM_HINT_T0>(next.cast());
    load_bytes(&plane[at])
}

/// The places of bytes and words of two vectors that are taken in turns.
struct Order {
    bytes: [__m512i; 2],
    words: [__m512i; 2],
}

impl Order {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new() -> Order {
        const BYTES: [[u8; LEN]; 2] = [turns(0, 1), turns(LEN / 2, 1)];
        const WORDS: [[u8; LEN]; 2] = [turns(0, 2), turns(LEN / 4, 2)];
        Order {
            bytes: [load_bytes(&BYTES[0]), load_bytes(&BYTES[1])],
            words: [load_bytes(&WORDS[0]), load_bytes(&WORDS[1])],
        }
    }

    /// Words of 2 bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn two(&self, half: Half, low: __m512i, high: __m512i) -> [__m512i; 2] {
        let (low, high) = match half {
            Half::Float => float(low, high),
            _ => (low, high),
        };
        let [first, second] = self.bytes;
        [
            _mm512_permutex2var_epi8(low, first, high),
            _mm512_permutex2var_epi8(low, second, high),
        ]
    }

    /// Words of 4 bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn four(&self, half: Half, [a, b, low]: [__m512i; 3], high: __m512i) -> [__m512i; 4] {
        let lower = self.two(Half::Bytes, a, b);
        let upper = self.two(half, low, high);
        let [first, second] = self.words;
        [
            _mm512_permutex2var_epi16(lower[0], first, upper[0]),
            _mm512_permutex2var_epi16(lower[0], second, upper[0]),
            _mm512_permutex2var_epi16(lower[1], first, upper[1]),
            _mm512_permutex2var_epi16(lower[1], second, upper[1]),
        ]
    }
}

/// The bytes of a float's upper half: sign and mantissa, and the exponent between those.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn float(low: __m512i, exponent: __m512i) -> (__m512i, __m512i) {
    // By bits: the first where the mask has ones, else the second.
    const CHOOSE: i32 = 0xca;
    let mantissa = _mm512_set1_epi8(0x7f);
    let (up, down) = (
        _mm512_slli_epi16::<7>(exponent),
        _mm512_srli_epi16::<1>(exponent),
    );
    (
        _mm512_ternarylogic_epi64::<CHOOSE>(mantissa, low, up),
        _mm512_ternarylogic_epi64::<CHOOSE>(mantissa, down, low),
    )
}

/// As a permutation has them: elements of so many bytes, which are numbered on from those of the first vector to
/// those of the second, in turns from both.
const fn turns(from: usize, width: usize) -> [u8; LEN] {
    let (mut order, mut at) = ([0; LEN], 0);
    while at < LEN / width {
        order[at * width] = (from + at / 2 + at % 2 * (LEN / width)) as u8;
        at += 1;
    }
    order
}
