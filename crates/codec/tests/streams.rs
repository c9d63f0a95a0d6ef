//! Streams come apart into what was put in, however their bytes come, and nothing else does.

// Helpers outside of a test function are held to the library's rule otherwise.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use proptest::prelude::*;
use sheaf_codec::stream::{self, Error, MAX_BLOB_LEN, NearLossless, Reader, Record, RoundedTensor};
use sheaf_codec::{Dtype, Level, decode};

fn write(blobs: &[Vec<u8>], size: u64, sha256: [u8; 32]) -> Vec<u8> {
    let mut out = stream::HEAD.to_vec();
    for blob in blobs {
        out.extend(stream::blob_prefix(blob.len() as u32));
        out.extend(blob);
    }
    out.extend(stream::end(size, sha256));
    out
}

/// Reads a stream that comes in parts of so many bytes.
fn read(bytes: &[u8], part: usize) -> Result<Vec<Record>, Error> {
    let mut reader = Reader::new();
    let mut records = Vec::new();
    for mut input in bytes.chunks(part) {
        while let Some(record) = reader.next(&mut input)? {
            records.push(record);
        }
        assert!(input.is_empty());
    }
    reader.finish()?;
    Ok(records)
}

/// A stream of three chunks, and their bytes.
fn sample() -> (Vec<u8>, Vec<u8>) {
    let chunks = [
        bf16_bytes(&weights(1, 300)),
        f32_bytes(&weights(2, 120)),
        b"some text".repeat(9),
    ];
    let blobs: Vec<Vec<u8>> = chunks
        .iter()
        .map(|raw| encode(raw, Dtype::Bf16, None, Level::Default).bytes)
        .collect();
    let raw = chunks.concat();
    (write(&blobs, raw.len() as u64, id(&raw)), raw)
}

/// The file that a stream holds. BLAKE3 stands for SHA-256, which this crate does not have.
fn file(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    for record in read(bytes, 64).ok()? {
        match record {
            Record::Blob(blob) => raw.extend(decode(&blob, None).ok()?),
            Record::End { size, sha256 } if size == raw.len() as u64 && sha256 == id(&raw) => {}
            Record::End { .. } => return None,
            Record::NearLossless(_) => {}
        }
    }
    Some(raw)
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let stream = write(&[b"blob".to_vec()], 0x0102, [7; 32]);
    let mut expected = b"\x8f\x53\x68\x46\x02\x01\x04\0\0\0blob\0\x02\x01\0\0\0\0\0\0".to_vec();
    expected.extend([7; 32]);
    assert_eq!(stream, expected);
    assert_eq!(
        read(&write(&[], 0, [0; 32]), 7).unwrap(),
        [Record::End {
            size: 0,
            sha256: [0; 32]
        }]
    );
}

#[test]
fn a_stream_that_stops_is_truncated() {
    let (stream, raw) = sample();
    assert!(file(&stream).unwrap() == raw);
    for len in 0..stream.len() {
        assert_eq!(
            read(&stream[..len], 1000),
            Err(Error::Truncated),
            "{len} bytes"
        );
    }
}

#[test]
fn no_changed_byte_gives_another_file() {
    let (stream, raw) = sample();
    for at in 0..stream.len() {
        for flip in [1, 0x10, 0x80, 0xff] {
            let mut bad = stream.clone();
            bad[at] ^= flip;
            // A hint may change without a change of the file.
            assert!(file(&bad).is_none_or(|file| file == raw), "byte {at}");
        }
    }
}

#[test]
fn what_is_no_stream_is_named() {
    let (stream, _) = sample();
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = stream.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        read(&bad, 3)
    };
    assert_eq!(with(0, b"GGUF"), Err(Error::Magic));
    assert_eq!(read(b"no", 3), Err(Error::Magic));
    assert_eq!(with(4, &[3]), Err(Error::Version(3)));
    assert!(with(4, &[1]).is_ok());
    assert_eq!(with(5, &[9]), Err(Error::Kind(9)));
    let long = [&stream[..], b"x"].concat();
    assert_eq!(read(&long, 3), Err(Error::AfterEnd));
    assert_eq!(read(&long, long.len() - 1), Err(Error::AfterEnd));
}

#[test]
fn what_was_done_before_is_told_after_the_blobs() {
    let told = NearLossless {
        bits: 16,
        original_sha256: [9; 32],
        tensors: vec![RoundedTensor {
            name: "w".into(),
            max_error: 1e-5,
            mean_error: 5e-6,
        }],
    };
    let (stream, raw) = sample();
    let at = stream.len() - stream::end(0, [0; 32]).len();
    let (before, end) = stream.split_at(at);
    let record = told.record();
    let noted = [before, &record, end].concat();
    for part in [1, 10, 10_000] {
        let records = read(&noted, part).unwrap();
        assert_eq!(records[3], Record::NearLossless(told.clone()));
        assert_eq!(records.len(), 5);
    }
    assert!(file(&noted).unwrap() == raw);
    let twice = [before, &record, &record, end].concat();
    assert_eq!(read(&twice, 9), Err(Error::Kind(2)));
    let early = [before, &record, &before[5..], end].concat();
    assert_eq!(read(&early, 9), Err(Error::Kind(1)));
    let long = [before, &[2, 0, 0, 0, 3], end].concat();
    assert_eq!(read(&long, 9), Err(Error::NearLossless));
    assert_eq!(read(&noted[..at + 20], 9), Err(Error::Truncated));
}

#[test]
fn a_length_is_not_believed() {
    assert_eq!(MAX_BLOB_LEN, 16_781_218, "docs/format.md says so");
    for len in [MAX_BLOB_LEN as u32 + 1, u32::MAX] {
        let bad = [&stream::HEAD[..], &stream::blob_prefix(len)].concat();
        assert_eq!(read(&bad, 100), Err(Error::BlobLen(len)));
    }
    let longest = stream::blob_prefix(MAX_BLOB_LEN as u32);
    let claimed = [&stream::HEAD[..], &longest, b"little"].concat();
    assert_eq!(read(&claimed, 100), Err(Error::Truncated));
}

proptest! {
    #[test]
    fn any_blobs_come_back(
        blobs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..6),
        size in any::<u64>(), sha256 in any::<[u8; 32]>(), part in 1usize..700,
    ) {
        let bytes = write(&blobs, size, sha256);
        let len = stream::stream_len(blobs.len() as u64, blobs.iter().map(|blob| blob.len() as u64).sum());
        prop_assert_eq!(bytes.len() as u64, len);
        let mut expected: Vec<Record> = blobs.into_iter().map(Record::Blob).collect();
        expected.push(Record::End { size, sha256 });
        prop_assert_eq!(read(&bytes, part).unwrap(), expected);
    }

    #[test]
    fn anything_is_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), part in 1usize..50,
    ) {
        let _ = read(&[&stream::HEAD[..], &bytes].concat(), part);
    }
}
