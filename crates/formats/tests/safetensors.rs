//! safetensors files, sound and not.

mod common;

use common::{checked_layout, chunks, safetensors, shape};
use sheaf_codec::Dtype;

#[test]
fn tensors_and_chunks() {
    let file = safetensors::file(&[
        ("embed", "BF16", 2, &[3000, 1500]),
        ("a.bias", "F32", 4, &[1000]),
        ("b.bias", "F32", 4, &[1000]),
        ("scalar", "I64", 8, &[]),
        ("c.bias", "F32", 4, &[1000]),
        ("double", "F64", 8, &[3, 1 << 20]),
        ("empty", "F16", 2, &[0, 9]),
    ]);
    let layout = checked_layout(&file);
    assert_eq!(layout.format, "safetensors");
    assert_eq!(layout.metadata, [("format".to_owned(), "pt".to_owned())]);
    assert_eq!(layout.tensors.len(), 7);
    assert_eq!(layout.tensors[0].dtype_name, "BF16");
    assert_eq!(layout.tensors[0].shape, [3000, 1500]);
    let data = layout.tensors[0].range.start;

    let chunks = chunks(&file);
    let expected = [
        (0, data as usize, Dtype::Bytes),
        (data, 8 << 20, Dtype::Bf16),
        (data + (8 << 20), 9_000_000 - (8 << 20), Dtype::Bf16),
        (data + 9_000_000, 12_008, Dtype::F32),
        (data + 9_012_008, 16 << 20, Dtype::F64),
        (data + 9_012_008 + (16 << 20), 8 << 20, Dtype::F64),
    ];
    assert_eq!(shape(&chunks), expected);
    assert_eq!((chunks[2].hint.row, chunks[2].hint.offset), (1500, 4 << 20));
    assert_eq!(
        (chunks[5].hint.row, chunks[5].hint.offset),
        (1 << 20, 2 << 20)
    );
}

#[test]
fn every_dtype() {
    let words = [
        ("BOOL", 1, Dtype::Bool),
        ("U8", 1, Dtype::U8),
        ("I8", 1, Dtype::I8),
        ("U16", 2, Dtype::U16),
        ("I16", 2, Dtype::I16),
        ("U32", 4, Dtype::U32),
        ("I32", 4, Dtype::I32),
        ("U64", 8, Dtype::U64),
        ("I64", 8, Dtype::I64),
        ("F16", 2, Dtype::F16),
        ("BF16", 2, Dtype::Bf16),
        ("F32", 4, Dtype::F32),
        ("F64", 8, Dtype::F64),
        ("C64", 8, Dtype::C64),
        ("F8_E4M3", 1, Dtype::F8E4M3),
        ("F8_E5M2", 1, Dtype::F8E5M2),
        ("F8_E8M0", 1, Dtype::F8E8M0),
    ];
    let tensors: Vec<_> = words
        .iter()
        .map(|&(word, width, _)| (word, word, width, &[7_u64, 3][..]))
        .collect();
    let layout = checked_layout(&safetensors::file(&tensors));
    let found: Vec<_> = layout.tensors.iter().map(|tensor| tensor.dtype).collect();
    assert_eq!(found, words.map(|word| word.2));
}

#[test]
fn elements_of_less_than_a_byte() {
    let header = r#"{"f4":{"dtype":"F4","shape":[4,4],"data_offsets":[0,8]},
        "f6":{"dtype":"F6_E2M3","shape":[8],"data_offsets":[8,14]}}"#;
    let layout = checked_layout(&safetensors::raw(header, &[0; 14]));
    assert_eq!(layout.tensors.len(), 2);
    assert_eq!(layout.tensors[1].dtype, Dtype::F6E2M3);
    let odd = r#"{"f4":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#;
    assert_eq!(
        checked_layout(&safetensors::raw(odd, &[0; 2])).format,
        "unknown"
    );
}

#[test]
fn dtypes_of_later_versions_spare_the_rest() {
    let header = r#"{"new":{"dtype":"F3","shape":[9],"data_offsets":[0,5]},
        "old":{"dtype":"F32","shape":[2],"data_offsets":[5,13],"more":[{}]}}"#;
    let layout = checked_layout(&safetensors::raw(header, &[0; 13]));
    let found: Vec<_> = layout
        .tensors
        .iter()
        .map(|t| (&*t.dtype_name, t.dtype))
        .collect();
    assert_eq!(found, [("F3", Dtype::Unknown), ("F32", Dtype::F32)]);
}

#[test]
fn what_lies_is_unknown() {
    let one = |info: &str| format!(r#"{{"a":{info}}}"#);
    let headers = [
        String::new(),
        "[]".to_owned(),
        "{".to_owned(),
        "{\"a\":1}".to_owned(),
        one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#),
        one(r#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#),
        one(r#"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#),
        one(r#"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#),
        one(r#"{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}"#),
        one(r#"{"dtype":"F8","shape":[1],"data_offsets":[0,18446744073709551615]}"#),
        one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#),
        one(&format!(
            r#"{{"dtype":"U8","shape":[{}1],"data_offsets":[0,1]}}"#,
            "1,".repeat(64)
        )),
        one(&format!(
            r#"{{"dtype":"U8","shape":{}"#,
            "[".repeat(100_000)
        )),
        r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
            "a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#
            .to_owned(),
        "{\"\u{0}\":{}}".to_owned(),
    ];
    for header in headers {
        let file = safetensors::raw(&header, &[0; 16]);
        assert_eq!(checked_layout(&file).format, "unknown", "{header:.60}");
        chunks(&file);
    }
    let not_text = [&8_u64.to_le_bytes()[..], b"{\"\xff\xfe\":1}"].concat();
    assert_eq!(checked_layout(&not_text).format, "unknown");
}

#[test]
fn lengths_of_headers() {
    for len in [
        0,
        1,
        100,
        (16 << 20) - 8,
        (16 << 20) - 7,
        1 << 40,
        u64::MAX - 7,
        u64::MAX,
    ] {
        let file = [&len.to_le_bytes()[..], b"{}", &[b' '; 90]].concat();
        assert_eq!(checked_layout(&file).format, "unknown", "{len}");
        chunks(&file);
    }
    let file = safetensors::raw("{}", b"rest");
    assert_eq!(checked_layout(&file).format, "safetensors");
    assert_eq!(
        shape(&chunks(&file)),
        [(0, 10, Dtype::Bytes), (10, 4, Dtype::Unknown)]
    );
}

#[test]
fn order_gaps_overlaps_and_what_follows() {
    let header = r#"{
        "late":{"dtype":"F32","shape":[100000],"data_offsets":[1000000,1400000]},
        "early":{"dtype":"BF16","shape":[200000],"data_offsets":[0,400000]},
        "inside":{"dtype":"F32","shape":[100000],"data_offsets":[100,400100]},
        "nothing":{"dtype":"F32","shape":[0],"data_offsets":[77,77]}}"#;
    let file = safetensors::raw(header, &common::noise(1_500_000, 3));
    let data = 8 + header.len() as u64;
    let names: Vec<_> = checked_layout(&file)
        .tensors
        .into_iter()
        .map(|t| t.name)
        .collect();
    assert_eq!(names, ["early", "nothing", "inside", "late"]);
    let chunks = chunks(&file);
    let has = |start: u64, len: usize, dtype| {
        assert!(
            shape(&chunks).contains(&(data + start, len, dtype)),
            "{:?}",
            shape(&chunks)
        );
    };
    has(0, 400_000, Dtype::Bf16);
    has(1_000_000, 400_000, Dtype::F32);
    has(1_400_000, 100_000, Dtype::Unknown);
}

#[test]
fn a_truncated_file_is_cut_as_far_as_it_goes() {
    let file = safetensors::file(&[("a", "F32", 4, &[1 << 20]), ("b", "F32", 4, &[1 << 20])]);
    let whole = chunks(&file);
    let cut = &file[..file.len() - (5 << 20)];
    let part = chunks(cut);
    assert_eq!(part[0], whole[0]);
    assert_eq!(part[1].offset, whole[1].offset);
    assert_eq!(part[1].raw.len(), 3 << 20);
    let layout = checked_layout(cut);
    assert_eq!((layout.format, layout.tensors.len()), ("safetensors", 0));
}

#[test]
fn packed_words_are_cut_and_coded_as_bytes() {
    let file = safetensors::file(&[
        ("a.qweight", "I32", 4, &[400, 300]),
        ("a.g_idx", "I32", 4, &[100_000]),
    ]);
    let tensors = checked_layout(&file).tensors;
    assert!(tensors.iter().all(|tensor| tensor.dtype == Dtype::I32));
    let hints: Vec<_> = chunks(&file)
        .iter()
        .map(|c| (c.hint.dtype, c.hint.row))
        .collect();
    assert_eq!(hints[1..], [(Dtype::U8, 1200), (Dtype::I32, 0)]);
}
