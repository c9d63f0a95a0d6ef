//! Quants of 2 bits, four groups in a byte: each as the two bits that tell most of it given its group's zero.

use crate::plan::fields::turns::{pairs_back, pairs_turned};

#[inline(always)]
pub(super) fn take(turns: &[u8], blocks: &[u8], dense: &mut [u8]) {
    let (turns, dense) = (turns.as_chunks::<4>().0, dense.as_chunks_mut::<64>().0);
    for (i, block) in blocks.as_chunks::<84>().0.iter().enumerate() {
        // With a way out, so that this is not done for several blocks at once, byte by byte.
        let (Some(to), Some(turns)) = (dense.get_mut(i), turns.get(i)) else {
            break;
        };
        if let Some((quants, _)) = block[16..].split_first_chunk::<64>() {
            *to = pairs_turned(quants, turns);
        }
    }
}

#[inline(always)]
pub(super) fn put(turns: &[u8], dense: &[u8], halves: [&[u16]; 2], blocks: &mut [u8]) {
    let (turns, dense) = (turns.as_chunks::<4>().0, dense.as_chunks::<64>().0);
    let halves = halves[0].iter().zip(halves[1]);
    let blocks = blocks.as_chunks_mut::<84>().0.iter_mut();
    for (i, (block, (scale, minimum))) in blocks.zip(halves).enumerate() {
        let (Some(from), Some(turns)) = (dense.get(i), turns.get(i)) else {
            break;
        };
        block[16..80].copy_from_slice(&pairs_back(from, turns));
        block[80..82].copy_from_slice(&scale.to_le_bytes());
        block[82..].copy_from_slice(&minimum.to_le_bytes());
    }
}
