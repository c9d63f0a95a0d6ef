//! Pickles that would do harm, and those that would not.

#![allow(clippy::unwrap_used, reason = "also in what the tests share")]

mod bounds;
#[path = "../common/mod.rs"]
mod common;
mod containers;
mod opcodes;
mod places;
mod zips;

use common::noise;
use common::pickle::{Pickle, float, legacy};
use common::zip::{Entry, Width, write};
use sheaf_formats::scan::{State, Verdict, scan};

/// Runs a command, in protocol 0.
const SYSTEM: &[u8] = b"cos\nsystem\n(S'id'\ntR.";

fn verdict(bytes: &[u8], name: &str) -> Option<Verdict> {
    scan(&bytes, name).unwrap()
}

fn state(bytes: &[u8]) -> Option<State> {
    verdict(bytes, "model.bin").map(|verdict| verdict.state)
}

/// Asserts that a file is found to be bad and that it imports what it does, whatever its name.
#[track_caller]
fn bad(bytes: &[u8], import: &str) {
    for name in ["model.bin", "model.pkl"] {
        let verdict = verdict(bytes, name).unwrap();
        let imports: Vec<String> = verdict
            .imports
            .iter()
            .map(|import| format!("{}.{}", import.module, import.name))
            .collect();
        assert_eq!(verdict.state, State::Suspicious, "{verdict:?}");
        assert!(
            import.is_empty() || imports.iter().any(|found| found == import),
            "{imports:?}"
        );
    }
}

fn checkpoint() -> Vec<u8> {
    let weight = float("0", 16, &[4, 4], &[4, 1]);
    let mut p = Pickle::new();
    p.ordered_dict().op(b"(").text("weight").tensor(&weight);
    p.op(b"u}").text("_metadata").ordered_dict().op(b"sb");
    p.finish()
}

fn archive(pickle: Vec<u8>) -> Vec<Entry> {
    vec![
        Entry::stored("archive/data.pkl", pickle),
        Entry::stored("archive/data/0", noise(64, 1)),
        Entry::stored("archive/version", b"3\n".to_vec()),
    ]
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    write(entries, Width::Zip32)
}

/// Changes the first place that has these bytes.
fn patched(file: &[u8], old: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let found = file.windows(old.len()).position(|w| w == old).unwrap();
    let mut file = file.to_vec();
    file[found + at..found + at + new.len()].copy_from_slice(new);
    file
}

#[test]
fn models_are_clean() {
    let module = {
        let mut p = Pickle::new();
        p.global("torch.nn.modules.linear", "Linear").op(b")\x81}");
        p.text("training").op(b"\x88sb");
        p.finish()
    };
    for width in [Width::Zip32, Width::Zip64] {
        let file = write(&archive(checkpoint()), width);
        let found = verdict(&file, "model.pt").unwrap();
        assert_eq!(found.state, State::Clean, "{found:?}");
        assert_eq!((found.pickles, found.imports.len()), (1, 3));
        assert!(found.calls.iter().any(|call| {
            call.opcode == "REDUCE" && call.callee == "torch._utils._rebuild_tensor_v2"
        }));
        assert_eq!(
            found.why,
            "it imports nothing but what is known to be harmless"
        );
    }
    for file in [legacy(true), module, checkpoint(), b"\x80\x04N.".to_vec()] {
        assert_eq!(state(&file), Some(State::Clean));
        assert_eq!(verdict(&file, "model.pkl").unwrap().state, State::Clean);
    }
}

#[test]
fn noise_is_no_pickle() {
    for seed in 0..300 {
        assert_eq!(state(&noise(70_000, seed)), None, "{seed}");
    }
}

#[test]
fn other_files_have_no_verdict() {
    let safetensors = b"\x02\0\0\0\0\0\0\0{}".to_vec();
    let text = format!("# How not to\n\n{}", String::from_utf8_lossy(SYSTEM));
    for file in [
        vec![],
        noise(200_000, 3),
        safetensors.clone(),
        text.into_bytes(),
    ] {
        assert_eq!(state(&file), None);
    }
    assert_eq!(verdict(&safetensors, "model.pt"), None);
    // Whatever its weights look like.
    let weights = [&safetensors[..], SYSTEM, b"\x80\x02", SYSTEM].concat();
    assert_eq!(state(&weights), None);
    let png = zip(&[Entry::stored("a.png", noise(5000, 2))]);
    assert_eq!(state(&png), None);
}
