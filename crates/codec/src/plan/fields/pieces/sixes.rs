//! Quants of 6 bits: nibbles as they are; of the upper 2 bits whether they differ, which tells the quants near
//! the middle from the others; and their upper one.

#[inline(always)]
pub(super) fn take(blocks: &[u8], dense: &mut [u8], plain: &mut [u8]) {
    let to = dense.as_chunks_mut::<64>().0.iter_mut();
    let to = to.zip(plain.as_chunks_mut::<160>().0);
    for (block, (dense, plain)) in blocks.as_chunks::<210>().0.iter().zip(to) {
        let [mut first, mut second] = [[0; 32]; 2];
        first.copy_from_slice(&block[128..160]);
        second.copy_from_slice(&block[160..192]);
        let mut upper = [0; 32];
        for i in 0..32 {
            upper[i] = first[i] >> 1 & 0x55 | second[i] & 0xaa;
            first[i] = (first[i] ^ first[i] >> 1) & 0x55;
            second[i] = (second[i] ^ second[i] >> 1) & 0x55;
        }
        dense[..32].copy_from_slice(&first);
        dense[32..].copy_from_slice(&second);
        plain[..128].copy_from_slice(&block[..128]);
        plain[128..].copy_from_slice(&upper);
    }
}

#[inline(always)]
pub(super) fn put(dense: &[u8], plain: &[u8], scales: &[u16], blocks: &mut [u8]) {
    let from = dense.as_chunks::<64>().0.iter();
    let from = from.zip(plain.as_chunks::<160>().0).zip(scales);
    for (block, ((dense, plain), scale)) in blocks.as_chunks_mut::<210>().0.iter_mut().zip(from) {
        block[208..].copy_from_slice(&scale.to_le_bytes());
        block[..128].copy_from_slice(&plain[..128]);
        let [mut first, mut second, mut upper] = [[0; 32]; 3];
        first.copy_from_slice(&dense[..32]);
        second.copy_from_slice(&dense[32..]);
        upper.copy_from_slice(&plain[128..]);
        for i in 0..32 {
            let [even, odd] = [upper[i] & 0x55, upper[i] & 0xaa];
            first[i] = even << 1 | (even ^ first[i]) & 0x55;
            second[i] = odd | (odd >> 1 ^ second[i]) & 0x55;
        }
        block[128..160].copy_from_slice(&first);
        block[160..192].copy_from_slice(&second);
    }
}
