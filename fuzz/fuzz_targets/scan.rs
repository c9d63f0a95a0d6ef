//! Any bytes at all as a file with pickles, by a name that says so and by one that does not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheaf_formats::scan::scan;

fuzz_target!(|bytes: &[u8]| {
    // Memory does not fail to be read.
    let named = scan(&bytes, "model.pkl").unwrap();
    let other = scan(&bytes, "model.bin").unwrap();
    for verdict in named.iter().chain(&other) {
        assert!(!verdict.why.is_empty());
    }
});
