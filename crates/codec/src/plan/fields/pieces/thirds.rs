//! Quants of 3 bits: the lower 2 bits as they are, and of the third bits whether they differ from the second, which
//! tells the quants near the middle from the others.

#[inline(always)]
pub(super) fn take(blocks: &[u8], dense: &mut [u8], plain: &mut [u8]) {
    let to = dense.as_chunks_mut::<32>().0.iter_mut();
    let to = to.zip(plain.as_chunks_mut::<64>().0);
    for (block, (dense, plain)) in blocks.as_chunks::<110>().0.iter().zip(to) {
        plain.copy_from_slice(&block[32..96]);
        let mut differ = seconds(plain);
        for (to, third) in differ.iter_mut().zip(&block[..32]) {
            *to ^= third;
        }
        *dense = differ;
    }
}

#[inline(always)]
pub(super) fn put(dense: &[u8], plain: &[u8], scales: &[u16], blocks: &mut [u8]) {
    let from = dense.as_chunks::<32>().0.iter();
    let from = from.zip(plain.as_chunks::<64>().0).zip(scales);
    for (block, ((dense, plain), scale)) in blocks.as_chunks_mut::<110>().0.iter_mut().zip(from) {
        let mut thirds = seconds(plain);
        for (to, differ) in thirds.iter_mut().zip(dense) {
            *to ^= differ;
        }
        block[..32].copy_from_slice(&thirds);
        block[32..96].copy_from_slice(plain);
        block[108..].copy_from_slice(&scale.to_le_bytes());
    }
}

/// The upper ones of both bits, a bit of each byte for each group.
#[inline(always)]
fn seconds(quants: &[u8; 64]) -> [u8; 32] {
    let mut all = [0; 32];
    for (half, quants) in quants.as_chunks::<32>().0.iter().enumerate() {
        for (to, byte) in all.iter_mut().zip(quants) {
            let bits = byte >> 1 & 1 | byte >> 2 & 2 | byte >> 3 & 4 | byte >> 4 & 8;
            *to |= bits << (4 * half);
        }
    }
    all
}
