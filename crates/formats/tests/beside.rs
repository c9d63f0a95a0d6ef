//! Data files, whose layout is in a file beside them: written by the formats' own writers
//! (`golden/make.py`), and others by hand.
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::beside::{Folder, ask, cut, folder};
use common::onnx::{Message, model, tensor};
use common::{noise, safetensors, shape};
use proptest::prelude::*;
use sheaf_codec::Dtype;
use sheaf_formats::{Chunk, Layout, Tensor, layout};

/// What the formats' own writers wrote, in a folder.
fn golden() -> Folder {
    let files = std::fs::read_dir("tests/golden/beside")
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (format!("m/{name}"), std::fs::read(file.path()).unwrap())
        });
    files.collect()
}

/// An index of the golden ones, its data file, and the format of both.
const GOLDEN: [(&str, &str, &str); 4] = [
    ("m/external.onnx", "m/external.onnx_data", "onnx"),
    ("m/graph.xml", "m/graph.bin", "openvino"),
    (
        "m/checkpoint.index",
        "m/checkpoint.data-00000-of-00001",
        "tensorflow",
    ),
    ("m/weights_manifest.json", "m/group1-shard1of1.bin", "tfjs"),
];

fn words(tensors: &[Tensor]) -> Vec<String> {
    let words = |t: &Tensor| format!("{} {} {:?} {:?}", t.name, t.dtype_name, t.shape, t.range);
    tensors.iter().map(words).collect()
}

fn layout_of(folder: &Folder, data: &str) -> Layout {
    cut(ask(folder, data).unwrap(), &folder[data]).1
}

#[test]
fn what_the_formats_own_writers_wrote() {
    let folder = golden();
    for (index, data, format) in GOLDEN {
        let of_data = layout_of(&folder, data);
        assert_eq!(of_data.format, format);
        let of_index = layout(&folder[index]).unwrap();
        assert_eq!(of_index.format, format);
        assert_eq!(of_index.beside.len(), 1);
        assert_eq!(of_index.beside[0].tensors, of_data.tensors);
        assert_eq!(layout(&folder[data]).unwrap().format, Layout::UNKNOWN);
    }
}

#[test]
fn tensors_of_onnx() {
    let found = layout_of(&golden(), "m/external.onnx_data");
    let expected = [
        "embed FLOAT [20, 30] 0..2400",
        "halves FLOAT16 [2000] 2400..6400",
        "ids INT64 [300] 6400..8800",
    ];
    assert_eq!(words(&found.tensors), expected);
    let index = layout(&golden()["m/external.onnx"]).unwrap();
    assert_eq!(words(&index.tensors).len(), 1);
    assert_eq!(index.beside[0].place.to_string(), "external.onnx_data");
}

#[test]
fn tensors_of_openvino() {
    let found = layout_of(&golden(), "m/graph.bin");
    let expected = [
        "dense & \"kernel\" f32 [20, 30] 0..2400",
        "halves f16 [30] 2400..2460",
    ];
    assert_eq!(words(&found.tensors), expected);
    assert_eq!(found.tensors[0].dtype, Dtype::F32);
}

#[test]
fn tensors_of_tensorflow() {
    let found = layout_of(&golden(), "m/checkpoint.data-00000-of-00001");
    let words = words(&found.tensors);
    let end = "/.ATTRIBUTES/VARIABLE_VALUE";
    for expected in [
        format!("model/kernel{end} float32 [20, 30] 0..2400"),
        format!("model/layers/1{end} bfloat16 [7] 2424..2438"),
        format!("model/step{end} int64 [] 2400..2408"),
    ] {
        assert!(words.contains(&expected), "{words:#?}");
    }
    assert!(
        words
            .iter()
            .any(|word| word.starts_with("_CHECKPOINTABLE_OBJECT_GRAPH string"))
    );
    let index = layout(&golden()["m/checkpoint.index"]).unwrap();
    assert_eq!(index.beside[0].place.to_string(), "*.data-00000-of-00001");
}

#[test]
fn tensors_of_tfjs() {
    let found = layout_of(&golden(), "m/group1-shard1of1.bin");
    let expected = [
        "dense/kernel uint8 [20, 30] 0..600",
        "dense/bias float32 [30] 600..720",
        "ids int32 [9] 720..756",
    ];
    assert_eq!(words(&found.tensors), expected);
}

#[test]
fn tensors_that_lie_in_two_shards() {
    const SHARD: usize = 4 << 20;
    let index = br#"{"modelTopology": {"x": [1]}, "weightsManifest": [{"paths": ["s1.bin", "./s2.bin"], "weights": [
        {"name": "odd", "shape": [3], "dtype": "uint8"},
        {"name": "cut", "shape": [1500, 1000], "dtype": "float32"},
        {"name": "last", "shape": [10], "dtype": "float32", "quantization": {"dtype": "float16"}}]}]}"#;
    let all = noise(3 + 6_000_000 + 20, 1);
    let folder = folder(&[
        ("model.json", index),
        ("s1.bin", &all[..SHARD]),
        ("s2.bin", &all[SHARD..]),
    ]);
    let first = layout_of(&folder, "s1.bin");
    let expected = ["odd uint8 [3] 0..3", "cut float32 [1048575] 3..4194304"];
    assert_eq!(words(&first.tensors), expected);
    let second = layout_of(&folder, "s2.bin");
    // An element lies in both.
    let expected = [
        "cut float32 [451424] 3..1805699",
        "last float16 [10] 1805699..1805719",
    ];
    assert_eq!(words(&second.tensors), expected);
    let (chunks, _) = cut(ask(&folder, "s2.bin").unwrap(), &folder["s2.bin"]);
    assert_eq!(shape(&chunks)[1], (3, 1_805_696, Dtype::F32));
}

#[test]
fn shards_of_no_known_length_are_unknown() {
    let weights = r#"[{"name": "w", "shape": [7], "dtype": "float32"}]"#;
    let index = format!(r#"[{{"paths": ["s1.bin", "s2.bin"], "weights": {weights}}}]"#);
    let folder = folder(&[("model.json", index.as_bytes()), ("s1.bin", &[0; 16])]);
    assert_eq!(ask(&folder, "s1.bin"), None);
}

#[test]
fn tensors_of_mlc() {
    let index = br#"{"metadata": {"ParamSize": 2}, "records": [{"dataPath": "params_shard_0.bin",
        "format": "raw-shard", "nbytes": 412, "md5sum": "", "records": [
        {"name": "q", "shape": [10, 10], "dtype": "uint32", "format": "f32-to-bf16", "nbytes": 400, "byteOffset": 0},
        {"name": "s", "shape": [2], "dtype": "float32", "format": "f32-to-bf16", "nbytes": 4, "byteOffset": 400},
        {"name": "liar", "shape": [9], "dtype": "float32", "format": "raw", "nbytes": 4, "byteOffset": 404},
        {"name": "past", "shape": [9], "dtype": "int8", "format": "raw", "nbytes": 9, "byteOffset": 404}]}]}"#;
    let folder = folder(&[
        ("ndarray-cache.json", index),
        ("params_shard_0.bin", &noise(412, 3)),
    ]);
    let found = layout_of(&folder, "params_shard_0.bin");
    let expected = [
        "q uint32 [10, 10] 0..400",
        "s bfloat16 [2] 400..404",
        "liar float32 [9] 404..408",
    ];
    assert_eq!(words(&found.tensors), expected);
    assert_eq!(found.tensors[2].dtype, Dtype::Unknown);
}

/// A tensor of floats that lies elsewhere.
fn outside(name: &str, dims: &[u64], pairs: &[(&str, &str)]) -> Message {
    let pair = |(key, value): &(&str, &str)| Message::default().bytes(1, key).bytes(2, value);
    let tensor = tensor(1, dims).bytes(8, name);
    let tensor = pairs
        .iter()
        .fold(tensor, |tensor, p| tensor.message(13, &pair(p)));
    tensor.number(14, 1)
}

fn graph(tensors: &[Message]) -> Vec<u8> {
    let graph = Message::default().bytes(2, "g");
    model(
        &tensors
            .iter()
            .fold(graph, |graph, tensor| graph.message(5, tensor)),
    )
}

#[test]
fn a_tensor_is_the_same_chunk_as_in_safetensors() {
    let single = safetensors::file(&[("w", "F32", 4, &[300, 1000])]);
    let weight = &single[single.len() - 1_200_000..];
    let index = graph(&[
        outside("few", &[25], &[("location", "w/data"), ("length", "100")]),
        outside(
            "w",
            &[300, 1000],
            &[("location", "w/data"), ("offset", "4096")],
        ),
    ]);
    let data = [&noise(4096, 8)[..], weight].concat();
    let folder = folder(&[("onnx/m.onnx", &index), ("onnx/w/data", &data)]);
    let (chunks, _) = cut(ask(&folder, "onnx/w/data").unwrap(), &data);
    let same = |chunk: &Chunk| chunk.raw == weight && chunk.hint.dtype == Dtype::F32;
    let of_data = chunks.iter().find(|chunk| same(chunk)).unwrap();
    let alone = common::chunks(&single);
    assert_eq!(
        of_data.hint,
        alone.iter().find(|chunk| same(chunk)).unwrap().hint
    );
}

/// Floats about 0, whose upper bytes are few.
fn floats(count: usize) -> Vec<u8> {
    let numbers = noise(4 * count, 9);
    let numbers = numbers.as_chunks::<4>().0.iter();
    let unit = |bytes: &[u8; 4]| f64::from(u32::from_le_bytes(*bytes)) / f64::from(u32::MAX) - 0.5;
    numbers
        .flat_map(|bytes| ((unit(bytes).powi(3) * 0.1) as f32).to_le_bytes())
        .collect()
}

#[test]
fn an_index_of_other_weights_costs_little() {
    let data = floats(1 << 20);
    let len = data.len().to_string();
    let pairs = [("location", "data"), ("length", &len)];
    // Numbers of ONNX for floats of 32 bits, and two of 16.
    for (number, bytes, is_right) in [(1, 4, true), (10, 2, false), (16, 2, false)] {
        let count = (data.len() / bytes) as u64;
        let pair = |(key, value): &(&str, &str)| Message::default().bytes(1, key).bytes(2, value);
        let weight = tensor(number, &[count]).bytes(8, "w").number(14, 1);
        let weight = pairs
            .iter()
            .fold(weight, |all, p| all.message(13, &pair(p)));
        let folder = folder(&[("m.onnx", &graph(&[weight])), ("data", &data)]);
        let (chunks, _) = cut(ask(&folder, "data").unwrap(), &data);
        let as_told = |chunk: &Chunk| chunk.hint.dtype != Dtype::Unknown;
        assert!(
            chunks.iter().all(|chunk| as_told(chunk) == is_right),
            "{number}"
        );
    }
}

#[test]
fn an_index_counts_for_what_it_names() {
    let path = |location: &str| graph(&[outside("w", &[9], &[("location", location)])]);
    let data = noise(36, 1);
    for (location, index, told) in [
        ("data", "m.onnx", true),
        ("other", "m.onnx", false),
        ("../data", "a/m.onnx", false),
        ("/data", "m.onnx", false),
        ("data", "a/m.onnx", false),
        ("data", "m.bin", false),
    ] {
        let folder = folder(&[(index, &path(location)), ("data", &data)]);
        assert_eq!(ask(&folder, "data").is_some(), told, "{location} {index}");
    }
}

#[test]
fn of_several_the_nearest_counts_and_then_the_first() {
    let index =
        |name: &str, location: &str| graph(&[outside(name, &[9], &[("location", location)])]);
    let mut folder = folder(&[
        ("a.onnx", &index("far", "in/data")),
        ("in/b.onnx", &index("near", "data")),
        ("in/c.onnx", &index("behind", "data")),
        ("in/data", &noise(36, 1)),
    ]);
    assert_eq!(layout_of(&folder, "in/data").tensors[0].name, "near");
    folder.remove("in/b.onnx");
    folder.remove("in/c.onnx");
    assert_eq!(layout_of(&folder, "in/data").tensors[0].name, "far");
}

#[test]
fn ranges_past_the_end_and_over_each_other() {
    let at = |name, offset: &str, len: &str| {
        outside(
            name,
            &[150_000],
            &[("location", "data"), ("offset", offset), ("length", len)],
        )
    };
    let index = graph(&[
        at("a", "0", "600000"),
        at("over a", "599000", "600000"),
        at("behind", "1200000", "600000"),
        at("nowhere", "18446744073709551615", "600000"),
    ]);
    let data = noise(1_500_000, 5);
    let folder = folder(&[("m.onnx", &index), ("data", &data)]);
    let (chunks, layout) = cut(ask(&folder, "data").unwrap(), &data);
    let names: Vec<_> = layout.tensors.iter().map(|t| &*t.name).collect();
    assert_eq!(names, ["a", "over a"]);
    let shape = shape(&chunks);
    assert_eq!(shape[0], (0, 600_000, Dtype::F32));
    assert_eq!(shape.last(), Some(&(1_200_000, 300_000, Dtype::F32)));
}

#[test]
fn a_compressed_table_says_nothing() {
    let mut index = golden()["m/checkpoint.index"].clone();
    // The kind of the first block is right behind it.
    let kind = index.len() - 48 - 5;
    assert_eq!(index[kind], 0);
    index[kind] = 1;
    assert_eq!(layout(&index).unwrap().format, Layout::UNKNOWN);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_indexes(
        which in 0..GOLDEN.len(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut_at: prop::sample::Index,
        whole: bool,
    ) {
        let (index, data, _) = GOLDEN[which];
        let mut folder = golden();
        let bytes = folder.get_mut(index).unwrap();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if !whole {
            bytes.truncate(cut_at.index(bytes.len()));
        }
        let _ = layout(&*bytes).unwrap();
        if let Some(told) = ask(&folder, data) {
            cut(told, &folder[data]);
        }
    }
}
