//! TFLite models, made with its schema (`golden/make.py`).
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::{checked_layout, chunks, noise};
use proptest::prelude::*;
use sheaf_codec::Dtype;

fn golden() -> Vec<u8> {
    std::fs::read("tests/golden/model.tflite").unwrap()
}

#[test]
fn tensors_and_their_buffers() {
    let bytes = golden();
    let layout = checked_layout(&bytes);
    assert_eq!(layout.format, "tflite");
    let mut found: Vec<_> = layout
        .tensors
        .iter()
        .map(|t| (&*t.name, &*t.dtype_name, t.dtype, &*t.shape))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("behind", "FLOAT16", Dtype::F16, &[30][..]),
            ("dense/bias", "INT8", Dtype::I8, &[7]),
            ("dense/kernel", "FLOAT32", Dtype::F32, &[20, 30]),
            ("liar", "FLOAT32", Dtype::Unknown, &[6]),
            ("nibbles", "INT4", Dtype::U8, &[3, 3]),
        ]
    );
    let kernel = layout.tensors.iter().find(|t| t.name == "dense/kernel");
    let range = kernel.unwrap().range.clone();
    let expected: Vec<u8> = (0..600).flat_map(|i| (i as f32).to_le_bytes()).collect();
    assert!(bytes[range.start as usize..range.end as usize] == expected);
    let behind = layout.tensors.iter().find(|t| t.name == "behind").unwrap();
    assert_eq!(behind.range, 4096..4156);
}

#[test]
fn a_file_cut_short_has_its_first_tensors() {
    let layout = checked_layout(&golden()[..4100]);
    assert_eq!(layout.tensors.len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files(
        places in proptest::collection::vec((0_usize..4156, any::<u8>()), 0..20),
        cut in 0_usize..4156,
    ) {
        let mut file = golden();
        for (place, byte) in places {
            file[place] = byte;
        }
        chunks(&file);
        file.truncate(cut);
        chunks(&file);
    }

    #[test]
    fn any_bytes_behind_a_magic(seed: u64, len in 0_usize..3000) {
        chunks(&[b"\x10\0\0\0TFL3", &noise(len, seed)[..]].concat());
    }
}
