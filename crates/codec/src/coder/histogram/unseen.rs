//! Bytes that a sample did not show, found many at a time.

/// Sets the count of each byte that occurs and has none to 1.
pub(super) fn count(bytes: &[u8], counts: &mut [u32; 256]) {
    #[cfg(target_arch = "x86_64")]
    if crate::cpu::has_v3() {
        // SAFETY: AVX2 was just found.
        #[allow(unsafe_code)]
        return unsafe { wide::count(bytes, counts) };
    }
    count_any(bytes, counts);
}

fn count_any(bytes: &[u8], counts: &mut [u32; 256]) {
    for &byte in bytes {
        let count = &mut counts[usize::from(byte)];
        *count = (*count).max(1);
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    /// Bytes that are looked at before it is asked whether any is new.
    const RUN: usize = 128;

    /// A set of bytes: for each low half of a byte a bit for each high half, those below 8 and the others.
    struct Set {
        lower: __m256i,
        upper: __m256i,
    }

    impl Set {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn of(counts: &[u32; 256]) -> Set {
            let mut halves = [[0u8; 16]; 2];
            for (byte, _) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                halves[byte >> 7][byte & 15] |= 1 << (byte >> 4 & 7);
            }
            let [lower, upper] = halves.map(|half| {
                let [low, high] = [0, 8].map(|at| {
                    let mut word = [0; 8];
                    word.copy_from_slice(&half[at..at + 8]);
                    i64::from_le_bytes(word)
                });
                _mm256_setr_epi64x(low, high, low, high)
            });
            Set { lower, upper }
        }

        /// All ones in place of each byte that is not in the set.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn without(&self, bytes: __m256i) -> __m256i {
            let bits = _mm256_set1_epi64x(i64::from_le_bytes([1, 2, 4, 8, 16, 32, 64, 128]));
            let half = _mm256_set1_epi8(15);
            let (low, high) = (
                _mm256_and_si256(bytes, half),
                _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half),
            );
            let have = _mm256_blendv_epi8(
                _mm256_shuffle_epi8(self.lower, low),
                _mm256_shuffle_epi8(self.upper, low),
                bytes,
            );
            let bit = _mm256_shuffle_epi8(bits, high);
            _mm256_cmpeq_epi8(_mm256_and_si256(have, bit), _mm256_setzero_si256())
        }
    }

    /// As its plain twin.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn count(bytes: &[u8], counts: &mut [u32; 256]) {
        let mut set = Set::of(counts);
        let (runs, rest) = bytes.as_chunks::<RUN>();
        for run in runs {
            let mut new = _mm256_setzero_si256();
            for part in run.as_chunks::<32>().0 {
                // SAFETY: they are 32 bytes.
                #[allow(unsafe_code)]
                let part = unsafe { _mm256_loadu_si256(part.as_ptr().cast()) };
                new = _mm256_or_si256(new, set.without(part));
            }
            if _mm256_testz_si256(new, new) == 0 {
                super::count_any(run, counts);
                set = Set::of(counts);
            }
        }
        super::count_any(rest, counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_finds_the_same() {
        let mut bytes = vec![0; 5000];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        for mask in [0x11, 0x7f, 0x80, 0xf0, 0xff] {
            let bytes: Vec<u8> = bytes.iter().map(|byte| byte & mask).collect();
            for len in [0, 1, 127, 128, 400, 5000] {
                let mut plain = [0; 256];
                plain[usize::from(bytes[3])] = 9;
                let mut best = plain;
                count_any(&bytes[..len], &mut plain);
                count(&bytes[..len], &mut best);
                assert_eq!(best, plain, "{mask} {len}");
            }
        }
    }
}
