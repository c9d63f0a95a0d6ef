//! Blocks of a head and quants from vectors of either: a vector of blocks has the heads and the quants that follow
//! each other there, which are in one vector of heads and in two of quants.

use std::arch::x86_64::*;

use crate::coder::vectors::load_bytes;

/// Bytes of a vector.
const LEN: usize = 64;

/// Where the bytes of a vector of blocks are from.
pub(super) struct Lace {
    /// The first vector of quants.
    first: usize,
    /// Places in that and in the one after it.
    quants: [u8; LEN],
    /// Which bytes are of heads, the first vector of those, and places in that and in the one after it.
    of_heads: u64,
    first_head: usize,
    heads: [u8; LEN],
}

/// So many vectors of blocks of so many bytes, which begin with a head.
pub(super) const fn laces<const OUT: usize>(unit: usize, head: usize) -> [Lace; OUT] {
    let mut laces = [const {
        Lace {
            first: 0,
            quants: [0; LEN],
            of_heads: 0,
            first_head: 0,
            heads: [0; LEN],
        }
    }; OUT];
    let mut out = 0;
    while out < OUT {
        laces[out] = Lace::new(out * LEN, unit, head);
        out += 1;
    }
    laces
}

impl Lace {
    /// Of the vector that begins at a byte of blocks.
    const fn new(start: usize, unit: usize, head: usize) -> Lace {
        // The first byte may be a head's: then the quants begin after that.
        let first = start / unit * (unit - head) + (start % unit).saturating_sub(head);
        let mut lace = Lace {
            first: first / LEN,
            quants: [0; LEN],
            of_heads: 0,
            first_head: start / unit * head / LEN,
            heads: [0; LEN],
        };
        let mut at = 0;
        while at < LEN {
            let (block, within) = ((start + at) / unit, (start + at) % unit);
            if within < head {
                lace.of_heads |= 1 << at;
                lace.heads[at] = (block * head + within - lace.first_head * LEN) as u8;
            } else {
                let quant = block * (unit - head) + within - head;
                lace.quants[at] = (quant - lace.first * LEN) as u8;
            }
            at += 1;
        }
        lace
    }

    /// The vector of blocks.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub(super) fn vector<const QUANTS: usize, const HEADS: usize>(
        &self,
        quants: &[__m512i; QUANTS],
        heads: &[__m512i; HEADS],
    ) -> __m512i {
        let next = quants[(self.first + 1).min(QUANTS - 1)];
        let quants = _mm512_permutex2var_epi8(quants[self.first], load_bytes(&self.quants), next);
        let (places, first) = (load_bytes(&self.heads), heads[self.first_head]);
        match heads.get(self.first_head + 1) {
            None => _mm512_mask_permutexvar_epi8(quants, self.of_heads, places, first),
            Some(next) => {
                let heads = _mm512_permutex2var_epi8(first, places, *next);
                _mm512_mask_mov_epi8(quants, self.of_heads, heads)
            }
        }
    }
}
