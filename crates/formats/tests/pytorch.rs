//! PyTorch's zip files, sound and not.

#![allow(clippy::unwrap_used, reason = "also in what the tests share")]

mod common;

use common::pickle::{Pickle, Tensor, float, legacy};
use common::zip::{Entry, Width, write};
use common::{checked_layout, chunks, noise};
use sheaf_codec::Dtype;

/// A checkpoint: two tensors, a view of the first, one in a dtype without storages of its own, and
/// the state of an optimizer.
fn checkpoint() -> Vec<u8> {
    let weight = float("0", 1 << 17, &[256, 512], &[512, 1]);
    let view = Tensor {
        offset: 512,
        shape: &[2, 3],
        strides: &[1, 512],
        ..float("0", 1 << 17, &[], &[])
    };
    let half = Tensor {
        class: "BFloat16Storage",
        ..float("1", 300, &[300], &[1])
    };
    let f8 = Tensor {
        class: "UntypedStorage",
        dtype: Some("float8_e4m3fn"),
        ..float("2", 1 << 18, &[512, 512], &[512, 1])
    };
    let momentum = float("3", 1 << 17, &[512, 256], &[1, 512]);
    let mut p = Pickle::new();
    p.op(b"}(").text("model").ordered_dict().op(b"(");
    p.text("l.weight")
        .tensor(&weight)
        .text("l.view")
        .tensor(&view);
    p.text("l.bias")
        .global("torch._utils", "_rebuild_parameter")
        .op(b"(")
        .tensor(&half);
    p.op(b"\x88").ordered_dict().op(b"tR");
    p.text("f8")
        .tensor(&f8)
        .op(b"u}")
        .text("_metadata")
        .ordered_dict()
        .op(b"sb");
    p.text("optimizer")
        .op(b"}")
        .text("state")
        .op(b"}")
        .int(0)
        .op(b"}")
        .text("exp_avg");
    p.tensor(&momentum).op(b"sss").text("epoch").int(3).op(b"u");
    p.finish()
}

fn entries(pickle: Vec<u8>) -> Vec<Entry> {
    vec![
        Entry::stored("archive/data.pkl", pickle),
        Entry::stored("archive/byteorder", b"little".to_vec()),
        Entry::stored("archive/data/0", noise(1 << 19, 1)),
        Entry::stored("archive/data/1", noise(600, 2)),
        Entry::stored("archive/data/2", noise(1 << 18, 3)),
        Entry::stored("archive/data/3", noise(1 << 19, 4)),
        Entry::stored("archive/version", b"3\n".to_vec()),
    ]
}

fn start_of(file: &[u8], data: &[u8]) -> u64 {
    file.windows(64)
        .position(|window| window == &data[..64])
        .unwrap() as u64
}

#[test]
fn tensors_and_storages() {
    for width in [Width::Zip32, Width::Zip64] {
        let file = write(&entries(checkpoint()), width);
        let layout = checked_layout(&file);
        assert_eq!(layout.format, "pytorch");
        let found: Vec<_> = layout
            .tensors
            .iter()
            .map(|t| {
                (
                    &*t.name,
                    &*t.dtype_name,
                    &t.shape[..],
                    t.range.end - t.range.start,
                )
            })
            .collect();
        let expected: [(&str, &str, &[u64], u64); 5] = [
            ("model.l.weight", "torch.float32", &[256, 512], 1 << 19),
            ("model.l.view", "torch.float32", &[2, 3], 4 * (1 + 1024 + 1)),
            ("model.l.bias", "torch.bfloat16", &[300], 600),
            ("model.f8", "torch.float8_e4m3fn", &[512, 512], 1 << 18),
            (
                "optimizer.state.0.exp_avg",
                "torch.float32",
                &[512, 256],
                1 << 19,
            ),
        ];
        assert_eq!(found, expected);
        let first = start_of(&file, &noise(1 << 19, 1));
        assert_eq!(layout.tensors[0].range.start, first);
        assert_eq!(layout.tensors[1].range.start, first + 2048);

        let chunks = chunks(&file);
        for (seed, len, dtype, row) in [
            (1, 1 << 19, Dtype::F32, 512),
            (3, 1 << 18, Dtype::F8E4M3, 512),
            (4, 1 << 19, Dtype::F32, 512),
        ] {
            let data = noise(len, seed);
            let chunk = chunks.iter().find(|chunk| chunk.raw == data).unwrap();
            assert_eq!((chunk.hint.dtype, chunk.hint.row), (dtype, row));
        }
    }
}

#[test]
fn a_whole_module_has_the_names_of_its_state() {
    let weight = float("0", 4, &[4], &[1]);
    let mut p = Pickle::new();
    p.global("models", "Net")
        .op(b")\x81}")
        .text("_modules")
        .ordered_dict()
        .text("conv");
    p.global("torch.nn", "Conv")
        .op(b")\x81}")
        .text("_parameters")
        .ordered_dict();
    p.text("weight").tensor(&weight).op(b"ssb").op(b"ssb");
    let file = write(
        &[
            Entry::stored("net/data.pkl", p.finish()),
            Entry::stored("net/data/0", vec![1; 16]),
        ],
        Width::Zip32,
    );
    let layout = checked_layout(&file);
    assert_eq!(layout.tensors[0].name, "conv.weight");
    chunks(&file);
}

/// The dtypes that the chunks of the storages have.
fn dtypes(entries: &[Entry]) -> Vec<Dtype> {
    let file = write(entries, Width::Zip32);
    let chunks = chunks(&file);
    let dtype_at = |data: &[u8]| {
        let start = start_of(&file, data);
        chunks
            .iter()
            .rfind(|chunk| chunk.offset <= start)
            .unwrap()
            .hint
            .dtype
    };
    entries
        .iter()
        .filter(|e| e.data.len() > 1000)
        .map(|e| dtype_at(&e.data))
        .collect()
}

#[test]
fn what_disagrees_is_of_unknown_dtype() {
    let sound = entries(checkpoint());
    let known = [Dtype::F32, Dtype::F8E4M3, Dtype::F32];
    let unknown = Dtype::Unknown;
    let tail = |entries: &[Entry]| {
        let all = dtypes(entries);
        all[all.len() - 3..].to_vec()
    };
    assert_eq!(tail(&sound), known);

    let mut shorter = sound.clone();
    shorter[2].data.pop();
    assert_eq!(tail(&shorter), [unknown, known[1], known[2]]);

    let mut big = sound.clone();
    big[1].data = b"big".to_vec();
    assert_eq!(tail(&big), [unknown; 3]);

    let mut deflated = sound.clone();
    deflated[2].method = 8;
    assert_eq!(tail(&deflated), [unknown, known[1], known[2]]);

    let mut other_name = sound.clone();
    other_name[2].local_name = Some("archive/data/9".to_owned());
    assert_eq!(tail(&other_name), [unknown, known[1], known[2]]);

    let mut no_pickle = sound.clone();
    no_pickle[0].data = b"\x80\x02}(X".to_vec();
    assert_eq!(tail(&no_pickle), [unknown; 3]);
}

#[test]
fn other_zip_files_are_not_pytorch() {
    let pickle = checkpoint();
    for name in ["data.pkl", "a/b/data.pkl", "a/data.pk", "readme"] {
        let file = write(&[Entry::stored(name, pickle.clone())], Width::Zip32);
        assert_eq!(checked_layout(&file).format, "zip");
        chunks(&file);
    }
    let mut deflated = entries(pickle);
    deflated[0].method = 8;
    let file = write(&deflated, Width::Zip32);
    assert_eq!(checked_layout(&file).format, "pytorch");
    chunks(b"PK\x03\x04");
    chunks(&file[..file.len() - 30]);
}

#[test]
fn files_before_zip() {
    let file = legacy(true);
    let layout = checked_layout(&file);
    assert_eq!(layout.format, "pytorch");
    let names: Vec<_> = layout.tensors.iter().map(|t| &*t.name).collect();
    assert_eq!(names, ["c", "a", "b"]);
    let start = layout.tensors[0].range.start;
    assert_eq!(start, start_of(&file, &noise(400_000, 1)));

    let found = common::shape(&chunks(&file));
    let second = start + 400_008;
    let expected = [
        (0, start as usize - 8, Dtype::Bytes),
        (start - 8, 8, Dtype::Bytes),
        (start, 400_000, Dtype::F16),
        (start + 400_000, 8, Dtype::Bytes),
        (second, 1 << 19, Dtype::F32),
        (second + (1 << 19), 400_000, Dtype::F32),
        (second + 924_288, 1_200_000 - 924_288, Dtype::F32),
    ];
    assert_eq!(found, expected);

    let big = common::shape(&chunks(&legacy(false)));
    assert!(
        big.iter()
            .all(|chunk| [Dtype::Bytes, Dtype::Unknown].contains(&chunk.2))
    );
    for len in [20, 27, 40, 100, 400] {
        assert_eq!(checked_layout(&file[..len]).format, "unknown");
        chunks(&file[..len]);
    }
}
