//! Any bytes as a file of any format.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| sheaf_fuzz::cut_all_ways(file));
