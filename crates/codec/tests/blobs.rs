//! Blobs of every kind come back bit for bit, in whole and in parts, and nothing else does.

// Helpers outside of a test function are held to the library's rule otherwise.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use proptest::prelude::*;
use sheaf_codec::{Dtype, Error, FRAME_LEN, Header, Level, MAX_CHUNK_LEN, Parsed, decode};

const LEVELS: [Level; 3] = [Level::Fast, Level::Default, Level::Max];

fn header(blob: &[u8]) -> Header {
    match Header::parse(blob).unwrap() {
        Parsed::Header(header, _) => *header,
        Parsed::NeedMore(len) => panic!("needs {len}"),
    }
}

fn round_trip(raw: &[u8], dtype: Dtype, base: Option<&[u8]>, level: Level) -> usize {
    let blob = encode(raw, dtype, base, level);
    assert!(blob.bytes.len() <= sheaf_codec::max_blob_len(raw.len()));
    let parsed = header(&blob.bytes);
    assert_eq!(parsed.blob_id(), blob.id);
    assert_eq!(blob.id, id(&blob.bytes[..blob.header_len]));
    assert_eq!(parsed.base(), blob.base);
    assert_eq!(parsed.blob_len(), blob.bytes.len() as u64);
    assert_eq!(parsed.raw_len(), raw.len() as u64);
    assert_eq!(parsed.chunk_id(), id(raw));
    let base = base.filter(|_| blob.base.is_some());
    assert!(
        decode(&blob.bytes, base).unwrap() == raw,
        "{dtype:?} {level:?} {}",
        raw.len()
    );
    blob.bytes.len()
}

/// What wears a codec out: every kind of extreme, by the element.
fn adversarial(dtype: Dtype, seed: u64, len: usize) -> Vec<u8> {
    let mut raw = noise(seed, len);
    let unit = dtype.block_bytes();
    let kinds: [&[u8]; 7] = [
        &[0x00],
        &[0xff],
        &[0x80, 0x00],
        &[0x00, 0x80],
        &[0x7f, 0xc0, 0x01],
        &[0x01],
        &[0x00, 0x00, 0xc0, 0x7f],
    ];
    for (i, element) in raw.chunks_mut(unit).enumerate() {
        let kind = (i / 7 + seed as usize) % 9;
        if let Some(pattern) = kinds.get(kind) {
            for (byte, value) in element.iter_mut().zip(pattern.iter().cycle()) {
                *byte = *value;
            }
        }
    }
    raw
}

#[test]
fn every_dtype_and_length() {
    for &dtype in Dtype::ALL {
        let unit = dtype.block_bytes();
        for len in [
            0,
            1,
            2,
            3,
            7,
            unit,
            unit + 1,
            5 * unit - 1,
            1000,
            FRAME_LEN + 13,
        ] {
            for level in LEVELS {
                round_trip(&noise(len as u64, len), dtype, None, level);
                round_trip(&vec![0x3c; len], dtype, None, level);
                round_trip(&adversarial(dtype, 1, len), dtype, None, level);
            }
        }
    }
}

#[test]
fn every_half_and_bfloat() {
    let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let reversed: Vec<u8> = (0..=u16::MAX).rev().flat_map(u16::to_le_bytes).collect();
    for dtype in [Dtype::F16, Dtype::Bf16, Dtype::I16, Dtype::U16] {
        for level in LEVELS {
            round_trip(&all, dtype, None, level);
            round_trip(&all, dtype, Some(&reversed), level);
        }
    }
}

#[test]
fn noise_costs_next_to_nothing() {
    let raw = noise(1, 4 << 20);
    for dtype in [
        Dtype::Bf16,
        Dtype::F32,
        Dtype::F64,
        Dtype::Bytes,
        Dtype::GgmlQ4K,
    ] {
        for level in LEVELS {
            let len = round_trip(&raw, dtype, None, level);
            assert!(
                len <= raw.len() + raw.len() / 1000,
                "{dtype:?} {level:?}: {len}"
            );
        }
    }
}

#[test]
fn weights_shrink() {
    let weights = weights(2, 1 << 20);
    for level in LEVELS {
        let bf16 = round_trip(&bf16_bytes(&weights), Dtype::Bf16, None, level);
        let f32 = round_trip(&f32_bytes(&weights), Dtype::F32, None, level);
        assert!(bf16 < (2 << 20) * 69 / 100, "{bf16}");
        assert!(f32 < (4 << 20) * 85 / 100, "{f32}");
    }
}

#[test]
fn unknown_floats_shrink_as_well_as_known_ones() {
    let raw = f32_bytes(&weights(3, 1 << 18));
    let known = encode(&raw, Dtype::F32, None, Level::Default).bytes.len();
    for skip in 0..4 {
        let raw = &raw[skip..];
        let blob = encode(raw, Dtype::Unknown, None, Level::Default);
        assert!(
            blob.bytes.len() < known + 200,
            "{skip}: {} against {known}",
            blob.bytes.len()
        );
        assert_eq!(header(&blob.bytes).hint().dtype, Dtype::F32);
        round_trip(raw, Dtype::Unknown, None, Level::Default);
    }
}

/// Floats of a byte, whose kinds differ from frame to frame.
fn bytes_of_many_kinds(seed: u64, count: usize) -> Vec<u8> {
    let bytes = weights(seed, count).into_iter().enumerate().map(|(i, x)| {
        let shift = 19 + i / FRAME_LEN % 2;
        (x.to_bits() >> 24) as u8 & 0x80 | (x.to_bits() >> shift) as u8 & 0x7f
    });
    bytes.collect()
}

#[test]
fn frames_of_bytes_come_back_in_any_number() {
    let codings = |blob: &[u8]| {
        let planes = sheaf_codec::inspect::describe(blob).unwrap().planes;
        planes.into_iter().next().unwrap().codings
    };
    for (count, frames) in [(5 * FRAME_LEN / 2, 3), (4 * FRAME_LEN, 4)] {
        let raw = bytes_of_many_kinds(12, count);
        let base = noise(13, count);
        let sum: Vec<u8> = raw
            .iter()
            .zip(&base)
            .map(|(x, y)| x.wrapping_add(*y))
            .collect();
        for level in LEVELS {
            round_trip(&raw, Dtype::F8E4M3, None, level);
            round_trip(&raw, Dtype::U8, None, level);
            round_trip(&sum, Dtype::I8, Some(&base), level);
        }
        let alone = encode(&raw, Dtype::U8, None, Level::Max);
        assert_eq!(codings(&alone.bytes), [("rans", frames)]);
        let delta = encode(&sum, Dtype::I8, Some(&base), Level::Max);
        assert!(delta.base.is_some());
        assert_eq!(codings(&delta.bytes), [("rans", frames)]);
    }
}

#[test]
fn deltas_are_small_and_need_their_base() {
    let base = bf16_bytes(&weights(4, 1 << 19));
    let mut tuned = base.clone();
    for i in (0..tuned.len()).step_by(20) {
        tuned[i / 2 * 2] ^= 1;
    }
    let alone = encode(&tuned, Dtype::Bf16, None, Level::Default);
    for level in LEVELS {
        let blob = encode(&tuned, Dtype::Bf16, Some(&base), level);
        assert_eq!(blob.base, Some(id(&base)));
        assert!(blob.bytes.len() * 4 < alone.bytes.len());
        assert_eq!(decode(&blob.bytes, Some(&base)).unwrap(), tuned);
        assert_eq!(decode(&blob.bytes, None), Err(Error::Base));
        assert_eq!(decode(&blob.bytes, Some(&tuned)), Err(Error::Base));
        assert_eq!(decode(&blob.bytes, Some(&base[1..])), Err(Error::Base));
    }
}

#[test]
fn a_useless_base_is_left_alone() {
    let raw = bf16_bytes(&weights(5, 1 << 17));
    let alone = encode(&raw, Dtype::Bf16, None, Level::Default);
    let strangers = [
        noise(6, raw.len()),
        bf16_bytes(&weights(7, 1 << 17)),
        vec![1; 12],
    ];
    for stranger in &strangers {
        let blob = encode(&raw, Dtype::Bf16, Some(stranger), Level::Default);
        assert_eq!(blob, alone);
    }
}

#[test]
fn ranges_decode_alone() {
    for dtype in [Dtype::F32, Dtype::GgmlQ4K, Dtype::GgmlQ6K] {
        let raw = f32_bytes(&weights(8, 300_000));
        let blob = encode(&raw, dtype, None, Level::Default).bytes;
        let header = header(&blob);
        assert!(header.frames() > 4);
        assert_eq!(header.raw_range(0..header.frames()), 0..raw.len() as u64);
        for range in [
            0..1,
            262_000..262_200,
            524_287..524_289,
            1_199_999..1_200_000,
            5..1_100_000,
        ] {
            let frames = header.frames_of(range.clone());
            let holds = header.raw_range(frames.clone());
            assert!(holds.start <= range.start && range.end <= holds.end);
            let stored = header.stored_range(frames.clone());
            let stored = &blob[stored.start as usize..stored.end as usize];
            let mut out = b"kept".to_vec();
            header
                .decode_frames(frames, stored, None, &mut out)
                .unwrap();
            assert_eq!(out[..4], *b"kept");
            assert!(out[4..] == raw[holds.start as usize..holds.end as usize]);
        }
    }
}

#[test]
fn a_prefix_says_how_much_it_needs() {
    let blob = encode(&noise(9, 600_000), Dtype::Bytes, None, Level::Fast);
    for len in 0..blob.header_len {
        match Header::parse(&blob.bytes[..len]).unwrap() {
            Parsed::NeedMore(more) => assert!(len < more && more <= blob.header_len),
            Parsed::Header(..) => panic!("{len} bytes are no header"),
        }
    }
    let parsed = Header::parse(&blob.bytes[..blob.header_len]).unwrap();
    assert!(matches!(parsed, Parsed::Header(_, len) if len == blob.header_len));
}

#[test]
fn the_longest_chunk() {
    let mut raw = vec![0; MAX_CHUNK_LEN];
    raw[MAX_CHUNK_LEN - 1] = 1;
    for level in [Level::Fast, Level::Default] {
        assert!(round_trip(&raw, Dtype::F32, None, level) < 10_000);
    }
}

#[test]
fn no_changed_byte_gives_other_bytes() {
    let raws = [
        (Dtype::Bf16, bf16_bytes(&weights(10, 2000))),
        (
            Dtype::Bytes,
            b"one two three, one two three, one two four. ".repeat(20),
        ),
        (Dtype::F32, vec![0; 500]),
    ];
    for (dtype, raw) in raws {
        let base: Vec<u8> = raw
            .iter()
            .map(|byte| byte ^ u8::from(*byte > 250))
            .collect();
        for base in [None, Some(&base[..])] {
            let blob = encode(&raw, dtype, base, Level::Default).bytes;
            for at in 0..blob.len() {
                for flip in [1, 0x10, 0x80, 0xff] {
                    let mut bad = blob.clone();
                    bad[at] ^= flip;
                    if let Ok(out) = decode(&bad, base) {
                        assert!(out == raw, "byte {at}");
                    }
                }
            }
        }
    }
}

#[test]
fn cut_and_lengthened_blobs_fail() {
    let blob = encode(&noise(11, 5000), Dtype::F16, None, Level::Default).bytes;
    for len in 0..blob.len() {
        assert!(decode(&blob[..len], None).is_err());
    }
    assert!(decode(&[&blob[..], &[0]].concat(), None).is_err());
}

/// Frames whose hashes are right but whose bytes are anything: what a malicious client can send.
fn resealed(blob: &[u8], header_len: usize, at: usize, with: &[u8]) -> Vec<u8> {
    let header = header(blob);
    let mut bad = blob.to_vec();
    let start = header_len + at % (blob.len() - header_len);
    for (byte, value) in bad[start..].iter_mut().zip(with) {
        *byte = *value;
    }
    let index = header_len - header.frames() * 28;
    for frame in 0..header.frames() {
        let range = header.stored_range(frame..frame + 1);
        let hash = id(&bad[range.start as usize..range.end as usize]);
        bad[index + frame * 28 + 4..][..16].copy_from_slice(&hash[..16]);
    }
    bad
}

proptest! {
    #[test]
    fn any_chunk_comes_back(
        dtype in proptest::sample::select(Dtype::ALL),
        level in proptest::sample::select(&LEVELS[..]),
        seed in any::<u64>(),
        len in 0usize..20_000,
        kind in 0..3,
        based in any::<bool>(),
    ) {
        let raw = match kind {
            0 => noise(seed, len),
            1 => adversarial(dtype, seed % 100, len),
            _ => f32_bytes(&weights(seed, len / 4 + 1))[..len].to_vec(),
        };
        let base = adversarial(dtype, seed % 50, len);
        round_trip(&raw, dtype, based.then_some(&base[..]), level);
    }

    #[test]
    fn anything_decodes_or_fails(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let _ = decode(&bytes, None);
        let _ = Header::parse(&bytes);
    }

    #[test]
    fn a_header_of_anything_fails_or_is_bounded(
        at in 9usize..110, with in proptest::collection::vec(any::<u8>(), 1..8), seed in 0..4u64,
    ) {
        let raw = noise(seed, 3000);
        let mut blob = encode(&raw, Dtype::GgmlQ4K, None, Level::Fast).bytes;
        for (byte, value) in blob[at..].iter_mut().zip(&with) {
            *byte = *value;
        }
        if let Ok(out) = decode(&blob, None) {
            prop_assert!(out == raw);
        }
    }

    #[test]
    fn frames_of_anything_fail_or_are_right(
        dtype in proptest::sample::select(&[Dtype::Bf16, Dtype::F32, Dtype::F8E4M3, Dtype::GgmlQ4K, Dtype::Bytes][..]),
        at in any::<usize>(),
        near in any::<bool>(),
        with in proptest::collection::vec(any::<u8>(), 1..64),
    ) {
        let text = include_bytes!("blobs.rs");
        let raw = if dtype == Dtype::Bytes { text.to_vec() } else { bf16_bytes(&weights(12, 6000)) };
        let blob = encode(&raw, dtype, None, Level::Max);
        // The first bytes of a frame hold what leads the decoder.
        let at = if near { at % 80 } else { at };
        let bad = resealed(&blob.bytes, blob.header_len, at, &with);
        if let Ok(out) = decode(&bad, None) {
            prop_assert!(out == raw);
        }
    }
}

/// What is larger than the nearer caches goes past them, by lines that begin elsewhere than the elements.
#[test]
fn large_chunks_come_back_wherever_they_go() {
    let weights = weights(5, 4 * FRAME_LEN + 50_000);
    let bytes: Vec<u8> = weights.iter().map(|x| (x * 40.0) as i8 as u8).collect();
    let kinds = [
        (Dtype::F32, f32_bytes(&weights)),
        (Dtype::Bf16, bf16_bytes(&weights).repeat(2)),
        (Dtype::F8E4M3, bytes.repeat(4)),
    ];
    for (dtype, raw) in kinds {
        let raw = &raw[..raw.len() - 1];
        let blob = encode(raw, dtype, None, Level::Default);
        assert!(raw.len() > 4 << 20 && blob.bytes.len() < raw.len());
        let header = header(&blob.bytes);
        let frames = &blob.bytes[blob.header_len..];
        let mut out = vec![7; raw.len() + 256];
        for before in [0, 16, 63, 65] {
            out.fill(7);
            let room = &mut out[before..][..raw.len()];
            header
                .decode_into(0..header.frames(), frames, None, room)
                .unwrap();
            assert!(room == raw, "{dtype:?} {before}");
            let (start, rest) = out.split_at(before);
            let around = start.iter().chain(&rest[raw.len()..]);
            assert!(around.copied().all(|byte| byte == 7));
        }
    }
}
