//! Bits spread and gathered by a mask, for machines without an instruction for it.

/// A mask of more ones takes less time in steps that move many bits at once than bit by bit.
const MANY: u32 = 20;
/// Steps that move bits by 1, 2, 4 and so on.
const STEPS: usize = 6;

/// Puts the lowest bits, one after the other, where the mask has ones.
#[inline(always)]
pub(super) fn deposit(bits: u64, mask: u64) -> u64 {
    if mask.count_ones() > MANY {
        deposit_in_steps(bits, mask)
    } else {
        deposit_each(bits, mask)
    }
}

/// Takes the bits where the mask has ones, and puts them together at the lowest end.
#[inline(always)]
pub(super) fn extract(bits: u64, mask: u64) -> u64 {
    if mask.count_ones() > MANY {
        extract_in_steps(bits, mask)
    } else {
        extract_each(bits, mask)
    }
}

#[inline(always)]
fn deposit_each(mut bits: u64, mut mask: u64) -> u64 {
    let mut out = 0;
    while mask != 0 {
        let lowest = mask & mask.wrapping_neg();
        out |= lowest & (bits & 1).wrapping_neg();
        bits >>= 1;
        mask ^= lowest;
    }
    out
}

#[inline(always)]
fn extract_each(bits: u64, mut mask: u64) -> u64 {
    let (mut out, mut at) = (0, 0);
    while mask != 0 {
        let lowest = mask & mask.wrapping_neg();
        out |= u64::from(bits & lowest != 0) << at;
        at += 1;
        mask ^= lowest;
    }
    out
}

/// By step, the bits that it moves, where they are before an extraction's step.
#[inline(always)]
fn moves(mut mask: u64) -> [u64; STEPS] {
    // What is below a bit and not in the mask, from above its lowest bit on: how far bits have to move.
    let mut holes = !mask << 1;
    std::array::from_fn(|step| {
        // Where the number of holes below is odd.
        let mut odd = holes;
        for shift in 0..STEPS {
            odd ^= odd << (1 << shift);
        }
        let moving = odd & mask;
        mask = (mask ^ moving) | moving >> (1 << step);
        holes &= !odd;
        moving
    })
}

#[inline(always)]
fn deposit_in_steps(bits: u64, mask: u64) -> u64 {
    let moves = moves(mask);
    let spread = (0..STEPS).rev().fold(bits, |bits, step| {
        let moved = bits << (1 << step);
        (bits & !moves[step]) | (moved & moves[step])
    });
    spread & mask
}

#[inline(always)]
fn extract_in_steps(bits: u64, mask: u64) -> u64 {
    let moves = moves(mask);
    (0..STEPS).fold(bits & mask, |bits, step| {
        let moving = bits & moves[step];
        (bits ^ moving) | moving >> (1 << step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_do_what_is_done_bit_by_bit() {
        let mut noise = vec![0; 16 * 500];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        for pair in noise.as_chunks::<16>().0 {
            let [bits, mask] =
                [0, 8].map(|at| u64::from_le_bytes(std::array::from_fn(|i| pair[at + i])));
            for mask in [mask, 0, u64::MAX, mask & bits, mask | bits] {
                assert_eq!(deposit_in_steps(bits, mask), deposit_each(bits, mask));
                assert_eq!(extract_in_steps(bits, mask), extract_each(bits, mask));
            }
        }
    }
}
