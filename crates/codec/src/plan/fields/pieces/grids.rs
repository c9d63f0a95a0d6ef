//! Indices of grids by themselves; beside them what is nearly as good as random: signs, and indices' upper bits.

use crate::plan::fields::kind::Grid;

#[inline(always)]
pub(super) fn take(grid: Grid, blocks: &[u8], dense: &mut [u8], plain: &mut [u8]) {
    match grid {
        Grid::Twos => take_each(blocks, dense, plain, |block: &[u8; 66], dense, plain| {
            for (i, run) in block[2..].as_chunks::<8>().0.iter().enumerate() {
                let (dense, plain): (&mut [u8; 32], &mut [u8; 24]) = (dense, plain);
                dense[4 * i..][..4].copy_from_slice(&run[..4]);
                plain[3 * i..][..3].copy_from_slice(&run[4..7]);
            }
        }),
        Grid::TwosInWords => take_each(blocks, dense, plain, |block: &[u8; 74], dense, plain| {
            *dense = std::array::from_fn::<_, 32, _>(|i| block[2 + 2 * i]);
            *plain = std::array::from_fn::<_, 32, _>(|i| block[3 + 2 * i]);
        }),
        Grid::Threes => take_each(blocks, dense, plain, |block: &[u8; 98], dense, plain| {
            *dense = std::array::from_fn::<_, 64, _>(|i| block[2 + i]);
            *plain = std::array::from_fn::<_, 24, _>(|i| block[66 + i / 3 * 4 + i % 3]);
        }),
        Grid::Ones => take_each(blocks, dense, plain, |block: &[u8; 50], dense, plain| {
            *dense = std::array::from_fn::<_, 32, _>(|i| block[2 + i]);
            *plain = std::array::from_fn::<_, 8, _>(|i| block[34 + 2 * i]);
        }),
        Grid::OnesByHalves => take_each(blocks, dense, plain, |block: &[u8; 56], dense, plain| {
            *dense = std::array::from_fn::<_, 32, _>(|i| block[i]);
            *plain = std::array::from_fn::<_, 16, _>(|i| block[32 + i]);
        }),
    }
}

#[inline(always)]
fn take_each<const UNIT: usize, const DENSE: usize, const PLAIN: usize>(
    blocks: &[u8],
    dense: &mut [u8],
    plain: &mut [u8],
    one: impl Fn(&[u8; UNIT], &mut [u8; DENSE], &mut [u8; PLAIN]),
) {
    let to = dense.as_chunks_mut::<DENSE>().0.iter_mut();
    let to = to.zip(plain.as_chunks_mut::<PLAIN>().0);
    for (block, (dense, plain)) in blocks.as_chunks::<UNIT>().0.iter().zip(to) {
        one(block, dense, plain);
    }
}

#[inline(always)]
pub(super) fn put(grid: Grid, dense: &[u8], plain: &[u8], scales: &[u16], blocks: &mut [u8]) {
    match grid {
        Grid::Twos => put_each(
            dense,
            plain,
            scales,
            blocks,
            |dense: &[u8; 32], plain: &[u8; 24], scale, block: &mut [u8; 66]| {
                block[..2].copy_from_slice(&scale);
                for (i, run) in block[2..].as_chunks_mut::<8>().0.iter_mut().enumerate() {
                    run[..4].copy_from_slice(&dense[4 * i..][..4]);
                    run[4..7].copy_from_slice(&plain[3 * i..][..3]);
                }
            },
        ),
        Grid::TwosInWords => put_each(
            dense,
            plain,
            scales,
            blocks,
            |dense: &[u8; 32], plain: &[u8; 32], scale, block: &mut [u8; 74]| {
                block[..2].copy_from_slice(&scale);
                for i in 0..32 {
                    block[2 + 2 * i] = dense[i];
                    block[3 + 2 * i] = plain[i];
                }
            },
        ),
        Grid::Threes => put_each(
            dense,
            plain,
            scales,
            blocks,
            |dense: &[u8; 64], plain: &[u8; 24], scale, block: &mut [u8; 98]| {
                block[..2].copy_from_slice(&scale);
                block[2..66].copy_from_slice(dense);
                for i in 0..24 {
                    block[66 + i / 3 * 4 + i % 3] = plain[i];
                }
            },
        ),
        Grid::Ones => put_each(
            dense,
            plain,
            scales,
            blocks,
            |dense: &[u8; 32], plain: &[u8; 8], scale, block: &mut [u8; 50]| {
                block[..2].copy_from_slice(&scale);
                block[2..34].copy_from_slice(dense);
                for i in 0..8 {
                    block[34 + 2 * i] = plain[i];
                }
            },
        ),
        Grid::OnesByHalves => put_each(
            dense,
            plain,
            scales,
            blocks,
            |dense: &[u8; 32], plain: &[u8; 16], scale, block: &mut [u8; 56]| {
                block[..32].copy_from_slice(dense);
                block[32..48].copy_from_slice(plain);
                put_nibbles(scale, block);
            },
        ),
    }
}

#[inline(always)]
fn put_each<const UNIT: usize, const DENSE: usize, const PLAIN: usize>(
    dense: &[u8],
    plain: &[u8],
    scales: &[u16],
    blocks: &mut [u8],
    one: impl Fn(&[u8; DENSE], &[u8; PLAIN], [u8; 2], &mut [u8; UNIT]),
) {
    let from = dense.as_chunks::<DENSE>().0.iter();
    let from = from.zip(plain.as_chunks::<PLAIN>().0).zip(scales);
    for (block, ((dense, plain), scale)) in blocks.as_chunks_mut::<UNIT>().0.iter_mut().zip(from) {
        one(dense, plain, scale.to_le_bytes(), block);
    }
}

/// Halves of which each of the last 4 words has a nibble at its top.
#[inline(always)]
pub(super) fn take_nibbles(blocks: &[u8], scales: &mut [u16]) {
    for (to, block) in scales.iter_mut().zip(blocks.as_chunks::<56>().0) {
        let [a, b, c, d] = [49, 51, 53, 55].map(|at| block[at] >> 4);
        *to = u16::from_le_bytes([a | b << 4, c | d << 4]);
    }
}

/// The rest of those words comes later.
#[inline(always)]
fn put_nibbles([low, high]: [u8; 2], block: &mut [u8; 56]) {
    let nibbles = [low << 4, low & 0xf0, high << 4, high & 0xf0];
    for (at, nibble) in [49, 51, 53, 55].into_iter().zip(nibbles) {
        block[at] = nibble;
    }
}
