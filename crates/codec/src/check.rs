//! The 64-bit check of a frame's raw bytes: it catches a decoder that errs, at memory speed.
//!
//! Not cryptographic: who wants other bytes served must get past the BLAKE3 of the stored bytes.
//! Eight lanes each take every eighth word. A lane's step is a bijection of the lane for a given
//! word and of the word for a given lane, so that a single wrong word always changes its lane.

const LANES: usize = 8;
pub(crate) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// By how many bits a lane is turned.
pub(crate) const TURN: i32 = 29;
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

/// The check of bytes that come piece by piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    lanes: [u64; LANES],
    /// How many bytes they took in: whole rows.
    at: usize,
}

impl Check {
    pub(crate) fn new() -> Check {
        Check {
            lanes: START,
            at: 0,
        }
    }

    /// Takes in what follows: whole rows. What is left of a last one is for [`Check::finish`].
    pub(crate) fn absorb(&mut self, bytes: &[u8]) {
        absorb_rows(&mut self.lanes, bytes);
        self.at += bytes.len() / ROW * ROW;
    }

    /// As [`Check::absorb`], of as many bytes for each, side by side where that is faster.
    #[cfg(any(test, target_arch = "x86_64"))]
    pub(crate) fn absorb_two([a, b]: [&mut Check; 2], [bytes_a, bytes_b]: [&[u8]; 2]) {
        #[cfg(target_arch = "x86_64")]
        if crate::cpu::multiplies_wide() && bytes_a.len() == bytes_b.len() {
            #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
            fn wide(lanes: [&mut [u64; LANES]; 2], bytes: [&[u8]; 2]) {
                absorb_both(lanes, bytes);
            }
            // SAFETY: `wide` is a safe function that only asks for features that were just found.
            #[allow(unsafe_code)]
            unsafe {
                wide([&mut a.lanes, &mut b.lanes], [bytes_a, bytes_b]);
            }
            a.at += bytes_a.len() / ROW * ROW;
            b.at += bytes_b.len() / ROW * ROW;
            return;
        }
        a.absorb(bytes_a);
        b.absorb(bytes_b);
    }

    /// The lanes, for one who takes in rows by itself, and says so.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn lanes(&mut self) -> &mut [u64; LANES] {
        &mut self.lanes
    }

    /// So many rows were taken in.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn took(&mut self, rows: usize) {
        self.at += rows * ROW;
    }

    /// The check of all bytes, those among them that were taken in already.
    pub(crate) fn finish(mut self, bytes: &[u8]) -> u64 {
        let rest = bytes.get(self.at..).unwrap_or_default();
        absorb_rows(&mut self.lanes, rest);
        finish(self.lanes, rest.as_chunks::<ROW>().1, bytes.len())
    }
}

/// The check of `bytes`.
pub(crate) fn check(bytes: &[u8]) -> u64 {
    Check::new().finish(bytes)
}

/// What [`Check::finish`] gives for two, side by side where that is faster.
pub(crate) fn finish_two(checks: [Check; 2], [a, b]: [&[u8]; 2]) -> [u64; 2] {
    if checks.iter().all(|check| check.at == 0) {
        return check_two(a, b);
    }
    let [check_a, check_b] = checks;
    [check_a.finish(a), check_b.finish(b)]
}

fn absorb_rows(lanes: &mut [u64; LANES], bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
        fn wide(lanes: &mut [u64; LANES], bytes: &[u8]) {
            absorb_rows_any(lanes, bytes);
        }
        if crate::cpu::multiplies_wide() {
            // SAFETY: `wide` is a safe function that only asks for features that were just found.
            #[allow(unsafe_code)]
            return unsafe { wide(lanes, bytes) };
        }
    }
    absorb_rows_any(lanes, bytes);
}

#[inline(always)]
fn absorb_rows_any(lanes: &mut [u64; LANES], bytes: &[u8]) {
    // On the stack, so that they are in registers.
    let mut own = *lanes;
    for row in bytes.as_chunks::<ROW>().0 {
        absorb(&mut own, row);
    }
    *lanes = own;
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
    [check(a), check(b)]
}

/// Takes in as many rows of both.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn absorb_both([to_a, to_b]: [&mut [u64; LANES]; 2], [a, b]: [&[u8]; 2]) {
    // On the stack, so that they are in registers.
    let (mut lanes_a, mut lanes_b) = (*to_a, *to_b);
    for (a, b) in a.as_chunks::<ROW>().0.iter().zip(b.as_chunks::<ROW>().0) {
        absorb(&mut lanes_a, a);
        absorb(&mut lanes_b, b);
    }
    (*to_a, *to_b) = (lanes_a, lanes_b);
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn check_two_any(a: &[u8], b: &[u8]) -> [u64; 2] {
    let (mut lanes_a, mut lanes_b) = (START, START);
    absorb_both([&mut lanes_a, &mut lanes_b], [a, b]);
    let both = a.len().min(b.len()) / ROW * ROW;
    [
        finish(lanes_a, &a[both..], a.len()),
        finish(lanes_b, &b[both..], b.len()),
    ]
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
            .rotate_left(TURN as u32);
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
    use super::{Check, START, check, check_two, finish, finish_two};

    #[test]
    fn every_machine_finds_the_same() {
        let bytes: Vec<u8> = (0..5000u32).map(|i| (i * i + i / 7) as u8).collect();
        for len in [0, 1, 63, 64, 65, 127, 128, 4999] {
            let all = finish(START, &bytes[..len], len);
            assert_eq!(check(&bytes[..len]), all, "{len}");
            let other = finish(START, &bytes[9..900], 891);
            assert_eq!(check_two(&bytes[..len], &bytes[9..900]), [all, other]);
            assert_eq!(check_two(&bytes[9..900], &bytes[..len]), [other, all]);
        }
    }

    #[test]
    fn pieces_make_the_whole() {
        let bytes: Vec<u8> = (0..5000u32).map(|i| (i * i + i / 7) as u8).collect();
        for len in [0, 64, 640, 4000, 5000] {
            let mut begun = Check::new();
            begun.absorb(&bytes[..len / 128 * 64]);
            begun.absorb(&bytes[len / 128 * 64..len]);
            let all = check(&bytes);
            assert_eq!(begun.finish(&bytes), all, "{len}");
            assert_eq!(finish_two([begun, Check::new()], [&bytes; 2]), [all; 2]);
            let mut two = [begun, Check::new()];
            let [one, other] = &mut two;
            let same = (bytes.len() - one.at).min(192) / 64 * 64;
            let parts = [&bytes[one.at..][..same], &bytes[..same]];
            Check::absorb_two([one, other], parts);
            assert_eq!(two.map(|check| check.finish(&bytes)), [all; 2]);
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
