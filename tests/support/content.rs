//! Made-up bytes to send: the same ones for the same seed.

/// Bytes that nothing makes smaller.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = next(state);
        bytes.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

fn next(mut state: u64) -> u64 {
    state ^= state >> 12;
    state ^= state << 25;
    state ^ (state >> 27)
}

/// Weights as trained models have them, roughly: fp32 of either sign, most of them near 0.03.
pub fn weights(seed: u64, count: usize) -> Vec<u8> {
    let noise = noise(seed, count * 4);
    let (words, _) = noise.as_chunks::<4>();
    let value = |word: &[u8; 4]| {
        let sum: i32 = word.iter().map(|byte| i32::from(*byte) - 128).sum();
        let fine = f32::from(u16::from_le_bytes([word[0], word[3]])) / 65536.0;
        (sum as f32 + fine) * 1.7e-4
    };
    words.iter().map(value).flat_map(f32::to_le_bytes).collect()
}

/// A safetensors file with one tensor of fp32.
pub fn safetensors(seed: u64, count: usize) -> Vec<u8> {
    safetensors_of(seed, &[count])
}

/// A safetensors file with tensors of fp32, each of so many elements.
pub fn safetensors_of(seed: u64, counts: &[usize]) -> Vec<u8> {
    let mut entries = Vec::new();
    let mut start = 0;
    for (number, count) in counts.iter().enumerate() {
        let end = start + count * 4;
        entries.push(format!(
            r#""weight.{number}":{{"dtype":"F32","shape":[{count}],"data_offsets":[{start},{end}]}}"#
        ));
        start = end;
    }
    let header = format!("{{{}}}", entries.join(","));
    with_header(&header, &weights(seed, start / 4))
}

/// A safetensors file with this header, true or not, in front of these bytes.
pub fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}
