//! What is encoded against a base comes back with it; with another it is an error or the same.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sheaf_codec::{Base, Dtype, decode, max_blob_len};
use sheaf_fuzz::{Bytes, Job, decode_all_ways};

#[derive(Arbitrary, Debug)]
struct Delta {
    job: Job,
    /// Changes of the chunk's words that make the base of it: every so many, by so much.
    every: u8,
    by: i8,
    way: Way,
}

#[derive(Arbitrary, Debug)]
enum Way {
    Near,
    /// The upper halves of the words: bf16 of f32.
    Rounded,
    /// The words as upper halves: f32 of bf16.
    Widened(u16),
    Other(Bytes),
}

impl Delta {
    fn base(&self) -> (Vec<u8>, Dtype) {
        let raw = &self.job.raw;
        let dtype = self.job.dtype;
        match &self.way {
            Way::Near => (self.near(), dtype),
            Way::Rounded => {
                let base = raw.chunks_exact(4).flat_map(|word| word[2..].to_vec());
                (base.collect(), Dtype::Bf16)
            }
            Way::Widened(low) => {
                let base = raw
                    .chunks_exact(2)
                    .flat_map(|word| [&low.to_le_bytes(), word].concat());
                (base.collect(), Dtype::F32)
            }
            Way::Other(Bytes(bytes)) => (bytes.clone(), dtype),
        }
    }

    fn near(&self) -> Vec<u8> {
        let mut base = self.job.raw.clone();
        let words = base.as_chunks_mut::<2>().0;
        for word in words.iter_mut().step_by(usize::from(self.every) + 1) {
            *word = u16::from_le_bytes(*word)
                .wrapping_add(self.by as u16)
                .to_le_bytes();
        }
        base
    }
}

fuzz_target!(|delta: Delta| {
    let (raw, dtype) = delta.base();
    let base = Base {
        id: *blake3::hash(&raw).as_bytes(),
        raw: &raw,
        dtype,
    };
    let blob = delta.job.encode(Some(&base));
    assert!(blob.bytes.len() <= max_blob_len(delta.job.raw.len()));
    let back = decode(&blob.bytes, blob.base.map(|_| raw.as_slice()));
    assert!(back.as_ref() == Ok(&delta.job.raw));
    decode_all_ways(&blob.bytes);
    let mut other = raw.clone();
    other.iter_mut().step_by(3).for_each(|byte| *byte ^= 0x41);
    if let Ok(back) = decode(&blob.bytes, Some(&other)) {
        assert!(back == delta.job.raw);
    }
});
