//! ONNX files.
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::onnx::{Message, model, raw, small, tensor};
use common::{checked_layout, chunks, noise, shape};
use sheaf_codec::Dtype;
use sheaf_formats::{Layout, Sniff, sniff};

fn graph() -> Message {
    Message::default().bytes(2, "g")
}

fn names(layout: &Layout) -> Vec<(&str, &str, Dtype, &[u64])> {
    let tensors = layout.tensors.iter();
    tensors
        .map(|t| (&*t.name, &*t.dtype_name, t.dtype, &*t.shape))
        .collect()
}

#[test]
fn tensors_and_what_the_file_says() {
    let file = small();
    let layout = checked_layout(&file);
    assert_eq!(layout.format, "onnx");
    assert_eq!(
        names(&layout),
        [
            ("shape", "INT64", Dtype::I64, &[100][..]),
            ("a", "FLOAT", Dtype::F32, &[300, 300]),
            ("b", "BFLOAT16", Dtype::Bf16, &[1000]),
        ]
    );
    let said: Vec<_> = layout.metadata.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(
        said,
        [
            ("ir_version", "8"),
            ("producer_name", "sheaf"),
            ("graph", "g")
        ]
    );
    let a = &layout.tensors[1];
    assert!(file[a.range.start as usize..a.range.end as usize] == noise(360_000, 360_000));
}

#[test]
fn a_large_tensor_is_a_chunk_of_its_own() {
    let file = small();
    let a = checked_layout(&file).tensors[1].range.clone();
    let found = shape(&chunks(&file));
    assert!(found.contains(&(a.start, 360_000, Dtype::F32)), "{found:?}");
}

#[test]
fn the_layout_is_found_as_the_file_streams_by() {
    let file = small();
    let mut len = 0;
    loop {
        match sniff(&file[..len], false) {
            Sniff::NeedMore(more) => len = more,
            Sniff::Stream(_) => break,
            Sniff::WholeFile | Sniff::Unknown => panic!("it is not seen what the file is"),
        }
    }
    assert!(len < 200, "{len}");
}

#[test]
fn elements_of_every_width() {
    for (number, bits, dtype) in [
        (1, 32, Dtype::F32),
        (2, 8, Dtype::U8),
        (3, 8, Dtype::I8),
        (7, 64, Dtype::I64),
        (10, 16, Dtype::F16),
        (15, 128, Dtype::C128),
        (17, 8, Dtype::F8E4M3),
        (21, 4, Dtype::U8),
        (22, 4, Dtype::U8),
        (23, 4, Dtype::F4),
        (25, 2, Dtype::U8),
    ] {
        let elements = 4001_u64;
        let len = (elements * bits).div_ceil(8) as usize;
        let tensors = graph()
            .message(5, &raw("right", number, &[elements], len))
            .message(5, &raw("wrong", number, &[elements], len + 1));
        let layout = checked_layout(&model(&tensors));
        let dtypes: Vec<_> = layout.tensors.iter().map(|t| t.dtype).collect();
        assert_eq!(dtypes, [dtype, Dtype::Unknown], "type {number}");
    }
}

#[test]
fn typed_fields() {
    let floats = tensor(1, &[100, 1000])
        .bytes(4, noise(400_000, 1))
        .bytes(8, "floats");
    let doubles = tensor(11, &[1000])
        .bytes(8, "doubles")
        .bytes(10, noise(8000, 1));
    let halves = tensor(10, &[3])
        .bytes(5, [1, 2, 0x80, 0x78])
        .bytes(8, "halves");
    let all = graph()
        .message(5, &floats)
        .message(5, &doubles)
        .message(5, &halves);
    let file = model(&all);
    let layout = checked_layout(&file);
    assert_eq!(
        names(&layout),
        [
            ("floats", "FLOAT", Dtype::F32, &[100, 1000][..]),
            ("doubles", "DOUBLE", Dtype::F64, &[1000]),
            ("halves", "FLOAT16", Dtype::Unknown, &[3]),
        ]
    );
    let hint = chunks(&file)
        .into_iter()
        .find(|c| c.raw.len() == 400_000)
        .unwrap()
        .hint;
    assert_eq!((hint.dtype, hint.row), (Dtype::F32, 1000));
}

#[test]
fn sparse_tensors_subgraphs_and_functions() {
    let sparse = Message::default()
        .message(1, &raw("values", 1, &[500], 2000))
        .message(2, &raw("", 7, &[500], 4000));
    let inner = graph().message(5, &raw("inner", 1, &[700], 2800));
    let branch = Message::default()
        .bytes(1, "then_branch")
        .message(6, &inner);
    let node = Message::default().bytes(2, "out").message(5, &branch);
    let all = graph().message(1, &node).message(15, &sparse);
    let value = Message::default().message(5, &raw("", 1, &[600], 2400));
    let constant = Message::default()
        .bytes(2, "in a function")
        .message(5, &value);
    let function = Message::default().message(7, &constant);
    let mut file = model(&all);
    file.extend(Message::default().message(25, &function).0);
    let found: Vec<_> = checked_layout(&file)
        .tensors
        .into_iter()
        .map(|t| t.name)
        .collect();
    assert_eq!(found, ["inner", "values", "out", "in a function"]);
    chunks(&file);
}

#[test]
fn tensors_in_other_files_are_named_not_shown() {
    let say = |key, value| Message::default().bytes(1, key).bytes(2, value);
    let outside = tensor(1, &[1000])
        .bytes(8, "outside")
        .message(13, &say("location", "model.onnx_data"))
        .message(13, &say("offset", "4096"))
        .number(14, 1);
    let all = graph().message(5, &outside).message(5, &outside);
    let layout = checked_layout(&model(&all));
    assert!(layout.tensors.is_empty());
    let said = layout
        .metadata
        .iter()
        .filter(|(key, _)| key == "external_data");
    assert_eq!(said.count(), 1);
}

#[test]
fn a_file_cut_short_has_its_first_tensors() {
    let file = small();
    let whole = checked_layout(&file);
    for tensors in 0..whole.tensors.len() {
        let short = &file[..whole.tensors[tensors].range.end as usize - 1];
        assert_eq!(checked_layout(short).tensors, whole.tensors[..tensors]);
        chunks(short);
    }
}

#[test]
fn many_small_tensors_and_much_structure() {
    let node = Message::default()
        .bytes(1, "x")
        .bytes(4, "Add")
        .bytes(6, "n".repeat(300));
    let mut all = (0..12_000).fold(graph(), |graph, _| graph.message(1, &node));
    for i in 0..300 {
        // Names that keep the floats in step, and names that do not.
        let name = format!("layer.{i:03}.{}", "b".repeat(i % 3 * 4));
        all = all.message(5, &raw(&name, 1, &[256, 4], 4096));
    }
    let file = model(&all);
    assert_eq!(checked_layout(&file).tensors.len(), 300);
    chunks(&file);
}

#[test]
fn what_only_looks_like_a_model() {
    for bytes in [
        &b"\x08"[..],
        b"\x08\x00\x3a\x02\x0a\x00",
        b"\x08\x07\x3b",
        b"\x08\x07\x0a\x01x",
        b"\x08\x07\x3a\x05\xff\xff\xff\xff\xff",
        b"\x08\x07\x12\xff\xff\xff\xff\x0f",
    ] {
        assert_eq!(checked_layout(bytes).format, "unknown", "{bytes:?}");
    }
    // Nesting without end.
    let mut graph = graph();
    for _ in 0..500 {
        let attribute = Message::default().message(6, &graph);
        let node = Message::default().message(5, &attribute);
        graph = Message::default().message(1, &node);
    }
    let file = model(&graph);
    assert_eq!(checked_layout(&file).format, "onnx");
    chunks(&file);
}
