//! Tars of any files, of which a few bytes were changed.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sheaf_fuzz::common::tar::write;
use sheaf_fuzz::cut_all_ways;

#[derive(Arbitrary, Debug)]
struct Tar {
    files: Vec<(u8, Vec<u8>)>,
    edits: Vec<(u16, u8)>,
}

fuzz_target!(|tar: Tar| {
    let names: Vec<String> = tar
        .files
        .iter()
        .map(|(len, _)| "n".repeat(usize::from(*len)))
        .collect();
    let files: Vec<(&str, Vec<u8>)> = names
        .iter()
        .zip(tar.files)
        .map(|(name, (_, data))| (&**name, data))
        .collect();
    let mut file = write(&files);
    for (place, byte) in tar.edits {
        let place = usize::from(place) % file.len();
        file[place] = byte;
    }
    cut_all_ways(&file);
});
