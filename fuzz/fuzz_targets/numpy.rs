//! Any bytes as the header of an array, and behind it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (version, len, bytes) = input;
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version % 4, 0]);
    file.extend(len.to_le_bytes());
    if version % 4 > 1 {
        file.extend([0, 0]);
    }
    file.extend(bytes);
    sheaf_fuzz::cut_all_ways(&file);
});
