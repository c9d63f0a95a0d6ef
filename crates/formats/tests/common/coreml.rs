//! A small writer of Core ML's weights.

use super::noise;

/// Blobs of a kind, each of so many bytes, with so many bits behind the last element.
pub fn file(blobs: &[(u32, usize, u64)]) -> Vec<u8> {
    let mut file = vec![0; 64];
    file[0] = blobs.len() as u8;
    file[4] = 2;
    for &(kind, len, padding) in blobs {
        let start = file.len() as u64 + 64;
        file.extend(0xdead_beef_u32.to_le_bytes());
        file.extend(kind.to_le_bytes());
        [len as u64, start, padding, 0, 0, 0, 0]
            .iter()
            .for_each(|n| file.extend(n.to_le_bytes()));
        file.extend(noise(len, u64::from(kind)));
        file.resize(file.len().next_multiple_of(64), 0);
    }
    file
}
