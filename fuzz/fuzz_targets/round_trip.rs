//! What is encoded comes back, whole and frame by frame, and is not longer than is said.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheaf_codec::{decode, inspect, max_blob_len};
use sheaf_fuzz::{Job, header};

fuzz_target!(|job: Job| {
    let blob = job.encode(None);
    assert!(blob.bytes.len() <= max_blob_len(job.raw.len()));
    assert!(decode(&blob.bytes, None).as_ref() == Ok(&job.raw));
    assert!(inspect::describe(&blob.bytes).is_ok());
    let (header, _) = header(&blob.bytes).expect("a header");
    for frame in (0..header.frames()).rev() {
        let range = header.stored_range(frame..frame + 1);
        let stored = &blob.bytes[range.start as usize..range.end as usize];
        let mut raw = Vec::new();
        header
            .decode_frames(frame..frame + 1, stored, None, &mut raw)
            .expect("a frame");
        let range = header.raw_range(frame..frame + 1);
        assert!(raw == job.raw[range.start as usize..range.end as usize]);
    }
});
