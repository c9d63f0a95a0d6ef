//! Blocks of a head and quants from vectors of either: a vector of blocks has the heads and the quants that follow
//! each other there, which are in one vector of heads and in two of quants.

use std::arch::x86_64::*;

use crate::coder::vectors::load_bytes;

/// Bytes of a vector.
const LEN: usize = 64;

/// Where the bytes of so many vectors of blocks are from.
pub(super) struct Lace<const OUT: usize> {
    /// The first vector of quants.
    first: [usize; OUT],
    /// Places in that and in the one after it.
    quants: [[u8; LEN]; OUT],
    /// Which bytes are of heads, and their places among those.
    of_heads: [u64; OUT],
    heads: [[u8; LEN]; OUT],
}

impl<const OUT: usize> Lace<OUT> {
    /// Of blocks of so many bytes, which begin with a head.
    pub(super) const fn new(unit: usize, head: usize) -> Lace<OUT> {
        let mut lace = Lace {
            first: [0; OUT],
            quants: [[0; LEN]; OUT],
            of_heads: [0; OUT],
            heads: [[0; LEN]; OUT],
        };
        let mut out = 0;
        while out < OUT {
            let start = out * LEN;
            // The first byte may be a head's, and the quants begin after it.
            let before = start / unit * (unit - head);
            let within = start % unit;
            let quant = before + within.saturating_sub(head);
            lace.first[out] = quant / LEN;
            let mut at = 0;
            while at < LEN {
                let (block, within) = ((start + at) / unit, (start + at) % unit);
                if within < head {
                    lace.of_heads[out] |= 1 << at;
                    lace.heads[out][at] = (block * head + within) as u8;
                } else {
                    let quant = block * (unit - head) + within - head;
                    lace.quants[out][at] = (quant - lace.first[out] * LEN) as u8;
                }
                at += 1;
            }
            out += 1;
        }
        lace
    }

    /// The vector of blocks of this number.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub(super) fn vector<const QUANTS: usize>(
        &self,
        number: usize,
        quants: &[__m512i; QUANTS],
        heads: __m512i,
    ) -> __m512i {
        let first = self.first[number];
        let next = quants[(first + 1).min(QUANTS - 1)];
        let places = load_bytes(&self.quants[number]);
        let quants = _mm512_permutex2var_epi8(quants[first], places, next);
        let places = load_bytes(&self.heads[number]);
        _mm512_mask_permutexvar_epi8(quants, self.of_heads[number], places, heads)
    }
}
