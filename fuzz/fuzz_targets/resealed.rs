//! Any bytes as a blob whose frames have the right hashes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut blob = bytes.to_vec();
    if sheaf_fuzz::reseal(&mut blob) {
        sheaf_fuzz::decode_all_ways(&blob);
    }
});
