//! Any bytes as a stream, however they come; what is a blob in it is decoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheaf_codec::stream::{HEAD, Reader, Record};

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (part, head, bytes) = input;
    let mut whole = if head { HEAD.to_vec() } else { Vec::new() };
    whole.extend_from_slice(bytes);
    let mut reader = Reader::new();
    for mut part in whole.chunks(usize::from(part) * 8 + 1) {
        loop {
            match reader.next(&mut part) {
                Ok(Some(Record::Blob(blob))) => sheaf_fuzz::decode_all_ways(&blob),
                Ok(Some(Record::NearLossless(_) | Record::End { .. })) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    let _ = reader.finish();
});
