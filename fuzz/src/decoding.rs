//! Bytes taken for a blob, in every way that they can be read.

use sheaf_codec::{CLAIM_LEN, Header, Parsed, decode, inspect};

/// The header, where there is one.
pub fn header(bytes: &[u8]) -> Option<(Box<Header>, usize)> {
    match Header::parse(bytes) {
        Ok(Parsed::Header(header, len)) => Some((header, len)),
        Ok(Parsed::NeedMore(len)) => {
            assert!(len > bytes.len(), "more is asked for than is there");
            None
        }
        Err(_) => None,
    }
}

/// Reads bytes as a blob: whole, each frame alone, without verifying, and as `inspect` does.
pub fn decode_all_ways(bytes: &[u8]) {
    if let Some(claim) = bytes.first_chunk::<CLAIM_LEN>() {
        let _ = Header::claimed_raw_len(claim);
    }
    let _ = inspect::describe(bytes);
    let Some((header, len)) = header(bytes) else {
        assert!(decode(bytes, None).is_err());
        return;
    };
    // A delta's base is as long as the chunk, or of another dtype: whatever it asks for up to that.
    let base = vec![0x3d; header.raw_len() as usize];
    for base in [None, Some(base.as_slice())] {
        if let Ok(raw) = decode(bytes, base) {
            assert_eq!(*blake3::hash(&raw).as_bytes(), header.chunk_id());
        }
        each_frame(&header, &bytes[len..], base);
    }
}

fn each_frame(header: &Header, frames: &[u8], base: Option<&[u8]>) {
    let mut out = vec![7];
    for frame in 0..header.frames() {
        let range = header.stored_range(frame..frame + 1);
        let at = |at: u64| at as usize - header.header_len();
        let Some(stored) = frames.get(at(range.start)..at(range.end)) else {
            return;
        };
        let _ = header.verify_frames(frame..frame + 1, stored);
        if header
            .decode_verified(frame..frame + 1, stored, base, &mut out)
            .is_err()
        {
            assert_eq!(out.len(), 1, "what was decoded in error is there");
        }
        out.truncate(1);
    }
}
