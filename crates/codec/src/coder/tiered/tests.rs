use super::*;
use crate::cpu::plainly;

/// The payload of the last plane of a blob of 24,000 halves, which is of one frame, and where that begins is in
/// its header.
fn payload(blob: &[u8]) -> &[u8] {
    let header_len = u32::from_le_bytes(*blob[5..].first_chunk().unwrap());
    let frame = &blob[header_len as usize..];
    assert_eq!(frame[4], 4, "its coding");
    &frame[8 + LEN..]
}

const LEN: usize = 24_000;
const PLAIN: &[u8] = include_bytes!("../../../tests/golden/v2-tiered-bf16.blob");
const RAW: &[u8] = include_bytes!("../../../tests/golden/v2-tiered-f16.blob");

fn run(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; LEN];
    decode(bytes, &mut out).ok().map(|()| out)
}

#[test]
fn every_machine_reads_the_same() {
    for blob in [PLAIN, RAW] {
        let read = run(payload(blob));
        assert!(read.is_some());
        assert!(read == plainly(|| run(payload(blob))));
    }
}

#[test]
fn what_is_cut_or_longer_is_an_error() {
    let whole = payload(RAW);
    let mut out = vec![0; LEN];
    for len in 0..whole.len() {
        assert!(decode(&whole[..len], &mut out).is_err(), "{len}");
    }
    let longer: Vec<u8> = whole.iter().copied().chain([0]).collect();
    assert!(decode(&longer, &mut out).is_err());
    assert!(decode(whole, &mut out[..4000]).is_err());
    assert!(decode(whole, &mut [0; LEN + 600]).is_err());
}

#[test]
fn any_bytes_decode_or_fail_alike() {
    for seed in 0..2000u32 {
        let noise = *blake3::hash(&seed.to_le_bytes()).as_bytes();
        let mut bad = payload([PLAIN, RAW][seed as usize / 2 % 2]).to_vec();
        // The beginning has what all else hangs on.
        let spread = if seed % 2 == 0 { 40 } else { bad.len() };
        for pair in noise.as_chunks::<4>().0.iter().take(1 + seed as usize % 8) {
            let at = u32::from_le_bytes(*pair) as usize >> 8;
            bad[at % spread] = pair[0];
        }
        assert!(run(&bad) == plainly(|| run(&bad)), "{seed}");
    }
    for byte in 0..=255 {
        run(&[byte; LEN]);
        run(&[[6, 0].as_slice(), &[byte; 3000]].concat());
    }
}
