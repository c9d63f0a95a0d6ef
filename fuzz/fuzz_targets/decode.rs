//! Any bytes at all as a blob.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sheaf_fuzz::decode_all_ways(bytes));
