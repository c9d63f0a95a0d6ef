//! Zips of any entries under the names that mean something, of which a few bytes were changed.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sheaf_fuzz::common::zip::{Entry, Width, write};
use sheaf_fuzz::cut_all_ways;

const NAMES: &[&str] = &[
    "m/data.pkl",
    "m/data/0",
    "m/data/1",
    "m/constants.pkl",
    "m/constants/0",
    "m/byteorder",
    "a.npy",
    "b/c.safetensors",
];

#[derive(Arbitrary, Debug)]
struct Zip {
    wide: bool,
    entries: Vec<(u8, bool, Vec<u8>)>,
    edits: Vec<(u16, u8)>,
}

fuzz_target!(|zip: Zip| {
    let entries: Vec<Entry> = zip
        .entries
        .into_iter()
        .map(|(name, deflated, data)| Entry {
            method: if deflated { 8 } else { 0 },
            ..Entry::stored(NAMES[usize::from(name) % NAMES.len()], data)
        })
        .collect();
    let width = if zip.wide { Width::Zip64 } else { Width::Zip32 };
    let mut file = write(&entries, width);
    for (place, byte) in zip.edits {
        // Most of what is interesting is at the end.
        let place = file.len().saturating_sub(1 + usize::from(place));
        file[place] = byte;
    }
    cut_all_ways(&file);
});
