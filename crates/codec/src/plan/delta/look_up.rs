//! Bytes in the place of bytes, by a table.

/// Whether many bytes are looked up at once.
pub(super) fn looks_up_fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    return crate::cpu::expands_bytes();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Replaces each byte by its entry.
pub(super) fn look_up(table: &[u8; 256], bytes: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if looks_up_fast() {
        // SAFETY: the features were just found.
        #[allow(unsafe_code)]
        return unsafe { wide(table, bytes) };
    }
    look_up_any(table, bytes);
}

fn look_up_any(table: &[u8; 256], bytes: &mut [u8]) {
    for byte in bytes {
        *byte = table[usize::from(*byte)];
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn wide(table: &[u8; 256], bytes: &mut [u8]) {
    use crate::coder::vectors::{load_bytes, load_table, store_bytes};
    use std::arch::x86_64::*;
    let [a, b, c, d] = load_table(table);
    let (groups, rest) = bytes.as_chunks_mut::<64>();
    for group in groups {
        let at = load_bytes(group);
        let low = _mm512_permutex2var_epi8(a, at, b);
        let high = _mm512_permutex2var_epi8(c, at, d);
        store_bytes(
            _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), low, high),
            group,
        );
    }
    look_up_any(table, rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_finds_the_same() {
        let table = std::array::from_fn(|i| (i * 91 % 256) as u8 ^ 0x5a);
        let bytes: Vec<u8> = (0..300u32).map(|i| (i * 7) as u8).collect();
        let (mut best, mut plain) = (bytes.clone(), bytes);
        look_up(&table, &mut best);
        look_up_any(&table, &mut plain);
        assert_eq!(best, plain);
    }
}
