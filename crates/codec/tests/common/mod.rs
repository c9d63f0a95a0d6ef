//! What the tests of blobs share.

// Not every one of them needs all of it.
#![allow(dead_code)]

use sheaf_codec::{Base, Blob, Dtype, Hint, Level};

pub fn id(raw: &[u8]) -> [u8; 32] {
    *blake3::hash(raw).as_bytes()
}

pub fn hint(dtype: Dtype) -> Hint {
    Hint {
        dtype,
        row: 0,
        offset: 0,
    }
}

pub fn encode(raw: &[u8], dtype: Dtype, base: Option<&[u8]>, level: Level) -> Blob {
    let base = base.map(|raw| Base {
        id: id(raw),
        raw,
        dtype,
    });
    sheaf_codec::encode(raw, id(raw), &hint(dtype), base.as_ref(), level)
}

/// Bytes that depend on the seed alone and have no pattern.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

/// Numbers about 0 with a spread of magnitudes, as weights have.
pub fn weights(seed: u64, count: usize) -> Vec<f32> {
    let noise = noise(seed, count * 8);
    let unit = |bytes: &[u8]| {
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as f32 / u32::MAX as f32
    };
    noise
        .chunks_exact(8)
        .map(|b| (unit(&b[..4]) - 0.5) * unit(&b[4..]) * 0.2)
        .collect()
}

pub fn f32_bytes(weights: &[f32]) -> Vec<u8> {
    weights.iter().flat_map(|x| x.to_le_bytes()).collect()
}

pub fn bf16_bytes(weights: &[f32]) -> Vec<u8> {
    weights
        .iter()
        .flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes())
        .collect()
}
