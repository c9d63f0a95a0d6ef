//! Near-lossless storing: the flag, and what is said of it. Never the default, never silent.

use sheaf_codec::stream;
use sheaf_formats::near_lossless::Bits;
use sheaf_types::Sha256;
use sheaf_types::files::{NearLossless, RoundedTensor};

use crate::words;

/// Reads the flag's value.
pub fn bits(text: &str) -> Result<Bits, String> {
    let bits = text.parse().ok().and_then(Bits::new);
    bits.ok_or_else(|| format!("a number of bits is from 1 to {}", Bits::MAX))
}

/// That a file's weights were rounded.
pub fn note(bits: u8) -> String {
    format!("near-lossless, {bits} bits")
}

/// One line on what was done to a file.
pub fn line(done: &NearLossless) -> String {
    let errors = done.tensors.iter().map(|tensor| tensor.max_error);
    format!(
        "near-lossless: {} rounded down to {} bits, by at most {:.2e}; the original had SHA-256 {}",
        words::count(done.tensors.len() as u64, "tensor"),
        done.bits,
        errors.fold(0.0, f64::max),
        done.original_sha256,
    )
}

/// What a stream tells.
pub fn told(done: stream::NearLossless) -> NearLossless {
    let tensor = |tensor: stream::RoundedTensor| RoundedTensor {
        name: tensor.name,
        max_error: tensor.max_error,
        mean_error: tensor.mean_error,
    };
    NearLossless {
        bits: done.bits,
        original_sha256: Sha256(done.original_sha256),
        tensors: done.tensors.into_iter().map(tensor).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_a_small_number() {
        assert_eq!(bits("16"), Ok(Bits::new(16).unwrap()));
        for text in ["0", "53", "-1", "many", ""] {
            assert!(bits(text).unwrap_err().contains("from 1 to 52"), "{text}");
        }
    }

    #[test]
    fn what_was_done_is_a_line() {
        let tensor = |max_error| RoundedTensor {
            name: "w".into(),
            max_error,
            mean_error: 0.0,
        };
        let done = NearLossless {
            bits: 16,
            original_sha256: Sha256([0xab; 32]),
            tensors: vec![tensor(1.5e-5), tensor(1.25e-5)],
        };
        let said = line(&done);
        let start = "near-lossless: 2 tensors rounded down to 16 bits, by at most 1.50e-5; the ";
        assert!(said.starts_with(start), "{said}");
        assert!(said.ends_with("abab"), "{said}");
    }
}
