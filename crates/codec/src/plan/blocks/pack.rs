//! Blocks to fields and back.

use super::kind::{Fields, Form, Kind};
use super::{direct, upper};
use crate::Dtype;
use crate::cpu::at_best;

at_best! {
    /// Takes whole blocks apart.
    pub(super) fn unpack(kind: &Kind, blocks: &[u8], fields: &mut Fields) = unpack_all
}

at_best! {
    /// Takes the halves of whole blocks, and nothing else.
    pub(super) fn unpack_halves(kind: &Kind, blocks: &[u8], fields: &mut Fields) = halves
}

at_best! {
    /// Puts blocks together. Of a quant only the bits that it has count.
    pub(super) fn pack(kind: &Kind, fields: &mut Fields, blocks: &mut [u8]) = pack_all
}

/// Where the parts of a simple block, of 32 quants, are.
struct Simple {
    halves: usize,
    high: bool,
}

impl Simple {
    #[inline(always)]
    fn quants(&self) -> usize {
        2 * self.halves + if self.high { 4 } else { 0 }
    }
}

#[inline(always)]
fn params(kind: &Kind, blocks: &[u8], fields: &mut Fields) {
    fields.resize(kind, blocks.len() / kind.unit, false);
    match kind.dtype {
        Dtype::GgmlQ4K | Dtype::GgmlQ5K => {
            for (i, block) in blocks.chunks_exact(kind.unit).enumerate() {
                unpack_sixes(i, &block[4..16], fields);
            }
        }
        Dtype::GgmlQ6K => {
            let scales = fields.subs[0].as_chunks_mut::<16>().0;
            for (block, scales) in blocks.chunks_exact(kind.unit).zip(scales) {
                unpack_signed(&block[192..208], scales);
            }
        }
        _ => {}
    }
    halves(kind, blocks, fields);
}

#[inline(always)]
fn halves(kind: &Kind, blocks: &[u8], fields: &mut Fields) {
    let at = if kind.dtype == Dtype::GgmlQ6K { 208 } else { 0 };
    for (i, to) in fields.halves[..kind.halves].iter_mut().enumerate() {
        to.resize(blocks.len() / kind.unit, 0);
        for (to, block) in to.iter_mut().zip(blocks.chunks_exact(kind.unit)) {
            *to = half(&block[at + 2 * i..]);
        }
    }
}

#[inline(always)]
fn unpack_all(kind: &Kind, blocks: &[u8], fields: &mut Fields) {
    params(kind, blocks, fields);
    fields.resize(kind, blocks.len() / kind.unit, true);
    if kind.form == Form::Upper {
        if direct::split(kind, blocks, &mut fields.quants, &mut fields.low) {
            return;
        }
        let number = blocks.len() / kind.unit * kind.dtype.block_elements() as usize;
        std::mem::swap(&mut fields.quants, &mut fields.whole);
        fields.quants.resize(number, 0);
        unpack_quants(kind, blocks, fields);
        std::mem::swap(&mut fields.quants, &mut fields.whole);
        upper::split(kind, &fields.whole, &mut fields.quants, &mut fields.low);
    } else {
        unpack_quants(kind, blocks, fields);
    }
}

/// The quants as the block has them, of which none or pairs are a symbol.
#[inline(always)]
fn unpack_quants(kind: &Kind, blocks: &[u8], fields: &mut Fields) {
    match (kind.dtype, kind.form == Form::Pairs) {
        (Dtype::GgmlQ4_1, false) => unpack_simple::<20>(Simple::new(2, false), blocks, fields),
        (Dtype::GgmlQ5_0, false) => unpack_simple::<22>(Simple::new(1, true), blocks, fields),
        (Dtype::GgmlQ5_1, false) => unpack_simple::<24>(Simple::new(2, true), blocks, fields),
        (Dtype::GgmlQ8_0, false) => unpack_bytes(blocks, fields),
        (Dtype::GgmlQ4K, false) => unpack_k::<144>(false, blocks, fields),
        (Dtype::GgmlQ5K, false) => unpack_k::<176>(true, blocks, fields),
        (Dtype::GgmlQ6K, false) => unpack_six(blocks, fields),
        (Dtype::GgmlQ4_1, true) => unpack_pairs::<20>(blocks, fields),
        (_, true) => unpack_pairs::<18>(blocks, fields),
        _ => unpack_simple::<18>(Simple::new(1, false), blocks, fields),
    }
}

#[inline(always)]
fn pack_all(kind: &Kind, fields: &mut Fields, blocks: &mut [u8]) {
    if kind.form == Form::Upper {
        if direct::merge(kind, &fields.quants, &fields.low, blocks) {
            return pack_params(kind, fields, blocks);
        }
        let number = blocks.len() / kind.unit * kind.dtype.block_elements() as usize;
        fields.whole.resize(number, 0);
        upper::merge(kind, &fields.quants, &fields.low, &mut fields.whole);
        std::mem::swap(&mut fields.quants, &mut fields.whole);
        pack_quants(kind, fields, blocks);
        std::mem::swap(&mut fields.quants, &mut fields.whole);
    } else {
        pack_quants(kind, fields, blocks);
    }
}

#[inline(always)]
fn pack_quants(kind: &Kind, fields: &Fields, blocks: &mut [u8]) {
    match (kind.dtype, kind.form == Form::Pairs) {
        (Dtype::GgmlQ4_1, false) => pack_simple::<20>(Simple::new(2, false), fields, blocks),
        (Dtype::GgmlQ5_0, false) => pack_simple::<22>(Simple::new(1, true), fields, blocks),
        (Dtype::GgmlQ5_1, false) => pack_simple::<24>(Simple::new(2, true), fields, blocks),
        (Dtype::GgmlQ8_0, false) => pack_bytes(fields, blocks),
        (Dtype::GgmlQ4K, false) => pack_k::<144>(false, fields, blocks),
        (Dtype::GgmlQ5K, false) => pack_k::<176>(true, fields, blocks),
        (Dtype::GgmlQ6K, false) => pack_six(fields, blocks),
        (Dtype::GgmlQ4_1, true) => pack_pairs::<20>(fields, blocks),
        (_, true) => pack_pairs::<18>(fields, blocks),
        _ => pack_simple::<18>(Simple::new(1, false), fields, blocks),
    }
}

impl Simple {
    #[inline(always)]
    fn new(halves: usize, high: bool) -> Simple {
        Simple { halves, high }
    }
}

#[inline(always)]
fn half(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// Halves; perhaps the quants' fifth bits; nibbles, of which the upper ones are the second half.
#[inline(always)]
fn unpack_simple<const UNIT: usize>(simple: Simple, blocks: &[u8], fields: &mut Fields) {
    let at = simple.quants();
    let quants = fields.quants.as_chunks_mut::<32>().0;
    for (block, to) in blocks.as_chunks::<UNIT>().0.iter().zip(quants) {
        let nibbles: &[u8] = &block[at..at + 16];
        for j in 0..16 {
            to[j] = nibbles[j] & 15;
            to[j + 16] = nibbles[j] >> 4;
        }
        if simple.high {
            let high = &block[at - 4..at];
            for j in 0..32 {
                to[j] |= (high[j / 8] >> (j % 8) & 1) << 4;
            }
        }
    }
}

#[inline(always)]
fn pack_simple<const UNIT: usize>(simple: Simple, fields: &Fields, blocks: &mut [u8]) {
    let at = simple.quants();
    let quants = fields.quants.as_chunks::<32>().0;
    let blocks = blocks.as_chunks_mut::<UNIT>().0;
    for (i, (block, from)) in blocks.iter_mut().zip(quants).enumerate() {
        block[..2].copy_from_slice(&fields.halves[0][i].to_le_bytes());
        if simple.halves == 2 {
            block[2..4].copy_from_slice(&fields.halves[1][i].to_le_bytes());
        }
        let nibbles: &mut [u8] = &mut block[at..at + 16];
        for j in 0..16 {
            nibbles[j] = from[j] & 15 | from[j + 16] << 4;
        }
        if simple.high {
            let mut bits = 0u32;
            for (j, quant) in from.iter().enumerate() {
                bits |= u32::from(quant >> 4 & 1) << j;
            }
            block[at - 4..at].copy_from_slice(&bits.to_le_bytes());
        }
    }
}

/// The nibbles of a block, two at a time.
#[inline(always)]
fn unpack_pairs<const UNIT: usize>(blocks: &[u8], fields: &mut Fields) {
    let pairs = fields.quants.as_chunks_mut::<16>().0;
    for (block, to) in blocks.as_chunks::<UNIT>().0.iter().zip(pairs) {
        to.copy_from_slice(&block[UNIT - 16..]);
    }
}

#[inline(always)]
fn pack_pairs<const UNIT: usize>(fields: &Fields, blocks: &mut [u8]) {
    let pairs = fields.quants.as_chunks::<16>().0;
    let blocks = blocks.as_chunks_mut::<UNIT>().0;
    for (i, (block, from)) in blocks.iter_mut().zip(pairs).enumerate() {
        block[..2].copy_from_slice(&fields.halves[0][i].to_le_bytes());
        if UNIT == 20 {
            block[2..4].copy_from_slice(&fields.halves[1][i].to_le_bytes());
        }
        block[UNIT - 16..].copy_from_slice(from);
    }
}

/// A half and 32 signed bytes, which are moved up to be positive.
#[inline(always)]
fn unpack_bytes(blocks: &[u8], fields: &mut Fields) {
    let quants = fields.quants.as_chunks_mut::<32>().0;
    let blocks = blocks.as_chunks::<34>().0;
    for (block, to) in blocks.iter().zip(quants) {
        for (to, byte) in to.iter_mut().zip(&block[2..]) {
            *to = byte ^ 0x80;
        }
    }
}

#[inline(always)]
fn pack_bytes(fields: &Fields, blocks: &mut [u8]) {
    let quants = fields.quants.as_chunks::<32>().0;
    let blocks = blocks.as_chunks_mut::<34>().0;
    for ((block, from), scale) in blocks.iter_mut().zip(quants).zip(&fields.halves[0]) {
        block[..2].copy_from_slice(&scale.to_le_bytes());
        for (to, quant) in block[2..].iter_mut().zip(from) {
            *to = quant ^ 0x80;
        }
    }
}

/// Two halves; 8 scales and 8 minimums of 6 bits; perhaps the quants' fifth bits; for each two groups
/// 32 bytes, of which the low nibbles are the first group.
#[inline(always)]
fn unpack_k<const UNIT: usize>(high: bool, blocks: &[u8], fields: &mut Fields) {
    let quants = fields.quants.as_chunks_mut::<256>().0;
    for (block, to) in blocks.as_chunks::<UNIT>().0.iter().zip(quants) {
        let nibbles: &[u8] = &block[UNIT - 128..];
        let fifths: &[u8] = &block[16..48];
        for pair in 0..4 {
            for j in 0..32 {
                let both = nibbles[32 * pair + j];
                to[64 * pair + j] = both & 15;
                to[64 * pair + 32 + j] = both >> 4;
                if high {
                    to[64 * pair + j] |= (fifths[j] >> (2 * pair) & 1) << 4;
                    to[64 * pair + 32 + j] |= (fifths[j] >> (2 * pair + 1) & 1) << 4;
                }
            }
        }
    }
}

/// What is before the quants of `q4_0`, `q4_1`, `q8_0`, `q4_k` and the like.
#[inline(always)]
fn pack_params(kind: &Kind, fields: &Fields, blocks: &mut [u8]) {
    for (i, block) in blocks.chunks_exact_mut(kind.unit).enumerate() {
        block[..2].copy_from_slice(&fields.halves[0][i].to_le_bytes());
        if kind.halves == 2 {
            block[2..4].copy_from_slice(&fields.halves[1][i].to_le_bytes());
        }
        if kind.subs == 2 {
            pack_sixes(i, fields, &mut block[4..16]);
        }
    }
}

#[inline(always)]
fn pack_sixes(i: usize, fields: &Fields, packed: &mut [u8]) {
    for j in 0..4 {
        let [low, high] = [0, 4].map(|k| fields.subs[0][8 * i + j + k] & 63);
        let [low_minimum, high_minimum] = [0, 4].map(|k| fields.subs[1][8 * i + j + k] & 63);
        packed[j] = low | high >> 4 << 6;
        packed[4 + j] = low_minimum | high_minimum >> 4 << 6;
        packed[8 + j] = high & 15 | high_minimum << 4;
    }
}

/// The scales and minimums of block `i`.
#[inline(always)]
fn unpack_sixes(i: usize, packed: &[u8], fields: &mut Fields) {
    for j in 0..4 {
        let (scale, minimum, both) = (packed[j], packed[j + 4], packed[j + 8]);
        fields.subs[0][8 * i + j] = scale & 63;
        fields.subs[1][8 * i + j] = minimum & 63;
        fields.subs[0][8 * i + j + 4] = both & 15 | scale >> 6 << 4;
        fields.subs[1][8 * i + j + 4] = both >> 4 | minimum >> 6 << 4;
    }
}

#[inline(always)]
fn pack_k<const UNIT: usize>(high: bool, fields: &Fields, blocks: &mut [u8]) {
    let quants = fields.quants.as_chunks::<256>().0;
    let blocks = blocks.as_chunks_mut::<UNIT>().0;
    for (i, (block, from)) in blocks.iter_mut().zip(quants).enumerate() {
        block[..2].copy_from_slice(&fields.halves[0][i].to_le_bytes());
        block[2..4].copy_from_slice(&fields.halves[1][i].to_le_bytes());
        pack_sixes(i, fields, &mut block[4..16]);
        for pair in 0..4 {
            let (low, high) = from[64 * pair..64 * pair + 64].split_at(32);
            let nibbles: &mut [u8] = &mut block[UNIT - 128 + 32 * pair..][..32];
            for j in 0..32 {
                nibbles[j] = low[j] & 15 | high[j] << 4;
            }
        }
        if high {
            let fifths: &mut [u8] = &mut block[16..48];
            for j in 0..32 {
                let mut bits = 0;
                for group in 0..8 {
                    bits |= (from[32 * group + j] >> 4 & 1) << group;
                }
                fifths[j] = bits;
            }
        }
    }
}

/// Nibbles; the upper 2 bits; 16 signed scales, which are moved up to be positive; a half. Each 128
/// quants have 64 bytes of nibbles and 32 of upper bits.
#[inline(always)]
fn unpack_six(blocks: &[u8], fields: &mut Fields) {
    let quants = fields.quants.as_chunks_mut::<256>().0;
    for (block, to) in blocks.as_chunks::<210>().0.iter().zip(quants) {
        for (part, to) in to.as_chunks_mut::<128>().0.iter_mut().enumerate() {
            let nibbles: &[u8] = &block[64 * part..64 * part + 64];
            let upper: &[u8] = &block[128 + 32 * part..160 + 32 * part];
            for j in 0..32 {
                to[j] = nibbles[j] & 15 | (upper[j] & 3) << 4;
                to[j + 32] = nibbles[j + 32] & 15 | (upper[j] >> 2 & 3) << 4;
                to[j + 64] = nibbles[j] >> 4 | (upper[j] >> 4 & 3) << 4;
                to[j + 96] = nibbles[j + 32] >> 4 | upper[j] >> 6 << 4;
            }
        }
    }
}

#[inline(always)]
fn unpack_signed(bytes: &[u8], to: &mut [u8]) {
    for (to, byte) in to.iter_mut().zip(bytes) {
        *to = byte ^ 0x80;
    }
}

#[inline(always)]
fn pack_six(fields: &Fields, blocks: &mut [u8]) {
    let quants = fields.quants.as_chunks::<256>().0;
    let scales = fields.subs[0].as_chunks::<16>().0;
    let blocks = blocks.as_chunks_mut::<210>().0;
    for (((block, from), scales), scale) in
        (blocks.iter_mut().zip(quants).zip(scales)).zip(&fields.halves[0])
    {
        for (part, from) in from.as_chunks::<128>().0.iter().enumerate() {
            let nibbles: &mut [u8] = &mut block[64 * part..64 * part + 64];
            for j in 0..32 {
                nibbles[j] = from[j] & 15 | from[j + 64] << 4;
                nibbles[j + 32] = from[j + 32] & 15 | from[j + 96] << 4;
            }
            let upper: &mut [u8] = &mut block[128 + 32 * part..160 + 32 * part];
            for j in 0..32 {
                let [a, b, c, d] = [0, 32, 64, 96].map(|k| from[j + k] >> 4 & 3);
                upper[j] = a | b << 2 | c << 4 | d << 6;
            }
        }
        for (to, scale) in block[192..208].iter_mut().zip(scales) {
            *to = scale ^ 0x80;
        }
        block[208..].copy_from_slice(&scale.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back() {
        let kinds = Dtype::ALL.iter().filter_map(|dtype| Kind::of(*dtype));
        for kind in kinds.flat_map(|kind| [kind, kind.upper()].into_iter().chain(kind.paired())) {
            let mut blocks = vec![0; 37 * kind.unit];
            let mut hasher = blake3::Hasher::new();
            hasher.update(kind.dtype.name().as_bytes());
            hasher.finalize_xof().fill(&mut blocks);
            let mut fields = Fields::default();
            unpack(&kind, &blocks, &mut fields);
            let most = fields.quants.iter().max().copied();
            assert_eq!(most.map(|most| most >> (kind.bits - 1)), Some(1));
            let mut halves = Fields::default();
            unpack_halves(&kind, &blocks, &mut halves);
            assert_eq!(halves.halves, fields.halves);
            let mut back = vec![0; blocks.len()];
            pack(&kind, &mut fields, &mut back);
            assert!(back == blocks, "{}", kind.dtype.name());
        }
    }
}
