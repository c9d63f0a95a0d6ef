//! A TFLite model of which some bytes were changed, and others that only begin so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheaf_fuzz::{cut_all_ways, edited};

const GOLDEN: &[&[u8]] = &[include_bytes!(
    "../../crates/formats/tests/golden/model.tflite"
)];

const MAGIC: &[u8] = b"\x14\0\0\0TFL3";

fuzz_target!(|input: (Option<u8>, Vec<(u16, u8)>, &[u8])| {
    let (golden, edits, bytes) = input;
    match golden {
        Some(which) => cut_all_ways(&edited(GOLDEN[usize::from(which) % GOLDEN.len()], &edits)),
        None => cut_all_ways(&[MAGIC, bytes].concat()),
    }
});
