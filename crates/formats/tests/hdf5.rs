//! HDF5 files, written by h5py (`golden/make.py`).
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use std::path::Path;

use common::zip::{Entry, Width, write};
use common::{checked_layout, chunks, noise};
use proptest::prelude::*;
use sheaf_codec::Dtype;

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new("tests/golden").join(name)).unwrap()
}

#[test]
fn datasets_of_every_kind() {
    for (file, pieces) in [("earliest.h5", 4), ("latest.h5", 0)] {
        let bytes = golden(file);
        let layout = checked_layout(&bytes);
        assert_eq!(layout.format, "hdf5");
        let find = |name: &str| layout.tensors.iter().find(|tensor| tensor.name == name);
        for (name, word, dtype, shape) in [
            ("layers/dense/vars/0", "float32", Dtype::F32, &[20, 30][..]),
            ("layers/dense/vars/1", "float16", Dtype::F16, &[30]),
            ("other/big", ">float64", Dtype::Unknown, &[7]),
            ("other/bytes", "uint8", Dtype::U8, &[9]),
            ("other/flags", "bool", Dtype::Bool, &[5]),
            ("other/step", "int64", Dtype::I64, &[]),
            ("other/whole", "int32", Dtype::I32, &[8, 8]),
        ] {
            let tensor = find(name).unwrap_or_else(|| panic!("{name} in {file}"));
            let found = (&*tensor.dtype_name, tensor.dtype, &*tensor.shape);
            assert_eq!(found, (word, dtype, shape), "{name} in {file}");
        }
        let weights = find("layers/dense/vars/0").unwrap().range.clone();
        let expected: Vec<u8> = (0..600).flat_map(|i| (i as f32).to_le_bytes()).collect();
        assert!(bytes[weights.start as usize..weights.end as usize] == expected);
        assert!(find("other/deflated").is_none());
        let of_pieces = layout
            .tensors
            .iter()
            .filter(|t| t.name.starts_with("other/pieces["));
        assert_eq!(of_pieces.count(), pieces);
    }
}

#[test]
fn a_chunk_of_a_dataset_is_an_array_of_its_own() {
    let bytes = golden("earliest.h5");
    let layout = checked_layout(&bytes);
    let piece = layout
        .tensors
        .iter()
        .find(|t| t.name == "other/pieces[4, 0]")
        .unwrap();
    assert_eq!((piece.dtype, &*piece.shape), (Dtype::I32, &[4, 8][..]));
    let expected: Vec<u8> = (4..8)
        .flat_map(|row| (0..8).map(move |i| 10 * row + i))
        .flat_map(i32::to_le_bytes)
        .collect();
    assert!(bytes[piece.range.start as usize..piece.range.end as usize] == expected);
}

#[test]
fn a_file_in_a_zip_as_keras_has_it() {
    let entries = [
        Entry::stored("config.json", b"{}".to_vec()),
        Entry::stored("model.weights.h5", golden("earliest.h5")),
    ];
    let layout = checked_layout(&write(&entries, Width::Zip32));
    assert!(
        layout
            .tensors
            .iter()
            .any(|t| t.name == "model.weights.h5.layers/dense/vars/0")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files(
        latest: bool,
        places in proptest::collection::vec((0_usize..20_000, any::<u8>()), 0..12),
        cut in 0_usize..20_000,
    ) {
        let mut file = golden(if latest { "latest.h5" } else { "earliest.h5" });
        for (place, byte) in places {
            let len = file.len();
            file[place % len] = byte;
        }
        chunks(&file);
        file.truncate(cut);
        chunks(&file);
    }

    #[test]
    fn any_bytes_behind_a_magic(seed: u64, len in 0_usize..3000) {
        chunks(&[b"\x89HDF\r\n\x1a\n", &noise(len, seed)[..]].concat());
    }
}
