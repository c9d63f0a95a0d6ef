//! CTranslate2's models: one written by its own converter (`golden/make.py`), and others by hand.
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::ctranslate2::file;
use common::{checked_layout, chunks, shape};
use proptest::prelude::*;
use sheaf_codec::Dtype;

#[test]
fn variables_of_several_types() {
    let long = "x".repeat(300);
    let bytes = file(
        6,
        &[
            ("encoder/weight", &[500, 300], 4, 300_000),
            ("scale", &[], 0, 4),
            (&long, &[7], 1, 7),
            ("odd", &[8], 1, 7),
            ("later", &[3], 77, 3),
        ],
    );
    let layout = checked_layout(&bytes);
    assert_eq!(layout.format, "ctranslate2");
    let found: Vec<_> = layout
        .tensors
        .iter()
        .map(|t| (&*t.name, &*t.dtype_name, t.dtype, &*t.shape))
        .collect();
    assert_eq!(
        found,
        [
            ("encoder/weight", "f16", Dtype::F16, &[500, 300][..]),
            ("scale", "f32", Dtype::F32, &[]),
            (&long, "i8", Dtype::I8, &[7]),
            ("odd", "i8", Dtype::Unknown, &[8]),
            ("later", "type 77", Dtype::Unknown, &[3]),
        ]
    );
    let said = ("spec".to_owned(), "TransformerSpec".to_owned());
    assert_eq!(layout.metadata, [said]);
    let weight = layout.tensors[0].range.start;
    assert!(shape(&chunks(&bytes)).contains(&(weight, 300_000, Dtype::F16)));
}

#[test]
fn before_types_there_were_widths() {
    let layout = checked_layout(&file(3, &[("a", &[10], 4, 40), ("b", &[10], 1, 10)]));
    let dtypes: Vec<_> = layout.tensors.iter().map(|t| t.dtype).collect();
    assert_eq!(dtypes, [Dtype::F32, Dtype::I8]);
}

#[test]
fn what_its_own_converter_writes() {
    let bytes = std::fs::read("tests/golden/ctranslate2.bin").unwrap();
    let layout = checked_layout(&bytes);
    let found: Vec<_> = layout
        .tensors
        .iter()
        .map(|t| (&*t.name, t.dtype, &*t.shape))
        .collect();
    assert_eq!(
        found,
        [
            ("again/bias", Dtype::F16, &[20][..]),
            ("again/weight", Dtype::I8, &[20, 30]),
            ("again/weight_scale", Dtype::F32, &[20]),
        ]
    );
    assert_eq!(layout.metadata[0].1, "TestSpec");
    chunks(&bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files(
        places in proptest::collection::vec((0_usize..120, any::<u8>()), 0..8),
        cut in 0_usize..10_000,
    ) {
        let mut file = file(6, &[("a", &[10], 0, 40), ("b", &[40, 50], 0, 8000)]);
        for (place, byte) in places {
            file[place] = byte;
        }
        file.truncate(cut);
        chunks(&file);
    }
}
