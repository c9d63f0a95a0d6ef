use super::*;
use crate::coder::histogram::histogram;

/// Nearly geometric, with some of everything.
fn plane(len: usize) -> Vec<u8> {
    let mut noise = vec![0; len * 8];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    let words = noise.as_chunks::<8>().0.iter();
    let words = words.map(|word| u64::from_le_bytes(*word));
    words
        .map(|word| match word % 500 {
            0 => (word >> 32) as u8,
            _ => 120 - (word.leading_zeros() as u8),
        })
        .collect()
}

fn round_trip(plane: &[u8], raw: u8) {
    let mut counts = [0; 256];
    for (value, count) in histogram(plane).into_iter().enumerate() {
        counts[value & usize::from(!raw)] += count;
    }
    let (spec, bits) = fit(&counts, raw).unwrap();
    let mut payload = vec![1, 2, 3];
    encode(plane, &spec, &mut Scratch::default(), &mut payload);
    let payload = &payload[3..];
    let about = bits as usize / 8 + 600 + plane.len() / 1000;
    assert!(payload.len() < about, "{} {about}", payload.len());
    let mut back = vec![0; plane.len()];
    decode(payload, &mut back).unwrap();
    assert!(back == plane, "{} {raw}", plane.len());
}

#[test]
fn planes_come_back() {
    for len in [1, 511, 512, 513, 4095, 4096, 4097, 100_003] {
        round_trip(&plane(len), 0);
        round_trip(&plane(len), 0x83);
        round_trip(&plane(len), 0x87);
        round_trip(&vec![9; len], 0);
    }
}

/// The payload of a plane of geometric values.
fn payload(len: usize, raw: u8) -> Vec<u8> {
    let plane = plane(len);
    let masked: Vec<u8> = plane.iter().map(|byte| byte & !raw).collect();
    let (spec, _) = fit(&histogram(&masked), raw).unwrap();
    let mut out = Vec::new();
    encode(&plane, &spec, &mut Scratch::default(), &mut out);
    out
}

#[test]
fn what_is_cut_or_longer_is_an_error() {
    let whole = payload(5000, 0x83);
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
fn any_bytes_decode_or_fail() {
    let whole = payload(9000, 0);
    let mut out = vec![0; 9000];
    for seed in 0..2000u32 {
        let noise = *blake3::hash(&seed.to_le_bytes()).as_bytes();
        let mut bad = whole.clone();
        // The beginning has what all else hangs on.
        let spread = if seed % 2 == 0 { 40 } else { bad.len() };
        for pair in noise.as_chunks::<4>().0.iter().take(1 + seed as usize % 8) {
            let at = u32::from_le_bytes(*pair) as usize >> 8;
            bad[at % spread] = pair[0];
        }
        let _ = decode(&bad, &mut out);
    }
    for byte in 0..=255 {
        let _ = decode(&[byte; 9000], &mut out);
        let _ = decode(&[[6, 0].as_slice(), &[byte; 3000]].concat(), &mut out);
    }
}
