//! Floats beside a base of their own dtype or another come back, small, and never from another base.

// Helpers outside of a test function are held to the library's rule otherwise.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use proptest::prelude::*;
use sheaf_codec::{Base, Blob, Dtype, Header, Hint, Level, Parsed, decode};

const LEVELS: [Level; 3] = [Level::Fast, Level::Default, Level::Max];
const FLOATS: [Dtype; 3] = [Dtype::Bf16, Dtype::F16, Dtype::F32];

/// Weights as a dtype's bytes, rounded as everybody rounds.
fn bytes(dtype: Dtype, weights: &[f32]) -> Vec<u8> {
    match dtype {
        Dtype::Bf16 => weights
            .iter()
            .flat_map(|x| {
                let bits = x.to_bits();
                let rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
                (rounded as u16).to_le_bytes()
            })
            .collect(),
        Dtype::F16 => weights
            .iter()
            .flat_map(|x| half(*x).to_le_bytes())
            .collect(),
        _ => f32_bytes(weights),
    }
}

/// The nearest half, for numbers that are small and not too small.
fn half(x: f32) -> u16 {
    let sign = if x < 0.0 { 0x8000 } else { 0 };
    let steps = f64::from(x.abs()) * 2f64.powi(24);
    if steps < 1024.0 {
        return sign | steps.round_ties_even() as u16;
    }
    let exponent = steps.log2().floor() as i32 - 10;
    let mantissa = (steps / 2f64.powi(exponent)).round_ties_even() as u16;
    sign | (((exponent as u16) << 10) + mantissa)
}

/// Weights and what a little training makes of them: rows are moved more or less.
fn trained(seed: u64, count: usize, row: usize) -> (Vec<f32>, Vec<f32>) {
    let before = weights(seed, count);
    let moved = weights(seed + 1, count);
    let after = before.iter().zip(&moved).enumerate().map(|(i, (x, step))| {
        let of_row = ((i / row.max(1)) % 7) as i32;
        x + step * 0.01 * 2f32.powi(-of_row)
    });
    (before.clone(), after.collect())
}

fn delta(raw: &[u8], to: Dtype, base: &[u8], from: Dtype, row: u32, level: Level) -> Blob {
    let base = Base {
        id: id(base),
        raw: base,
        dtype: from,
    };
    let hint = Hint {
        dtype: to,
        row,
        offset: 5,
    };
    let blob = sheaf_codec::encode(raw, id(raw), &hint, Some(&base), level);
    assert!(blob.bytes.len() <= sheaf_codec::max_blob_len(raw.len()));
    let back = decode(&blob.bytes, Some(base.raw).filter(|_| blob.base.is_some()));
    assert!(
        back.as_deref() == Ok(raw),
        "{to:?} from {from:?}, {level:?}"
    );
    blob
}

#[test]
fn what_was_trained_is_small_beside_its_base() {
    let (before, after) = trained(1, 300_000, 300);
    for dtype in FLOATS {
        let (raw, base) = (bytes(dtype, &after), bytes(dtype, &before));
        for level in LEVELS {
            let alone = encode(&raw, dtype, None, level).bytes.len();
            let blob = delta(&raw, dtype, &base, dtype, 300, level);
            assert!(blob.base.is_some());
            assert!(blob.bytes.len() * 10 < alone * 8, "{dtype:?} {level:?}");
        }
    }
}

#[test]
fn rows_count_at_the_highest_level() {
    let (before, after) = trained(2, 300_000, 300);
    let (raw, base) = (bytes(Dtype::Bf16, &after), bytes(Dtype::Bf16, &before));
    let len = |row, level| {
        delta(&raw, Dtype::Bf16, &base, Dtype::Bf16, row, level)
            .bytes
            .len()
    };
    assert!(len(300, Level::Max) * 100 < len(0, Level::Max) * 90);
    assert!(len(300, Level::Max) < len(300, Level::Default));
}

/// Weights and the same with an adapter merged: a product of thin matrices.
fn adapted(seed: u64, rows: usize, columns: usize, rank: usize) -> (Vec<f32>, Vec<f32>) {
    let before = weights(seed, rows * columns);
    let (left, right) = (
        weights(seed + 1, rows * rank),
        weights(seed + 2, rank * columns),
    );
    let after = before.iter().enumerate().map(|(i, x)| {
        let (row, column) = (i / columns, i % columns);
        let each = (0..rank).map(|k| left[row * rank + k] * right[k * columns + column]);
        x + each.sum::<f32>()
    });
    (before.clone(), after.collect())
}

#[test]
fn a_merged_adapter_takes_little_more_than_itself() {
    let (before, after) = adapted(20, 300, 320, 8);
    for (to, from) in [
        (Dtype::Bf16, Dtype::Bf16),
        (Dtype::F16, Dtype::F16),
        (Dtype::F32, Dtype::F32),
        (Dtype::Bf16, Dtype::F32),
    ] {
        let (raw, base) = (bytes(to, &after), bytes(from, &before));
        let hint = Hint {
            dtype: to,
            row: 320,
            offset: 0,
        };
        let len = |level| {
            let base = Base {
                id: id(&base),
                raw: &base,
                dtype: from,
            };
            let blob = sheaf_codec::encode(&raw, id(&raw), &hint, Some(&base), level);
            assert!(decode(&blob.bytes, Some(base.raw)).unwrap() == raw);
            blob.bytes.len()
        };
        let share = len(Level::Max) as f64 / len(Level::Default) as f64;
        assert!(share < 0.8, "{to:?} from {from:?}: {share}");
    }
}

#[test]
fn a_rounding_costs_nothing_and_its_original_only_what_was_rounded_away() {
    let weights = weights(3, 200_000);
    for (to, from, share) in [
        (Dtype::Bf16, Dtype::F32, 0.001),
        (Dtype::F16, Dtype::F32, 0.001),
        (Dtype::F32, Dtype::Bf16, 0.51),
        (Dtype::F32, Dtype::F16, 0.45),
        (Dtype::F16, Dtype::Bf16, 0.25),
    ] {
        let (raw, base) = (bytes(to, &weights), bytes(from, &weights));
        for level in LEVELS {
            let blob = delta(&raw, to, &base, from, 0, level);
            let got = blob.bytes.len() as f64 / raw.len() as f64;
            assert!(got < share, "{to:?} from {from:?}: {got}");
        }
    }
}

#[test]
fn what_was_cut_off_and_not_rounded_costs_no_more() {
    let weights = weights(4, 200_000);
    let (raw, base) = (f32_bytes(&weights), bf16_bytes(&weights));
    let blob = delta(&raw, Dtype::F32, &base, Dtype::Bf16, 0, Level::Default);
    assert!(blob.bytes.len() * 100 < raw.len() * 51);
}

#[test]
fn strangers_are_left_alone() {
    let (raw, base) = (
        bf16_bytes(&weights(5, 100_000)),
        bf16_bytes(&weights(6, 100_000)),
    );
    for level in LEVELS {
        let alone = encode(&raw, Dtype::Bf16, None, level).bytes.len();
        let beside = delta(&raw, Dtype::Bf16, &base, Dtype::Bf16, 100, level)
            .bytes
            .len();
        assert!(beside <= alone);
    }
}

/// What a base is only like, as a first moment is like the one some steps before.
fn like(seed: u64, count: usize) -> (Vec<f32>, Vec<f32>) {
    let far = |seed| {
        let (one, other) = (weights(seed, count), weights(seed + 1, count));
        one.into_iter().zip(other).map(|(one, other)| one * other)
    };
    let before: Vec<f32> = far(seed).collect();
    let after = before.iter().zip(far(seed + 2));
    let after = after.map(|(before, step)| 0.8 * before + 0.2 * step);
    (before.clone(), after.collect())
}

#[test]
fn a_base_that_is_only_like_helps() {
    let (before, after) = like(30, 150_000);
    for (dtype, levels) in [(Dtype::F32, &LEVELS[..]), (Dtype::Bf16, &LEVELS[2..])] {
        let (raw, base) = (bytes(dtype, &after), bytes(dtype, &before));
        for level in levels {
            let alone = encode(&raw, dtype, None, *level).bytes.len();
            let blob = delta(&raw, dtype, &base, dtype, 300, *level);
            assert!(blob.base.is_some(), "{dtype:?} {level:?}");
            // The sign is told, and most of the exponent.
            let saved = (alone - blob.bytes.len()) * 8;
            assert!(
                saved > raw.len() / dtype.block_bytes(),
                "{dtype:?} {level:?}"
            );
        }
    }
}

#[test]
fn another_base_is_found_out() {
    let (before, after) = trained(7, 50_000, 100);
    let raw = bytes(Dtype::Bf16, &after);
    for from in FLOATS {
        let base = bytes(from, &before);
        let blob = delta(&raw, Dtype::Bf16, &base, from, 100, Level::Default);
        assert!(blob.base.is_some());
        assert!(decode(&blob.bytes, None).is_err());
        assert!(decode(&blob.bytes, Some(&base[1..])).is_err());
        assert!(decode(&blob.bytes, Some(&bytes(from, &weights(8, 50_000)))).is_err());
    }
}

#[test]
fn a_base_with_other_elements_is_not_used() {
    let weights = weights(9, 1000);
    let raw = bytes(Dtype::Bf16, &weights);
    let base = bytes(Dtype::F32, &weights[..999]);
    assert_eq!(
        delta(&raw, Dtype::Bf16, &base, Dtype::F32, 0, Level::Max).base,
        None
    );
    let ints = bytes(Dtype::F32, &weights);
    assert_eq!(
        delta(&raw, Dtype::Bf16, &ints, Dtype::I32, 0, Level::Max).base,
        None
    );
}

fn float() -> impl Strategy<Value = Dtype> {
    prop::sample::select(vec![
        Dtype::Bf16,
        Dtype::F16,
        Dtype::F32,
        Dtype::F8E4M3,
        Dtype::F8E5M2Fnuz,
        Dtype::C32,
        Dtype::C64,
    ])
}

/// Decodes what may be no blob at all.
fn decode_unverified(bytes: &[u8], base: &[u8]) {
    let Ok(Parsed::Header(header, len)) = Header::parse(bytes) else {
        return;
    };
    let _ = header.decode_verified(
        0..header.frames(),
        &bytes[len..],
        Some(base),
        &mut Vec::new(),
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn anything_comes_back(
        to in float(),
        from in float(),
        seed: u64,
        len in 0..40_000usize,
        row in prop::sample::select(vec![0u32, 1, 7, 64, 1000, u32::MAX]),
        equal in 0..4u8,
        level in prop::sample::select(LEVELS.to_vec()),
    ) {
        let raw = noise(seed, len);
        let count = len / to.block_bytes();
        let mut base = noise(seed + 1, count * from.block_bytes());
        if from == to {
            base = raw.clone();
            let other = noise(seed + 2, len);
            for (i, byte) in base.iter_mut().enumerate() {
                if other[i] % 4 > equal {
                    *byte ^= other[(i * 7) % len] & 3;
                }
            }
        }
        delta(&raw, to, &base, from, row, level);
    }

    #[test]
    fn any_change_to_a_blob_does_no_harm(
        seed: u64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_header: bool,
        to in prop::sample::select(FLOATS.to_vec()),
        from in prop::sample::select(FLOATS.to_vec()),
        level in prop::sample::select(LEVELS.to_vec()),
        kind in 0..3u8,
    ) {
        let (before, after) = match kind {
            0 => adapted(seed, 70, 70, 4),
            1 => trained(seed, 4900, 70),
            _ => like(seed, 4900),
        };
        let (raw, base) = (bytes(to, &after), bytes(from, &before));
        let mut blob = delta(&raw, to, &base, from, 70, level);
        let range = if in_header { blob.header_len } else { blob.bytes.len() };
        for (at, byte) in changes {
            blob.bytes[at.index(range)] = byte;
        }
        decode_unverified(&blob.bytes, &base);
    }
}
