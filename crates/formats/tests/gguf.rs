//! GGUF files, sound and not.

mod common;

use common::gguf::{Writer, text};
use common::{checked_layout, chunks, shape};
use sheaf_codec::Dtype;

/// A pair of every type of value.
fn all_values(version: u32) -> Writer {
    let array = |kind: u32, len: u64, items: &[u8]| {
        [&kind.to_le_bytes()[..], &len.to_le_bytes(), items].concat()
    };
    let nested = array(9, 2, &[array(0, 1, &[1]), array(8, 1, &text("x"))].concat());
    Writer::new(version)
        .pair("u8", 0, &[200])
        .pair("i8", 1, &[200])
        .pair("u16", 2, &500_u16.to_le_bytes())
        .pair("i16", 3, &(-500_i16).to_le_bytes())
        .pair("u32", 4, &70_000_u32.to_le_bytes())
        .pair("i32", 5, &(-70_000_i32).to_le_bytes())
        .pair("f32", 6, &1e-5_f32.to_le_bytes())
        .pair("bool", 7, &[1])
        .pair("general.architecture", 8, &text("llama"))
        .pair(
            "strings",
            9,
            &array(8, 2, &[text("one"), text("two")].concat()),
        )
        .pair("u64", 10, &(1_u64 << 40).to_le_bytes())
        .pair("i64", 11, &(-1_i64).to_le_bytes())
        .pair("f64", 12, &0.5_f64.to_le_bytes())
        .pair("nested", 9, &nested)
}

#[test]
fn tensors_and_values() {
    for version in [2, 3] {
        let file = all_values(version)
            .tensor("q4", 12, &[512, 2048], 512 * 2048 / 256 * 144)
            .tensor("norm", 0, &[100], 400)
            .tensor("q8", 8, &[3200, 2048], 3200 * 2048 / 32 * 34)
            .finish();
        let layout = checked_layout(&file);
        assert_eq!(layout.format, "gguf");
        let values: Vec<_> = layout.metadata.iter().map(|(_, value)| &**value).collect();
        let expected = [
            "200",
            "-56",
            "500",
            "-500",
            "70000",
            "-70000",
            "1e-5",
            "true",
            "llama",
            "[string; 2]",
            "1099511627776",
            "-1",
            "0.5",
            "[array; 2]",
        ];
        assert_eq!(values, expected);
        let q4 = &layout.tensors[0];
        assert_eq!(
            (&*q4.dtype_name, q4.dtype, &q4.shape[..]),
            ("Q4_K", Dtype::GgmlQ4K, &[2048, 512][..])
        );

        let data = q4.range.start;
        let chunks = chunks(&file);
        let norm = data + 589_824;
        let expected = [
            (0, data as usize, Dtype::Bytes),
            (data, 589_824, Dtype::GgmlQ4K),
            // With the padding to the next multiple of 32.
            (norm, 416, Dtype::F32),
            (norm + 416, 4_456_448, Dtype::GgmlQ8_0),
            (
                norm + 416 + 4_456_448,
                6_963_200 - 4_456_448,
                Dtype::GgmlQ8_0,
            ),
        ];
        assert_eq!(shape(&chunks), expected);
        assert_eq!((chunks[4].hint.row, chunks[4].hint.offset), (3200, 4 << 20));
    }
}

#[test]
fn alignment_is_as_the_file_says() {
    let mut writer = Writer::new(3).pair("general.alignment", 4, &4096_u32.to_le_bytes());
    writer.alignment = 4096;
    let file = writer
        .tensor("a", 0, &[5], 20)
        .tensor("b", 30, &[5], 10)
        .finish();
    let starts: Vec<_> = checked_layout(&file)
        .tensors
        .iter()
        .map(|t| t.range.clone())
        .collect();
    assert_eq!(starts, [4096..4116, 8192..8202]);
    for wrong in [0_u32, 3, 48, 1 << 30] {
        let writer = Writer::new(3).pair("general.alignment", 4, &wrong.to_le_bytes());
        assert_eq!(checked_layout(&writer.finish()).format, "unknown");
    }
}

#[test]
fn types_of_later_versions_end_at_the_next_tensor() {
    let file = Writer::new(3)
        .tensor("new", 200, &[32], 640_000)
        .tensor("known", 1, &[320_000], 640_000)
        .tensor("uneven", 2, &[33], 640)
        .tensor("last", 201, &[32], 700_000)
        .finish();
    let layout = checked_layout(&file);
    let found: Vec<_> = layout
        .tensors
        .iter()
        .map(|t| {
            (
                &*t.name,
                &*t.dtype_name,
                t.dtype,
                t.range.end - t.range.start,
            )
        })
        .collect();
    let expected = [
        ("new", "TYPE 200", Dtype::Unknown, 640_000),
        ("known", "F16", Dtype::F16, 640_000),
        ("uneven", "Q4_0", Dtype::Unknown, 640),
    ];
    assert_eq!(found.len(), 3);
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(
            (found.0, found.2, found.3),
            (expected.0, expected.2, expected.3)
        );
        assert!(found.1.eq_ignore_ascii_case(expected.1));
    }
    chunks(&file);
}

#[test]
fn a_long_header_is_asked_for_piece_by_piece() {
    let strings: Vec<u8> = (0..100_000)
        .flat_map(|i| text(&format!("token {i}")))
        .collect();
    let array = [
        &8_u32.to_le_bytes()[..],
        &100_000_u64.to_le_bytes(),
        &strings,
    ]
    .concat();
    let file = Writer::new(3)
        .pair("tokens", 9, &array)
        .tensor("a", 0, &[1 << 17], 1 << 19)
        .finish();
    assert!(chunks(&file).len() > 4);
    assert_eq!(checked_layout(&file).tensors.len(), 1);
}

#[test]
fn long_arrays_of_numbers_are_cut_as_tensors() {
    let array = |kind: u32, len: u64, item: &[u8]| {
        let items = item.repeat(len as usize);
        [&kind.to_le_bytes()[..], &len.to_le_bytes(), &items].concat()
    };
    let file = Writer::new(3)
        .pair("scores", 9, &array(6, 1 << 18, &1_f32.to_le_bytes()))
        .pair("few", 9, &array(6, 100, &1_f32.to_le_bytes()))
        .pair("types", 9, &array(5, 1 << 15, &[1, 0, 0, 0]))
        .tensor("a", 0, &[1 << 17], 1 << 19)
        .finish();
    let found: Vec<_> = chunks(&file)
        .iter()
        .map(|chunk| (chunk.raw.len(), chunk.hint.dtype))
        .collect();
    let expected = [
        (24 + 8 + 6 + 4 + 12, Dtype::Bytes),
        (1 << 20, Dtype::F32),
        (8 + 3 + 4 + 12 + 400 + 8 + 5 + 4 + 12, Dtype::Bytes),
        (1 << 17, Dtype::I32),
        (found[4].0, Dtype::Bytes),
        (1 << 19, Dtype::F32),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_lies_is_unknown() {
    let head = |tensors: u64, pairs: u64| {
        [
            b"GGUF\x03\0\0\0",
            &tensors.to_le_bytes()[..],
            &pairs.to_le_bytes(),
            &[0; 40],
        ]
        .concat()
    };
    let array = |kind: u32, len: u64| {
        Writer::new(3)
            .pair(
                "a",
                9,
                &[&kind.to_le_bytes()[..], &len.to_le_bytes()].concat(),
            )
            .header()
    };
    let deep: Vec<u8> = [&9_u32.to_le_bytes()[..], &1_u64.to_le_bytes()]
        .concat()
        .repeat(5000);
    let files = [
        b"GGUF".to_vec(),
        b"GGUF\x01\0\0\0".to_vec(),
        b"GGUF\0\0\0\x03".to_vec(),
        head(u64::MAX, 0),
        head(1 << 18, 0),
        head(0, u64::MAX),
        head(0, 4),
        array(0, u64::MAX),
        array(10, 1 << 61),
        array(8, 1 << 60),
        array(13, 1),
        Writer::new(3).pair("a", 9, &deep).header(),
        Writer::new(3).pair("a", 99, &[]).header(),
        Writer::new(3)
            .pair("a", 8, &u64::MAX.to_le_bytes())
            .header(),
        Writer::new(3).tensor("a", 0, &[1; 9], 4).header(),
    ];
    for file in files {
        assert_eq!(checked_layout(&file).format, "unknown", "{file:.60x?}");
        chunks(&file);
    }
    let overflow = Writer::new(3)
        .tensor("a", 0, &[1 << 33, 1 << 33], 4)
        .finish();
    assert_eq!(checked_layout(&overflow).tensors, []);
    chunks(&overflow);
}
