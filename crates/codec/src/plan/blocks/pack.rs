//! Blocks to fields and back.

mod simple;
mod supers;

use simple::*;
use supers::*;

use super::direct;
use super::kind::{Fields, Form, Kind, View};
use crate::Dtype;
use crate::cpu::at_best;

at_best! {
    /// Takes the quants of whole blocks.
    pub(super) fn unpack(kind: &Kind, blocks: &[u8], quants: &mut Vec<u8>) = unpack_all
}

at_best! {
    /// Takes all but the quants of whole blocks.
    pub(super) fn unpack_params(kind: &Kind, blocks: &[u8], fields: &mut Fields) = params
}

at_best! {
    /// Puts blocks together. Of a quant only the bits that it has count.
    pub(super) fn pack(kind: &Kind, fields: View<'_>, blocks: &mut [u8]) = pack_all
}

#[inline(always)]
fn params(kind: &Kind, blocks: &[u8], fields: &mut Fields) {
    fields.resize(kind, blocks.len() / kind.unit);
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
fn unpack_all(kind: &Kind, blocks: &[u8], quants: &mut Vec<u8>) {
    quants.resize(blocks.len() / kind.unit * kind.quants, 0);
    match kind.dtype {
        Dtype::GgmlQ4_1 => unpack_simple::<20>(Simple::new(2, false), blocks, quants),
        Dtype::GgmlQ5_0 => unpack_simple::<22>(Simple::new(1, true), blocks, quants),
        Dtype::GgmlQ5_1 => unpack_simple::<24>(Simple::new(2, true), blocks, quants),
        Dtype::GgmlQ8_0 => unpack_bytes(blocks, quants),
        Dtype::GgmlQ4K => unpack_k::<144>(false, blocks, quants),
        Dtype::GgmlQ5K => unpack_k::<176>(true, blocks, quants),
        Dtype::GgmlQ6K => unpack_six(blocks, quants),
        _ => unpack_simple::<18>(Simple::new(1, false), blocks, quants),
    }
}

#[inline(always)]
fn pack_all(kind: &Kind, fields: View<'_>, blocks: &mut [u8]) {
    if kind.form == Form::Upper {
        direct::merge(kind, fields.quants, fields.low, blocks);
        pack_params(kind, fields, blocks);
    } else {
        pack_quants(kind, fields, blocks);
    }
}

#[inline(always)]
fn pack_quants(kind: &Kind, fields: View<'_>, blocks: &mut [u8]) {
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

#[inline(always)]
fn half(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// What is before the quants, or after them for `q6_k`.
#[inline(always)]
fn pack_params(kind: &Kind, fields: View<'_>, blocks: &mut [u8]) {
    if kind.dtype == Dtype::GgmlQ6K {
        return pack_after_six(fields, blocks);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back() {
        let kinds = Dtype::ALL.iter().filter_map(|dtype| Kind::of(*dtype));
        for kind in kinds {
            let mut blocks = vec![0; 37 * kind.unit];
            let mut hasher = blake3::Hasher::new();
            hasher.update(kind.dtype.name().as_bytes());
            hasher.finalize_xof().fill(&mut blocks);
            let mut fields = Fields::default();
            unpack_params(&kind, &blocks, &mut fields);
            unpack(&kind, &blocks, &mut fields.quants);
            let most = fields.quants.iter().max().copied();
            assert_eq!(most.map(|most| most >> (kind.bits - 1)), Some(1));
            let mut back = vec![0; blocks.len()];
            pack(&kind, fields.view(&kind, 0..37), &mut back);
            assert!(back == blocks, "{}", kind.dtype.name());
        }
    }
}
