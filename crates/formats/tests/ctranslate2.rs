//! CTranslate2's models: one written by its own converter (`golden/make.py`), and others by hand.
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::{checked_layout, chunks, noise, shape};
use proptest::prelude::*;
use sheaf_codec::Dtype;

fn text(text: &str) -> Vec<u8> {
    let len = text.len() as u16 + 1;
    [&len.to_le_bytes()[..], text.as_bytes(), b"\0"].concat()
}

/// A model of variables with a name, a shape, a type and a number of bytes.
fn file(version: u32, variables: &[(&str, &[u32], u8, usize)]) -> Vec<u8> {
    let mut file = version.to_le_bytes().to_vec();
    file.extend(text("TransformerSpec"));
    file.extend(3_u32.to_le_bytes());
    file.extend((variables.len() as u32).to_le_bytes());
    for &(name, shape, kind, len) in variables {
        file.extend(text(name));
        file.push(shape.len() as u8);
        shape.iter().for_each(|n| file.extend(n.to_le_bytes()));
        file.push(kind);
        let count = if version < 4 {
            len / usize::from(kind)
        } else {
            len
        };
        file.extend((count as u32).to_le_bytes());
        file.extend(noise(len, len as u64));
    }
    file.extend(1_u32.to_le_bytes());
    file.extend(text("decoder/embeddings/weight"));
    file.extend(text("encoder/embeddings/weight"));
    file
}

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
