//! A blob of which a few bytes were changed, all hashes right.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sheaf_fuzz::{Job, decode_all_ways, reseal};

#[derive(Arbitrary, Debug)]
struct Edited {
    edits: [Edit; 4],
    job: Job,
}

#[derive(Arbitrary, Debug)]
struct Edit {
    /// In the header, behind it, or anywhere.
    kind: u8,
    at: u16,
    value: u8,
}

fuzz_target!(|edited: Edited| {
    let blob = edited.job.encode(None);
    let mut bytes = blob.bytes;
    // What says how long things are stays, or there is nothing left to look at.
    let kept = 60;
    for edit in &edited.edits {
        let (from, to) = match edit.kind % 4 {
            0 => continue,
            1 => (kept, blob.header_len),
            2 => (blob.header_len, bytes.len().min(blob.header_len + 200)),
            _ => (blob.header_len, bytes.len()),
        };
        if from < to {
            bytes[from + usize::from(edit.at) % (to - from)] = edit.value;
        }
    }
    reseal(&mut bytes);
    decode_all_ways(&bytes);
});
