//! Files of the kinds that people have.

use std::fs;

/// A folder with these files.
pub fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// Bytes without a pattern, the same at every call.
pub fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

/// Numbers about 0 with a spread of magnitudes, as weights have.
pub fn weights(count: usize) -> Vec<f32> {
    noise(count * 4)
        .chunks_exact(4)
        .map(|b| {
            let part = |low: u8, high: u8| f32::from(u16::from_le_bytes([low, high])) / 65_536.0;
            (part(b[0], b[1]) - 0.5) * part(b[2], b[3]).sqrt() / 7.0
        })
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

/// A safetensors file of tensors: name, dtype, shape, bytes.
pub fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let mut end = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            let start = end;
            end += bytes.len();
            format!(
                r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
            )
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(tensors.iter().flat_map(|(.., bytes)| bytes));
    file
}

/// A bf16 model with a few small fp32 tensors.
pub fn model() -> Vec<u8> {
    let weights = weights(600_000);
    safetensors(&[
        (
            "embed",
            "BF16",
            &[1000, 400],
            bf16_bytes(&weights[..400_000]),
        ),
        ("head", "BF16", &[200_000], bf16_bytes(&weights[400_000..])),
        ("norm", "F32", &[1000], f32_bytes(&weights[..1000])),
    ])
}

/// A GGUF file of one tensor of 8-bit blocks.
pub fn gguf(blocks: usize) -> Vec<u8> {
    let mut file = b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(6u64.to_le_bytes());
    file.extend(b"weight");
    file.extend(1u32.to_le_bytes());
    file.extend((32 * blocks as u64).to_le_bytes());
    const Q8_0: u32 = 8;
    file.extend(Q8_0.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32), 0);
    for (block, weights) in weights(32 * blocks).chunks(32).enumerate() {
        file.extend([block as u8, 0x20]);
        file.extend(weights.iter().map(|x| (x * 700.0) as i8 as u8));
    }
    file
}
