use super::*;
use crate::coder::Coding;
use crate::coder::histogram::histogram;
use crate::cpu::{narrowly, plainly};

/// Nearly geometric, with some of everything.
fn plane(len: usize) -> Vec<u8> {
    let mut noise = vec![0; len * 8];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    let words = noise.as_chunks::<8>().0.iter();
    let words = words.map(|word| u64::from_le_bytes(*word));
    words
        .map(|word| match word % 50 {
            0 => (word >> 32) as u8,
            _ => 120 - (word.leading_zeros() as u8),
        })
        .collect()
}

/// Sums of noise: many values that are about as frequent as each other.
fn broad(len: usize) -> Vec<u8> {
    let mut noise = vec![0; len + 3];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    noise
        .windows(4)
        .map(|four| (four.iter().map(|byte| u32::from(*byte)).sum::<u32>() / 8) as u8)
        .collect()
}

/// The payload of a plane, with a code from the counts of some of it.
fn payload(plane: &[u8], counted: &[u8], raw: u8) -> Vec<u8> {
    let coded: Vec<u8> = counted.iter().map(|byte| byte & !raw).collect();
    // Where few bits are left or few bytes seen, there may be no code.
    let fit = match fit(&histogram(&coded), raw) {
        Some(fit) => fit,
        None if raw > 0x80 || counted.len() < 100 => return Vec::new(),
        None => panic!("no code for {} bytes", counted.len()),
    };
    let mut out = vec![1, 2, 3];
    let about = fit.len(plane.len());
    encode(plane, &fit.code(), &mut Scratch::default(), &mut out);
    if plane.len() == counted.len() {
        assert!(
            out.len() <= about + about / 20 + 40,
            "{} {about}",
            out.len()
        );
    }
    out.split_off(3)
}

fn round_trip(plane: &[u8], counted: &[u8], raw: u8) {
    let best = payload(plane, counted, raw);
    let narrow = narrowly(|| payload(plane, counted, raw));
    let plain = plainly(|| payload(plane, counted, raw));
    assert!(best == plain && narrow == plain, "{} {raw}", plane.len());
    if best.is_empty() {
        return;
    }
    let back = || {
        let mut back = vec![0; plane.len()];
        decode(&best, &mut back).unwrap();
        back
    };
    assert!(back() == plane, "{} {raw}", plane.len());
    assert!(narrowly(back) == plane, "{} {raw}", plane.len());
    assert!(plainly(back) == plane, "{} {raw}", plane.len());
}

#[test]
fn planes_come_back_on_every_machine() {
    for len in [1, 511, 512, 513, 4095, 4096, 4097, 30_003] {
        for plane in [plane(len), broad(len)] {
            for raw in [0, 0x80, 0x83, 0x87] {
                // What the sample did not show is escaped.
                let sample = [plane.as_slice(), &[0, 0, 0, 0, 9, 9, 9, 9, 13]].concat();
                round_trip(&plane, &sample, raw);
                round_trip(&plane, &sample[sample.len().saturating_sub(40)..], raw);
            }
        }
        round_trip(&vec![9; len], &[9; 100], 0);
    }
}

#[test]
fn what_is_coded_apart_is_in_levels_again() {
    for len in [511, 2047, 2048, 2049, 4095, 4096, 4097, 9000] {
        let values = broad(len);
        let encode = || {
            let mut out = Vec::new();
            literals::encode(
                &values,
                &Default::default(),
                Some(&mut Buffers::default()),
                &mut out,
            );
            out
        };
        let best = encode();
        assert!(narrowly(encode) == best && plainly(encode) == best, "{len}");
        let is_levels = best[COUNT_LEN] == Coding::Levels as u8;
        assert_eq!(is_levels, len > 511, "{len}");
        let decode = || literals::decode(&best, len, false).unwrap();
        assert!(decode()[..len] == values, "{len}");
        assert!(
            narrowly(decode) == decode() && plainly(decode) == decode(),
            "{len}"
        );
        // Only once.
        assert_eq!(literals::decode(&best, len, true).is_err(), is_levels);
        for cut in 0..best.len() {
            let cut = literals::decode(&best[..cut], len, false);
            assert!(cut.is_err() || !is_levels, "{len}");
        }
    }
}

#[test]
fn noise_has_no_code_where_raw_bits_leave_few() {
    let all = [5; 256];
    assert!(fit(&all, 0).is_some());
    assert!(fit(&all, 0xf8).is_none());
}

#[test]
fn what_is_cut_or_longer_is_an_error() {
    let plane = plane(5000);
    let whole = payload(&plane, &plane, 0x80);
    let mut out = vec![0; 5000];
    for len in 0..whole.len() {
        assert!(decode(&whole[..len], &mut out).is_err(), "{len}");
    }
    let longer: Vec<u8> = whole.iter().copied().chain([0]).collect();
    assert!(decode(&longer, &mut out).is_err());
    assert!(decode(&whole, &mut out[..4000]).is_err());
    assert!(decode(&whole, &mut [0; 5600]).is_err());
}

#[test]
fn any_bytes_decode_or_fail_alike() {
    let plane = plane(9000);
    let whole = payload(&plane, &plane, 0);
    let run = |bytes: &[u8]| {
        let mut out = vec![0; 9000];
        decode(bytes, &mut out).map(|()| out).ok()
    };
    for seed in 0..2000u32 {
        let noise = *blake3::hash(&seed.to_le_bytes()).as_bytes();
        let mut bad = whole.clone();
        // The beginning has what all else hangs on.
        let spread = if seed % 2 == 0 { 60 } else { bad.len() };
        for pair in noise.as_chunks::<4>().0.iter().take(1 + seed as usize % 8) {
            let at = u32::from_le_bytes(*pair) as usize >> 8;
            bad[at % spread] = pair[0];
        }
        assert!(run(&bad) == plainly(|| run(&bad)), "{seed}");
    }
    for byte in 0..=255 {
        run(&[byte; 9000]);
        run(&[[0, 4].as_slice(), &[byte; 3000]].concat());
    }
}
