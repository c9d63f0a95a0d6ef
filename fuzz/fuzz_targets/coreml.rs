//! Blobs of Core ML's weights with any records.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheaf_fuzz::cut_all_ways;

fuzz_target!(|records: Vec<(u32, u16, i8, u8, u8)>| {
    let mut file = vec![0; 64];
    file[4] = 2;
    // Few and short, or most of the time goes into pushing them byte by byte.
    for (kind, len, moved, padding, broken) in records.into_iter().take(64) {
        let len = len % 4096;
        let start = (file.len() as u64 + 64).wrapping_add_signed(i64::from(moved / 64));
        let sentinel = if broken == 0 { 0 } else { 0xdead_beef_u32 };
        file.extend(sentinel.to_le_bytes());
        file.extend((kind % 20).to_le_bytes());
        [u64::from(len), start, u64::from(padding), 0, 0, 0, 0]
            .iter()
            .for_each(|number| file.extend(number.to_le_bytes()));
        file.resize(file.len() + usize::from(len), kind as u8);
        file.resize(file.len().next_multiple_of(64), 0);
    }
    cut_all_ways(&file);
});
