//! Blobs of every released version stay readable: each file under `golden/` must decode to the
//! bytes that its case makes. The encoder is free to do better; the files are never made anew.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use common::*;
use sheaf_codec::{Blob, Dtype, Header, Level, Parsed, decode};

/// The versions of which there are files. The current one is added when its format is settled.
const VERSIONS: [u8; 1] = [1];

/// A name, the raw bytes, their dtype, and the base where there is one.
type Case = (&'static str, Vec<u8>, Dtype, Option<Vec<u8>>);

fn cases() -> Vec<Case> {
    let bf16 = bf16_bytes(&weights(1, 1500));
    let f32 = f32_bytes(&weights(2, 700));
    let f64: Vec<u8> = weights(3, 400)
        .iter()
        .flat_map(|x| f64::from(*x).to_le_bytes())
        .collect();
    let blocks: Vec<u8> = noise(4, 144 * 20).iter().map(|byte| byte & 0x77).collect();
    let text = b"a weight, a weight, a weight of one's own; ".repeat(40);
    let mut tuned = bf16.clone();
    tuned.iter_mut().step_by(10).for_each(|byte| *byte ^= 1);
    let mut requantised = blocks.clone();
    requantised
        .iter_mut()
        .step_by(100)
        .for_each(|byte| *byte ^= 2);
    let mut long = vec![0x3f; 600_000];
    long[..2000].copy_from_slice(&bf16[..2000]);
    vec![
        ("empty", vec![], Dtype::F32, None),
        ("one-byte", vec![42], Dtype::Bf16, None),
        ("bf16", bf16.clone(), Dtype::Bf16, None),
        (
            "f16",
            noise(5, 999).iter().map(|byte| byte & 0x3e).collect(),
            Dtype::F16,
            None,
        ),
        ("f32", f32.clone(), Dtype::F32, None),
        ("f64", f64, Dtype::F64, None),
        ("noise", noise(6, 500), Dtype::U8, None),
        ("text", text, Dtype::Bytes, None),
        ("q4_k", blocks.clone(), Dtype::GgmlQ4K, None),
        (
            "guessed-misaligned",
            f32_bytes(&weights(7, 5000))[3..].to_vec(),
            Dtype::Unknown,
            None,
        ),
        ("frames", long, Dtype::Bf16, None),
        ("delta-bf16", tuned, Dtype::Bf16, Some(bf16)),
        ("delta-q4_k", requantised, Dtype::GgmlQ4K, Some(blocks)),
    ]
}

fn path(version: u8, name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("v{version}-{name}.blob"))
}

fn blob((_, raw, dtype, base): &Case) -> Blob {
    encode(raw, *dtype, base.as_deref(), Level::Default)
}

#[test]
fn every_version_is_read() {
    for (name, raw, _, base) in &cases() {
        for version in VERSIONS {
            let golden = std::fs::read(path(version, name)).unwrap();
            assert!(decode(&golden, base.as_deref()).unwrap() == *raw, "{name}");
            let Parsed::Header(header, _) = Header::parse(&golden).unwrap() else {
                panic!("{name}")
            };
            assert_eq!(header.chunk_id(), id(raw), "{name}");
            assert_eq!(header.base(), base.as_deref().map(id), "{name}");
        }
    }
}

/// Run once for each version, when it is released.
#[test]
#[ignore = "writes the golden files of the current version"]
fn write_golden_files() {
    for case in &cases() {
        let path = path(1, case.0);
        if !path.exists() {
            std::fs::write(path, blob(case).bytes).unwrap();
        }
    }
}
