//! What holds for the chunks of any bytes at all.

mod common;

use common::gguf::{Writer, text};
use common::pickle::{Pickle, Tensor, legacy};
use common::zip::{Entry, Width, write};
use common::{chunks, coreml, ctranslate2, noise, numpy, onnx, safetensors, stream, tar};
use proptest::collection::vec;
use proptest::prelude::*;
use sheaf_codec::Dtype;

/// A small sound file of each format.
fn sound() -> Vec<Vec<u8>> {
    let st = safetensors::file(&[
        ("a", "F32", 4, &[300, 300]),
        ("b", "BF16", 2, &[17]),
        ("c", "I64", 8, &[]),
    ]);
    let gguf = Writer::new(3)
        .pair("general.name", 8, &text("x"))
        .pair("n", 4, &7_u32.to_le_bytes())
        .tensor("a", 2, &[64, 8], 288)
        .tensor("b", 0, &[70_000], 280_000)
        .finish();
    let tensor = Tensor {
        class: "HalfStorage",
        key: "0",
        storage_elements: 150_000,
        offset: 5,
        shape: &[10, 20],
        strides: &[20, 1],
        dtype: None,
    };
    let mut pickle = Pickle::new();
    pickle.op(b"}").text("w").tensor(&tensor).op(b"s");
    let zip = |width| {
        let entries = [
            Entry::stored("m/data.pkl", pickle_bytes(&pickle)),
            Entry::stored("m/data/0", noise(300_000, 5)),
        ];
        write(&entries, width)
    };
    vec![
        st,
        gguf,
        zip(Width::Zip32),
        zip(Width::Zip64),
        legacy(true),
        onnx::small(),
        numpy::array("<f4", "(90, 1000)", 360_000),
        arrays(),
        tar::write(&[("x.npz", arrays()), ("y", noise(700, 1))]),
        coreml::file(&[(1, 300_000, 0), (2, 8000, 0), (4, 600, 0)]),
        ctranslate2::file(6, &[("a", &[10], 0, 40), ("b", &[40, 50], 0, 8000)]),
        include_bytes!("golden/ctranslate2.bin").to_vec(),
        include_bytes!("golden/earliest.h5").to_vec(),
        include_bytes!("golden/latest.h5").to_vec(),
        include_bytes!("golden/model.tflite").to_vec(),
    ]
}

fn arrays() -> Vec<u8> {
    let entries = [
        Entry::stored("a.npy", numpy::array("<f4", "(90, 1000)", 360_000)),
        Entry::stored("b.npy", numpy::array("<i8", "(7,)", 56)),
    ];
    write(&entries, Width::Zip32)
}

fn pickle_bytes(pickle: &Pickle) -> Vec<u8> {
    [&pickle.0[..], b"."].concat()
}

/// Where a file of the sound ones is interesting: at its beginning and at its end.
fn places(len: usize) -> impl Strategy<Value = usize> {
    let near = len.min(600);
    prop_oneof![0..near, len - near..len]
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::select(sound()).prop_flat_map(|file| {
        let places = vec((places(file.len()), any::<u8>()), 0..6);
        let cut = prop_oneof![3 => Just(file.len()), 1 => places_of(&file)];
        (Just(file), places, cut).prop_map(|(mut file, places, cut)| {
            for (place, byte) in places {
                file[place] = byte;
            }
            file.truncate(cut);
            file
        })
    })
}

fn places_of(file: &[u8]) -> impl Strategy<Value = usize> + use<> {
    places(file.len())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files(file in mutated()) {
        chunks(&file);
    }

    #[test]
    fn arbitrary_bytes(
        magic in proptest::sample::select(vec![
            &b""[..], b"GGUF\x03\0\0\0", b"GGUF\x02\0\0\0\x01\0\0\0\0\0\0\0", b"PK\x03\x04",
            b"\x20\0\0\0\0\0\0\0{\"", b"\x08\x07\x3a\xff\x0f\x2a\xff\x0e",
            b"\x06\0\0\0\x09\0TestSpec\0\x01\0\0\0\xff\xff\xff\xff",
            b"\x93NUMPY\x01\0\x40\0{'descr': '<f4', 'shape': (",
        ]),
        bytes in vec(any::<u8>(), 0..2000),
    ) {
        chunks(&[magic, &bytes].concat());
    }

    #[test]
    fn pickles(ops in vec(proptest::sample::select(OPS.to_vec()), 0..60)) {
        let pickle = [&ops.concat()[..], b"."].concat();
        let entries =
            [Entry::stored("m/data.pkl", pickle), Entry::stored("m/data/0", noise(100, 5))];
        chunks(&write(&entries, Width::Zip32));
    }

}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 48,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_pushes(sizes in vec(1_usize..400_000, 1..20), len in 0_usize..6_000_000, seed: u64) {
        let bytes = noise(len, seed);
        prop_assert!(stream(&bytes, &sizes) == chunks(&bytes));
    }

    #[test]
    fn any_pushes_of_many_kinds(
        sizes in vec(1_usize..400_000, 1..20),
        parts in vec((0_usize..6, 1_usize..300_000), 1..12),
    ) {
        let bytes: Vec<u8> = parts.into_iter().flat_map(|(kind, len)| of_kind(kind, len)).collect();
        prop_assert!(stream(&bytes, &sizes) == chunks(&bytes));
    }
}

/// Noise, text, zeros, floats, and blocks of two lengths with a scale of few values.
fn of_kind(kind: usize, len: usize) -> Vec<u8> {
    let mut bytes = noise(len, kind as u64);
    let mut few = |period: usize, place: usize, base: u8| {
        for byte in bytes.iter_mut().skip(place).step_by(period) {
            *byte = base | *byte & 3;
        }
    };
    match kind {
        0 => {}
        1 => few(1, 0, b'a'),
        2 => bytes.fill(0),
        3 => few(4, 3, 0x3c),
        4 => few(34, 1, 0x10),
        _ => few(210, 209, 0x10),
    }
    bytes
}

#[test]
fn blocks_behind_a_norm_begin_a_chunk() {
    let norm: Vec<u8> = (0..577_u32)
        .flat_map(|i| (1.0 + i as f32 / 1000.0).to_le_bytes())
        .collect();
    let blocks = of_kind(4, 34 * 20_000);
    let file = [&b"odd"[..], &blocks, &norm, &blocks, &norm, &blocks].concat();
    let ends: Vec<u64> = chunks(&file).iter().map(|chunk| chunk.offset).collect();
    for place in [
        3 + blocks.len() + norm.len(),
        3 + 2 * (blocks.len() + norm.len()),
    ] {
        let near = ends.iter().any(|end| end.abs_diff(place as u64) <= 68);
        assert!(near, "{place} in {ends:?}");
    }
}

const OPS: &[&[u8]] = &[
    b"(",
    b"0",
    b"1",
    b"2",
    b"N",
    b"K\x01",
    b")",
    b"t",
    b"\x85",
    b"\x86",
    b"]",
    b"a",
    b"e",
    b"}",
    b"s",
    b"u",
    b"q\0",
    b"h\0",
    b"R",
    b"b",
    b"Q",
    b"o",
    b"\x81",
    b"X\x01\0\0\0a",
    b"\x93",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0\x30N",
    b"K\x19tQ",
    b"ccollections\nOrderedDict\n",
    b"K\0K\x05\x85K\x01\x85",
];

#[test]
fn one_byte_at_a_time() {
    for file in sound() {
        assert!(stream(&file, &[1]) == chunks(&file));
    }
    let bytes = noise(2_000_000, 9);
    assert!(stream(&bytes, &[1]) == chunks(&bytes));
}

#[test]
fn empty_and_tiny_files() {
    assert!(chunks(&[]).is_empty());
    for len in 1..40 {
        assert_eq!(chunks(&noise(len, 1)).len(), 1);
    }
}

#[test]
fn an_insertion_moves_the_cuts_near_it_only() {
    let before = noise(30_000_000, 4);
    let mut after = before.clone();
    after.splice(3_000_000..3_000_000, [1, 2, 3]);
    let (before, after) = (chunks(&before), chunks(&after));
    let same = after
        .iter()
        .filter(|a| before.iter().any(|b| a.raw == b.raw))
        .count();
    assert!(same + 3 >= after.len(), "{same} of {}", after.len());
    assert!((20..40).contains(&before.len()));
}

#[test]
fn floats_in_an_unknown_file_are_not_torn() {
    // Normal enough, and at an odd offset, as in a protobuf.
    let random = noise(3 * 2_500_000 * 2, 8);
    let sum = |six: &[u8]| {
        six.chunks_exact(2)
            .map(|two| f32::from(i16::from_le_bytes([two[0], two[1]])))
            .sum::<f32>()
    };
    let floats = random
        .chunks_exact(6)
        .flat_map(|six| (sum(six) * 1.234_567e-6).to_le_bytes());
    let file: Vec<u8> = b"\x08\x01\x12\x07odd"
        .iter()
        .copied()
        .chain(floats)
        .collect();
    let chunks = chunks(&file);
    assert!(chunks.len() > 5);
    for chunk in &chunks[1..] {
        assert_eq!((chunk.offset, chunk.offset % 4), (chunk.offset, 7 % 4));
        assert_eq!(chunk.hint.dtype, Dtype::Unknown);
    }
}

/// What fuzzing found: files that were cut one way whole and another way in pushes.
#[test]
fn what_fuzzing_found() {
    for file in std::fs::read_dir("tests/found").expect("a folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("bytes");
        chunks(&bytes);
    }
}
