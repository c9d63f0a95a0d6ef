//! The 64-bit check of a frame's raw bytes: it catches a decoder that errs, at memory speed.
//!
//! Not cryptographic: who wants other bytes served must get past the BLAKE3 of the stored bytes.
//! Eight lanes each take every eighth word. A lane's step is a bijection of the lane for a given
//! word and of the word for a given lane, so that a single wrong word always changes its lane.

const LANES: usize = 8;
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
const FOLD: u64 = 0xd6e8_feb8_6659_fd93;

/// Bytes that all lanes take.
const ROW: usize = LANES * 8;
/// The lanes at first.
const START: [u64; LANES] = {
    let mut lanes = [0; LANES];
    let mut i = 0;
    while i < LANES {
        lanes[i] = STEP.wrapping_mul(i as u64 + 1);
        i += 1;
    }
    lanes
};

/// The check of `bytes`.
pub(crate) fn check(bytes: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
        fn wide(bytes: &[u8]) -> u64 {
            check_any(bytes)
        }
        if crate::cpu::multiplies_wide() {
            // SAFETY: `wide` is a safe function that only asks for features that were just found.
            #[allow(unsafe_code)]
            return unsafe { wide(bytes) };
        }
    }
    check_any(bytes)
}

/// The checks of two runs of bytes, side by side: neither waits for the other.
pub(crate) fn check_two(a: &[u8], b: &[u8]) -> [u64; 2] {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
        fn wide(a: &[u8], b: &[u8]) -> [u64; 2] {
            check_two_any(a, b)
        }
        if crate::cpu::multiplies_wide() {
            // SAFETY: `wide` is a safe function that only asks for features that were just found.
            #[allow(unsafe_code)]
            return unsafe { wide(a, b) };
        }
    }
    // Elsewhere the lanes of one take all registers.
    [check_any(a), check_any(b)]
}

#[inline(always)]
fn check_two_any(a: &[u8], b: &[u8]) -> [u64; 2] {
    let (rows_a, rows_b) = (a.as_chunks::<ROW>().0, b.as_chunks::<ROW>().0);
    let (mut lanes_a, mut lanes_b) = (START, START);
    for (a, b) in rows_a.iter().zip(rows_b) {
        absorb(&mut lanes_a, a);
        absorb(&mut lanes_b, b);
    }
    let both = rows_a.len().min(rows_b.len()) * ROW;
    [
        finish(lanes_a, &a[both..], a.len()),
        finish(lanes_b, &b[both..], b.len()),
    ]
}

#[inline(always)]
fn check_any(bytes: &[u8]) -> u64 {
    finish(START, bytes, bytes.len())
}

/// Takes in the last bytes of `len` in all.
#[inline(always)]
fn finish(mut lanes: [u64; LANES], bytes: &[u8], len: usize) -> u64 {
    let (rows, rest) = bytes.as_chunks::<ROW>();
    for row in rows {
        absorb(&mut lanes, row);
    }
    if !rest.is_empty() {
        let mut row = [0; ROW];
        row[..rest.len()].copy_from_slice(rest);
        absorb(&mut lanes, &row);
    }
    fold(&lanes, len as u64)
}

#[inline(always)]
fn absorb(lanes: &mut [u64; LANES], row: &[u8; ROW]) {
    for (lane, word) in lanes.iter_mut().zip(row.as_chunks::<8>().0) {
        *lane = (*lane ^ u64::from_le_bytes(*word))
            .wrapping_mul(STEP)
            .rotate_left(29);
    }
}

fn fold(lanes: &[u64; LANES], len: u64) -> u64 {
    let mut sum = len;
    for lane in lanes {
        sum = (sum ^ (lane ^ (lane >> 32)).wrapping_mul(FOLD))
            .wrapping_mul(STEP)
            .rotate_left(31);
    }
    sum ^= sum >> 32;
    sum = sum.wrapping_mul(FOLD);
    sum ^ (sum >> 29)
}

#[cfg(test)]
mod tests {
    use super::{check, check_any, check_two};

    #[test]
    fn every_machine_finds_the_same() {
        let bytes: Vec<u8> = (0..5000u32).map(|i| (i * i + i / 7) as u8).collect();
        for len in [0, 1, 63, 64, 65, 127, 128, 4999] {
            let all = check_any(&bytes[..len]);
            assert_eq!(check(&bytes[..len]), all, "{len}");
            let other = check_any(&bytes[9..900]);
            assert_eq!(check_two(&bytes[..len], &bytes[9..900]), [all, other]);
            assert_eq!(check_two(&bytes[9..900], &bytes[..len]), [other, all]);
        }
    }

    #[test]
    fn known_values_never_change() {
        let bytes: Vec<u8> = (0..=255).collect();
        let got = [check(b""), check(b"a"), check(&bytes), check(&bytes[..63])];
        assert_eq!(got, KNOWN);
    }

    const KNOWN: [u64; 4] = [
        8_761_627_476_212_503_921,
        5_110_014_363_736_104_678,
        3_437_745_195_163_274_047,
        13_900_872_255_650_436_087,
    ];

    #[test]
    fn length_and_every_bit_count() {
        let mut bytes = vec![0u8; 300];
        let whole = check(&bytes);
        assert_ne!(whole, check(&bytes[..299]));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(check(&bytes), whole, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
