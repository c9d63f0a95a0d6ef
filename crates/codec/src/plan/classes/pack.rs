//! Numbers of 1 to 7 bits packed without gaps: number `i` begins at bit `i * bits`, from the lowest
//! bit of the first byte on. Eight of them take `bits` bytes, so that eight are packed at once.

#[cfg(target_arch = "x86_64")]
mod wide;

/// Calls a function for a number of bits that the compiler knows.
macro_rules! for_bits {
    ($bits:expr, $call:ident($($arg:expr),*)) => {
        match $bits {
            1 => $call::<1>($($arg),*),
            2 => $call::<2>($($arg),*),
            3 => $call::<3>($($arg),*),
            4 => $call::<4>($($arg),*),
            5 => $call::<5>($($arg),*),
            6 => $call::<6>($($arg),*),
            _ => $call::<7>($($arg),*),
        }
    };
}

/// How many bytes so many numbers take.
pub(super) fn packed_len(count: usize, bits: usize) -> usize {
    (count * bits).div_ceil(8)
}

/// Packs numbers that are below 2^bits into exactly `out`.
pub(super) fn pack(bits: usize, numbers: &[u8], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(deposits) = Deposits::here() {
        return deposits.pack(bits, numbers, out);
    }
    pack_plainly(bits, numbers, out);
}

/// Unpacks as many numbers as `out` has places.
pub(super) fn unpack(bits: usize, packed: &[u8], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    let (packed, out) = wide::unpack_first(bits, packed, out);
    #[cfg(target_arch = "x86_64")]
    if let Some(deposits) = Deposits::here() {
        return deposits.unpack(bits, packed, out);
    }
    unpack_plainly(bits, packed, out);
}

fn pack_plainly(bits: usize, numbers: &[u8], out: &mut [u8]) {
    for_bits!(bits, pack_by(numbers, out, |word, _| join(bits, word)));
}

fn unpack_plainly(bits: usize, packed: &[u8], out: &mut [u8]) {
    for_bits!(bits, unpack_by(packed, out, |word, _| spread(bits, word)));
}

/// Proof that the machine moves bits to and from the places of a mask in one step.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Deposits(());

#[cfg(target_arch = "x86_64")]
impl Deposits {
    fn here() -> Option<Deposits> {
        let fast = crate::cpu::has_v3() && crate::cpu::deposits_fast();
        fast.then_some(Deposits(()))
    }

    fn pack(self, bits: usize, numbers: &[u8], out: &mut [u8]) {
        #[target_feature(enable = "avx2,bmi1,bmi2")]
        fn better(bits: usize, numbers: &[u8], out: &mut [u8]) {
            use std::arch::x86_64::_pext_u64;
            for_bits!(
                bits,
                pack_by(numbers, out, |word, mask| _pext_u64(word, mask))
            );
        }
        // SAFETY: that there is a `Deposits` says that the machine has these features.
        #[allow(unsafe_code)]
        unsafe {
            better(bits, numbers, out);
        }
    }

    fn unpack(self, bits: usize, packed: &[u8], out: &mut [u8]) {
        #[target_feature(enable = "avx2,bmi1,bmi2")]
        fn better(bits: usize, packed: &[u8], out: &mut [u8]) {
            use std::arch::x86_64::_pdep_u64;
            for_bits!(
                bits,
                unpack_by(packed, out, |word, mask| _pdep_u64(word, mask))
            );
        }
        // SAFETY: that there is a `Deposits` says that the machine has these features.
        #[allow(unsafe_code)]
        unsafe {
            better(bits, packed, out);
        }
    }
}

/// The lowest bits of eight bytes.
const fn mask(bits: usize) -> u64 {
    0x0101_0101_0101_0101 * ((1 << bits) - 1)
}

/// Packs with something that takes a word's bits from the places of a mask.
#[inline(always)]
fn pack_by<const BITS: usize>(numbers: &[u8], out: &mut [u8], join: impl Fn(u64, u64) -> u64) {
    let join = |numbers: [u8; 8]| join(u64::from_le_bytes(numbers), mask(BITS)).to_le_bytes();
    let (groups, rest) = numbers.as_chunks::<8>();
    let (whole, end) = out.split_at_mut(groups.len() * BITS);
    for (to, group) in whole.as_chunks_mut::<BITS>().0.iter_mut().zip(groups) {
        to.copy_from_slice(&join(*group)[..BITS]);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    end.copy_from_slice(&join(last)[..end.len()]);
}

/// Unpacks with something that puts a word's bits to the places of a mask.
#[inline(always)]
fn unpack_by<const BITS: usize>(packed: &[u8], out: &mut [u8], spread: impl Fn(u64, u64) -> u64) {
    let spread = |packed: [u8; 8]| spread(u64::from_le_bytes(packed), mask(BITS)).to_le_bytes();
    let (groups, rest) = out.as_chunks_mut::<8>();
    let (whole, end) = packed.split_at(groups.len() * BITS);
    // All but the last groups are read with bytes of the next, in one load; those fall away.
    let fast = groups.len().saturating_sub(8);
    let (fast, slow) = groups.split_at_mut(fast);
    for (i, to) in fast.iter_mut().enumerate() {
        if let Some(word) = packed[i * BITS..].first_chunk() {
            *to = spread(*word);
        }
    }
    let left = &whole[fast.len() * BITS..];
    for (to, from) in slow.iter_mut().zip(left.as_chunks::<BITS>().0) {
        let mut word = [0; 8];
        word[..BITS].copy_from_slice(from);
        *to = spread(word);
    }
    let mut word = [0; 8];
    word[..end.len()].copy_from_slice(end);
    let last = spread(word);
    rest.copy_from_slice(&last[..rest.len()]);
}

/// Moves eight numbers together: by twos, then those pairs, then the halves.
#[inline(always)]
fn join(bits: usize, x: u64) -> u64 {
    let x = (x & 0x00ff_00ff_00ff_00ff) | (x & 0xff00_ff00_ff00_ff00) >> (8 - bits);
    let x = (x & 0x0000_ffff_0000_ffff) | (x & 0xffff_0000_ffff_0000) >> (16 - 2 * bits);
    (x & 0x0000_0000_ffff_ffff) | (x & 0xffff_ffff_0000_0000) >> (32 - 4 * bits)
}

#[inline(always)]
fn spread(bits: usize, x: u64) -> u64 {
    let low = |bits: usize| (1u64 << bits) - 1;
    let (four, two, one) = (low(4 * bits), low(2 * bits), low(bits));
    let x = (x & four) | (x & four << (4 * bits)) << (32 - 4 * bits);
    let two = two | two << 32;
    let x = (x & two) | (x & two << (2 * bits)) << (16 - 2 * bits);
    let one = one | one << 16 | one << 32 | one << 48;
    (x & one) | (x & one << bits) << (8 - bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for bits in 1..8 {
            for count in [0, 1, 7, 8, 9, 64, 1003] {
                let numbers: Vec<u8> = (0..count as u32)
                    .map(|i| (i.wrapping_mul(0x9e37_79b9) >> 20) as u8 & ((1 << bits) - 1))
                    .collect();
                let mut packed = vec![0; packed_len(count, bits)];
                let mut plain = packed.clone();
                pack(bits, &numbers, &mut packed);
                pack_plainly(bits, &numbers, &mut plain);
                assert_eq!(packed, plain);
                let mut back = vec![0; count];
                unpack(bits, &packed, &mut back);
                assert_eq!(back, numbers);
                unpack_plainly(bits, &packed, &mut back);
                assert_eq!(back, numbers);
            }
        }
    }

    #[test]
    fn the_lowest_bit_comes_first() {
        let mut packed = [0; 2];
        pack(5, &[1, 2, 3], &mut packed);
        assert_eq!(u16::from_le_bytes(packed), 1 | 2 << 5 | 3 << 10);
    }
}
