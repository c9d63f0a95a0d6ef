use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::command::{refusal, sheaf, success};

use super::samples::{folder, gguf, model, noise};

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap()
}

/// The names in a folder: no temporary file may be among them.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Runs a command that gets bytes on standard input.
fn piped(command: &mut Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Who reads may have had enough.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("model.safetensors", model()),
        ("model.gguf", gguf(20_000)),
        ("noise", noise(3_000_000)),
        ("text.json", br#"{"a": 1}"#.repeat(50_000)),
        ("one", vec![7]),
        ("empty", vec![]),
        ("cut.safetensors", model()[..1_000_000].to_vec()),
    ]
}

#[test]
fn every_file_comes_back_at_every_level() {
    for (name, bytes) in samples() {
        for level in ["fast", "default", "max"] {
            let folder = folder(&[(name, &bytes)]);
            let home = folder.path();
            success(sheaf(home).args(["compress", name, "--level", level]));
            let compressed = format!("{name}.sheaf");
            assert_eq!(names(home), [name.to_owned(), compressed.clone()]);
            assert!(read(home, &compressed).len() <= bytes.len() + bytes.len() / 500 + 500);

            fs::remove_file(home.join(name)).unwrap();
            success(sheaf(home).args(["decompress", &compressed]));
            assert!(read(home, name) == bytes, "{name} {level}");
        }
    }
}

#[test]
fn weights_get_smaller() {
    let folder = folder(&[("model", &model())]);
    let report = success(sheaf(folder.path()).args(["compress", "model", "--json"]));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["output"], "model.sheaf");
    let raw = report["raw_bytes"].as_u64().unwrap();
    let stored = report["stored_bytes"].as_u64().unwrap();
    assert_eq!(raw, model().len() as u64);
    assert_eq!(stored, read(folder.path(), "model.sheaf").len() as u64);
    assert!(stored * 10 < raw * 8);
}

#[test]
fn pipes_give_what_files_give() {
    for (name, bytes) in samples() {
        let folder = folder(&[(name, &bytes)]);
        let home = folder.path();
        success(sheaf(home).args(["compress", name, "-o", "by-file"]));
        let output = piped(sheaf(home).args(["compress", "-"]), &bytes);
        assert!(output.status.success(), "{name}");
        assert!(output.stdout == read(home, "by-file"), "{name}");
        let output = piped(sheaf(home).args(["decompress", "-"]), &output.stdout);
        assert!(output.status.success() && output.stdout == bytes, "{name}");
    }
}

#[test]
fn a_fine_tune_against_its_base() {
    let mut tuned = model();
    for byte in tuned[2000..].iter_mut().step_by(100) {
        *byte ^= 1;
    }
    let files: [(&str, &[u8]); 3] = [("base", &model()), ("tuned", &tuned), ("other", b"other")];
    let folder = folder(&files);
    let home = folder.path();
    success(sheaf(home).args(["compress", "tuned", "--base", "base"]));
    assert!(read(home, "tuned.sheaf").len() * 5 < tuned.len());
    let back = ["decompress", "tuned.sheaf", "-o", "back"];
    success(sheaf(home).args(back).args(["--base", "base"]));
    assert!(read(home, "back") == tuned);

    let back = ["decompress", "tuned.sheaf", "-o", "back", "--force"];
    let (_, error) = refusal(sheaf(home).args(back));
    assert!(error.contains("name that with --base"), "{error}");
    let (_, error) = refusal(sheaf(home).args(back).args(["--base", "other"]));
    assert!(error.contains("the base is another file"), "{error}");
    assert!(read(home, "back") == tuned);

    // What has nothing to do with it is compressed as without.
    success(sheaf(home).args(["compress", "base", "--base", "other"]));
    success(sheaf(home).args(["decompress", "base.sheaf", "--force"]));
    assert!(read(home, "base") == model());
}

#[test]
fn what_is_there_is_kept() {
    let folder = folder(&[("a", b"new"), ("a.sheaf", b"old")]);
    let home = folder.path();
    let (code, error) = refusal(sheaf(home).args(["compress", "a"]));
    assert_eq!(code, Some(1));
    assert_eq!(
        error,
        "error: a.sheaf is there already; --force replaces it\n"
    );
    assert_eq!(read(home, "a.sheaf"), b"old");

    success(sheaf(home).args(["compress", "a", "--force", "--quiet"]));
    fs::write(home.join("a"), "other").unwrap();
    let (code, error) = refusal(sheaf(home).args(["decompress", "a.sheaf"]));
    assert_eq!(code, Some(1));
    assert_eq!(error, "error: a is there already; --force replaces it\n");
    assert_eq!(read(home, "a"), b"other");
    success(sheaf(home).args(["decompress", "a.sheaf", "--force"]));
    assert_eq!(read(home, "a"), b"new");
    assert_eq!(names(home), ["a", "a.sheaf"]);
}

#[test]
fn a_damaged_stream_leaves_nothing() {
    let folder = folder(&[("model", &model())]);
    let home = folder.path();
    success(sheaf(home).args(["compress", "model", "-o", "good.sheaf"]));
    let good = read(home, "good.sheaf");
    let mut damaged: Vec<Vec<u8>> = vec![
        vec![],
        model(),
        good[..3].to_vec(),
        good[..good.len() / 2].to_vec(),
        good[..good.len() - 1].to_vec(),
        [&good[..], b"x"].concat(),
    ];
    // The head, a length, a header, a frame, the size, the hash.
    for at in [0, 4, 6, 30, good.len() / 2, good.len() - 40, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        damaged.push(bad);
    }
    for bad in damaged {
        fs::write(home.join("bad.sheaf"), &bad).unwrap();
        let (code, error) = refusal(sheaf(home).args(["decompress", "bad.sheaf"]));
        assert_eq!(code, Some(1), "{error}");
        assert!(
            error.starts_with("error: cannot decompress bad.sheaf: "),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_eq!(names(home), ["bad.sheaf", "good.sheaf", "model"]);
    }
}

#[test]
fn what_cannot_be_is_said() {
    let folder = folder(&[("model", b"x")]);
    let home = folder.path();
    for (args, expected) in [
        (
            vec!["compress", "missing"],
            "error: cannot read missing: No such file or directory (os error 2)\n",
        ),
        (
            vec!["compress", "model", "-o", "no/where"],
            "error: cannot write to no: entity not found\n",
        ),
        (
            vec!["decompress", "model"],
            "error: model does not end with .sheaf: name the output with -o\n",
        ),
        (
            vec!["compress", ".", "-o", "out"],
            "error: cannot read .: is a directory\n",
        ),
        (
            vec!["compress", "model", "-o", "/dev/null", "--force"],
            "error: /dev/null is there already and is no file\n",
        ),
    ] {
        let (code, error) = refusal(sheaf(home).args(args));
        assert_eq!((code, error.as_str()), (Some(1), expected));
    }
    assert_eq!(names(home), ["model"]);
}
