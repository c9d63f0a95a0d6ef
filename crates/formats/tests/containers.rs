//! NumPy's arrays, and files in files.
#![allow(clippy::unwrap_used, reason = "the like of tests")]

mod common;

use common::numpy::array;
use common::pickle::{Pickle, float};
use common::zip::{Entry, Width, write};
use common::{checked_layout, chunks, safetensors, shape, tar};
use sheaf_codec::Dtype;
use sheaf_formats::{Layout, Sniff, sniff};

fn names(layout: &Layout) -> Vec<(&str, Dtype)> {
    layout.tensors.iter().map(|t| (&*t.name, t.dtype)).collect()
}

fn torch() -> Vec<u8> {
    let tensor = float("0", 90_000, &[300, 300], &[300, 1]);
    let mut pickle = Pickle::new();
    pickle.op(b"}").text("w").tensor(&tensor).op(b"s");
    let entries = [
        Entry::stored("m/data.pkl", pickle.finish()),
        Entry::stored("m/data/0", common::noise(360_000, 360_000)),
    ];
    write(&entries, Width::Zip32)
}

#[test]
fn an_array_streams_by() {
    let file = array("<f4", "(300, 300)", 360_000);
    assert!(matches!(sniff(&file[..128], false), Sniff::Stream(_)));
    let layout = checked_layout(&file);
    assert_eq!(layout.format, "numpy");
    assert_eq!(layout.tensors[0].shape, [300, 300]);
    assert_eq!(
        shape(&chunks(&file)),
        [(0, 128, Dtype::Bytes), (128, 360_000, Dtype::F32)]
    );
}

#[test]
fn arrays_in_a_zip_at_any_alignment() {
    for width in [Width::Zip32, Width::Zip64] {
        for name in ["a.npy", "ab.npy", "abc.npy"] {
            let mut entries = [
                Entry::stored(name, array("<f4", "(300, 300)", 360_000)),
                Entry::stored("folder/b.npy", array("<i8", "(7,)", 56)),
                Entry::stored("deflated.npy", array("<f4", "(7,)", 28)),
            ];
            entries[2].method = 8;
            let file = write(&entries, width);
            let layout = checked_layout(&file);
            assert_eq!(layout.format, "npz");
            let expected = [
                (name.trim_end_matches(".npy"), Dtype::F32),
                ("folder/b", Dtype::I64),
            ];
            assert_eq!(names(&layout), expected);
            let start = layout.tensors[0].range.start;
            assert!(shape(&chunks(&file)).contains(&(start, 360_000, Dtype::F32)));
        }
    }
}

#[test]
fn a_tensor_is_the_same_chunk_in_every_file() {
    let st = safetensors::file(&[("w", "F32", 4, &[300, 300])]);
    let npy = array("<f4", "(300, 300)", 360_000);
    let onnx = common::onnx::small();
    let npz = write(&[Entry::stored("w.npy", npy.clone())], Width::Zip32);
    let nemo = tar::write(&[("./model.ckpt", torch()), ("./a.yaml", b"x: 1".to_vec())]);
    let tensor = common::noise(360_000, 360_000);
    for file in [st, npy, onnx, npz, torch(), nemo] {
        let format = checked_layout(&file).format;
        let found = chunks(&file).into_iter().any(|chunk| chunk.raw == tensor);
        assert!(found, "in {format}");
    }
}

#[test]
fn files_in_a_tar() {
    let long = format!("{}/weights.npy", "d".repeat(120));
    let file = tar::write(&[
        ("./model_config.yaml", b"x: 1".to_vec()),
        (&long, array("<f2", "(1000,)", 2000)),
        ("./model.ckpt", torch()),
        (
            "inner.tar",
            tar::write(&[("w.npy", array("<f2", "(9,)", 18))]),
        ),
    ]);
    let layout = checked_layout(&file);
    assert_eq!(layout.format, "tar");
    let expected = [
        (long.trim_end_matches(".npy"), Dtype::F16),
        ("./model.ckpt.w", Dtype::F32),
    ];
    assert_eq!(names(&layout), expected);
    chunks(&file);
}

#[test]
fn a_zip_in_a_zip_is_not_looked_into_further() {
    let mut file = write(
        &[Entry::stored("w.npy", array("<f4", "(7,)", 28))],
        Width::Zip32,
    );
    for _ in 0..3 {
        file = write(&[Entry::stored("inner.zip", file)], Width::Zip32);
    }
    let layout = checked_layout(&file);
    assert_eq!((layout.format, layout.tensors.len()), ("zip", 0));
    let torch = write(&[Entry::stored("state.pt", torch())], Width::Zip32);
    assert_eq!(names(&checked_layout(&torch)), [("state.pt.w", Dtype::F32)]);
}

#[test]
fn constants_of_torchscript() {
    let weight = float("0", 90_000, &[300, 300], &[300, 1]);
    let constant = float("0", 50_000, &[50_000], &[1]);
    let mut module = Pickle::new();
    module.global("__torch__", "M").op(b")\x81}");
    module.text("w").tensor(&weight).op(b"sb");
    let mut constants = Pickle::new();
    constants.tensor(&constant).op(b"\x85");
    let file = write(
        &[
            Entry::stored("m/data/0", common::noise(360_000, 1)),
            Entry::stored("m/data.pkl", module.finish()),
            Entry::stored("m/code/__torch__.py", b"class M: pass".to_vec()),
            Entry::stored("m/constants/0", common::noise(200_000, 2)),
            Entry::stored("m/constants.pkl", constants.finish()),
        ],
        Width::Zip32,
    );
    let layout = checked_layout(&file);
    assert_eq!(layout.format, "pytorch");
    assert_eq!(
        names(&layout),
        [("w", Dtype::F32), ("constants.0", Dtype::F32)]
    );
    chunks(&file);
}

#[test]
fn a_llamafile_is_a_program_with_a_zip_behind_it() {
    let model = common::gguf::Writer::new(3)
        .tensor("a", 0, &[70_000], 280_000)
        .finish();
    for begin in [&b"MZqFpD='\n"[..], b"\x7fELF\x02\x01", b"\xcf\xfa\xed\xfe"] {
        let program = [begin, &common::noise(10_000, 1)[..]].concat();
        let entries = [Entry::stored("model.gguf", model.clone())];
        let file = common::zip::write_behind(program, &entries, Width::Zip64);
        let layout = checked_layout(&file);
        assert_eq!(layout.format, "llamafile");
        let names: Vec<_> = layout.tensors.iter().map(|t| &*t.name).collect();
        assert_eq!(names, ["model.gguf.a"]);
        let start = layout.tensors[0].range.start;
        assert!(shape(&chunks(&file)).contains(&(start, 280_000, Dtype::F32)));
        assert_eq!(
            sheaf_formats::scan::scan(&file, "a.llamafile").unwrap(),
            None
        );
    }
}
