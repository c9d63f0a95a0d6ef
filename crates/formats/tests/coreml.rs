//! Core ML's weights.
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::coreml::file;
use common::{checked_layout, chunks, shape};
use proptest::prelude::*;
use sheaf_codec::Dtype;

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
