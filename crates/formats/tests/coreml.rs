//! Core ML's weights.
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::{checked_layout, chunks, noise, shape};
use proptest::prelude::*;
use sheaf_codec::Dtype;

/// Blobs of a kind, each of so many bytes, with so many bits behind the last element.
fn file(blobs: &[(u32, usize, u64)]) -> Vec<u8> {
    let mut file = vec![0; 64];
    file[0] = blobs.len() as u8;
    file[4] = 2;
    for &(kind, len, padding) in blobs {
        let start = file.len() as u64 + 64;
        file.extend(0xdead_beef_u32.to_le_bytes());
        file.extend(kind.to_le_bytes());
        [len as u64, start, padding, 0, 0, 0, 0]
            .iter()
            .for_each(|n| file.extend(n.to_le_bytes()));
        file.extend(noise(len, u64::from(kind)));
        file.resize(file.len().next_multiple_of(64), 0);
    }
    file
}

#[test]
fn blobs_of_several_kinds() {
    let bytes = file(&[(1, 600_000, 0), (2, 4000, 0), (8, 50, 4), (99, 10, 0)]);
    let layout = checked_layout(&bytes);
    assert_eq!(layout.format, "coreml");
    let found: Vec<_> = layout
        .tensors
        .iter()
        .map(|t| (&*t.name, &*t.dtype_name, t.dtype, &*t.shape))
        .collect();
    assert_eq!(
        found,
        [
            ("@64", "Float16", Dtype::F16, &[300_000][..]),
            ("@600128", "Float32", Dtype::F32, &[1000]),
            ("@604224", "Int4", Dtype::U8, &[99]),
            ("@604352", "unknown", Dtype::Unknown, &[10]),
        ]
    );
    assert!(shape(&chunks(&bytes)).contains(&(128, 600_000, Dtype::F16)));
}

#[test]
fn a_blob_before_its_record_ends_the_walk() {
    let mut bytes = file(&[(1, 600, 0), (1, 600, 0)]);
    bytes[64 + 16] = 0;
    assert!(checked_layout(&bytes).tensors.is_empty());
    chunks(&bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files(
        places in proptest::collection::vec((0_usize..200, any::<u8>()), 0..8),
        cut in 0_usize..10_000,
    ) {
        let mut file = file(&[(1, 70, 0), (2, 8000, 0), (4, 600, 0)]);
        for (place, byte) in places {
            file[place] = byte;
        }
        file.truncate(cut);
        chunks(&file);
    }
}
