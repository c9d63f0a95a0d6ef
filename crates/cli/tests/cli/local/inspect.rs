use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{refusal, sheaf, success};

use super::samples::{bf16_bytes, f32_bytes, folder, gguf, model, noise, safetensors, weights};

fn inspect(home: &Path, args: &[&str]) -> Value {
    let json = success(sheaf(home).args(["inspect", "--json"]).args(args));
    serde_json::from_str(&json).unwrap()
}

fn ratio(report: &Value) -> f64 {
    report["ratio"].as_f64().unwrap()
}

#[test]
fn a_model_in_json() {
    let folder = folder(&[("model.safetensors", &model())]);
    let report = inspect(folder.path(), &["model.safetensors"]);
    assert!((0.6..0.8).contains(&ratio(&report)));
    assert_eq!(report["raw_bytes"], model().len());
    assert_eq!(report["measured_bytes"], model().len());
    insta::assert_json_snapshot!(report, {
        ".raw_bytes" => "[bytes]",
        ".measured_bytes" => "[bytes]",
        ".stored_bytes" => "[bytes]",
        ".ratio" => "[ratio]",
        ".codec[].raw_bytes" => "[bytes]",
        ".codec[].stored_bytes" => "[bytes]",
        ".codec[].ratio" => "[ratio]",
        ".codec[].planes[].ratio" => "[ratio]",
        ".codec[].planes[].entropy_bits" => insta::dynamic_redaction(|bits, _| {
            assert!((0.0..=8.0).contains(&bits.as_f64().unwrap()));
            "[bits]"
        }),
    });
}

#[test]
fn a_model_in_words() {
    let folder = folder(&[("model.safetensors", &model())]);
    let text = success(sheaf(folder.path()).args(["inspect", "model.safetensors"]));
    for part in [
        "embed   BF16   [1000, 400]  800000",
        "BF16   2        1200000",
        "  exponent",
        "file    model.safetensors: safetensors, 1.20 MB, 3 tensors",
        "class   bf16",
        "at the default level, ratio 0.",
    ] {
        assert!(text.contains(part), "no '{part}' in\n{text}");
    }
}

#[test]
fn classes_follow_from_what_is_measured() {
    let weights = weights(300_000);
    let halves: Vec<f32> = weights
        .iter()
        .map(|x| f32::from_bits(x.to_bits() & !0x1fff))
        .collect();
    let fp32 = |weights: &[f32]| safetensors(&[("w", "F32", &[300_000], f32_bytes(weights))]);
    let files = [
        ("regular", fp32(&weights)),
        ("clean", fp32(&halves)),
        ("bf16", model()),
        ("quantised", gguf(20_000)),
        ("incompressible", noise(1_000_000)),
        // What nothing says is guessed.
        ("regular", f32_bytes(&weights)),
        ("bf16", bf16_bytes(&weights)),
    ];
    for (class, bytes) in files {
        let folder = folder(&[("file", &bytes)]);
        assert_eq!(inspect(folder.path(), &["file"])["class"], class);
    }
    for text in [&b"not a model at all. ".repeat(1000)[..], b""] {
        let folder = folder(&[("file", text)]);
        assert_eq!(inspect(folder.path(), &["file"])["class"], Value::Null);
    }
}

#[test]
fn a_stream_is_what_it_holds() {
    let folder = folder(&[("model", &model())]);
    let home = folder.path();
    success(sheaf(home).args(["compress", "model"]));
    let mut of_file = inspect(home, &["model"]);
    let of_stream = inspect(home, &["model.sheaf"]);
    assert_eq!(of_file["stream_bytes"], Value::Null);
    let bytes = fs::metadata(home.join("model.sheaf")).unwrap().len();
    of_file["stream_bytes"] = bytes.into();
    of_file["file"] = "model.sheaf".into();
    assert_eq!(of_stream, of_file);
}

#[test]
fn damaged_streams_are_refused() {
    let folder = folder(&[("model", &model())]);
    let home = folder.path();
    success(sheaf(home).args(["compress", "model"]));
    let good = fs::read(home.join("model.sheaf")).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for bad in [
        &good[..100],
        &good[..good.len() - 1],
        &[&good[..], b"x"].concat(),
        &flipped,
    ] {
        fs::write(home.join("model.sheaf"), bad).unwrap();
        let (code, error) = refusal(sheaf(home).args(["inspect", "model.sheaf"]));
        assert_eq!(code, Some(1), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn names_cannot_steer_the_terminal() {
    let file = safetensors(&[(r"a\u001b[31m\n", "F32", &[1], vec![0; 4])]);
    let folder = folder(&[("file", &file)]);
    let text = success(sheaf(folder.path()).args(["inspect", "file"]));
    assert!(
        text.contains("a [31m") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn a_large_file_is_sampled() {
    // Of a hole the file system keeps nothing.
    let folder = folder(&[]);
    let file = fs::File::create(folder.path().join("large")).unwrap();
    file.set_len(3 << 30).unwrap();
    let report = inspect(folder.path(), &["large"]);
    assert_eq!(report["raw_bytes"], 3u64 << 30);
    assert!(report["measured_bytes"].as_u64().unwrap() <= 128 << 20);
    assert!(ratio(&report) < 0.001);
    let text = success(sheaf(folder.path()).args(["inspect", "large"]));
    assert!(
        text.contains("from a sample of 134 MB of 3.22 GB, --full measures all"),
        "{text}"
    );
}

#[test]
fn pickles_are_judged_and_not_loaded() {
    let folder = folder(&[
        ("bad.pkl", b"cos\nsystem\n(S'touch pwned'\ntR."),
        ("good.pkl", b"\x80\x04}."),
        ("text.md", b"no pickle"),
    ]);
    let home = folder.path();
    insta::assert_json_snapshot!(inspect(home, &["bad.pkl"])["pickles"]);
    assert_eq!(inspect(home, &["good.pkl"])["pickles"]["state"], "clean");
    assert_eq!(inspect(home, &["text.md"])["pickles"], Value::Null);
    let text = success(sheaf(home).args(["inspect", "bad.pkl"]));
    for part in [
        "import   os.system                 dangerous",
        r#"os.system("touch pwned")"#,
        "pickles suspicious: it imports os.system, which can run code or reach what can",
    ] {
        assert!(text.contains(part), "no '{part}' in\n{text}");
    }
    success(sheaf(home).args(["compress", "bad.pkl"]));
    let of_stream = inspect(home, &["bad.pkl.sheaf"]);
    assert_eq!(of_stream["pickles"], inspect(home, &["bad.pkl"])["pickles"]);
    assert!(!home.join("pwned").exists());
}

#[test]
fn several_files_have_a_line_each() {
    let all = folder(&[("a.safetensors", &model())]);
    fs::create_dir(all.path().join("notes")).unwrap();
    fs::write(all.path().join("notes/b.gguf"), gguf(20_000)).unwrap();
    fs::write(all.path().join("notes/empty"), b"").unwrap();
    let text = success(sheaf(all.path()).args(["inspect", "."]));
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let starts = |line: usize| lines[line][..2.min(lines[line].len())].join(" ");
    assert_eq!(starts(0), "file format");
    assert_eq!(starts(1), "./a.safetensors safetensors");
    assert_eq!(starts(2), "./notes/b.gguf gguf");
    assert_eq!(starts(3), "./notes/empty unknown");
    assert!(text.contains("\n3 files, "), "{text}");
    let reports = inspect(all.path(), &["notes/b.gguf", "a.safetensors"]);
    let one = inspect(all.path(), &["a.safetensors"]);
    assert_eq!(reports.as_array().unwrap().len(), 2);
    assert_eq!(reports[1], one);
    // A folder gives a list, whatever is in it.
    assert_eq!(inspect(all.path(), &["notes"]).as_array().unwrap().len(), 2);
}

#[test]
fn of_several_files_those_that_can_be_read_are_shown() {
    let all = folder(&[("a.safetensors", &model())]);
    let output = sheaf(all.path())
        .args(["inspect", "--json", "a.safetensors", "gone"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let reports: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reports[0]["format"], "safetensors");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot read gone"), "{said}");
    assert!(
        said.ends_with("1 of 2 files could not be inspected\n"),
        "{said}"
    );
    fs::create_dir(all.path().join("empty")).unwrap();
    let (_, said) = refusal(sheaf(all.path()).args(["inspect", "empty"]));
    assert!(said.contains("there is no file in empty"), "{said}");
}
