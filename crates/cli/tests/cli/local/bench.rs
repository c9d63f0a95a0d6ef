use serde_json::Value;

use crate::command::{refusal, sheaf, success};

use super::samples::{folder, model, noise};

const CODECS: [&str; 6] = [
    "sheaf-fast",
    "sheaf-default",
    "sheaf-max",
    "zstd-1",
    "zstd-3",
    "memcpy",
];

#[test]
fn every_codec_has_a_row_of_every_file() {
    let folder = folder(&[("model", &model()), ("noise", &noise(1000))]);
    let args = ["bench", "model", "noise", "--threads", "2", "--json"];
    let rows = success(sheaf(folder.path()).args(args));
    let rows: Vec<Value> = serde_json::from_str(&rows).unwrap();
    let expected = ["model", "noise"].map(|file| CODECS.map(|codec| (file, codec)));
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["file"].as_str().unwrap(),
                row["codec"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, expected.concat());
    for row in &rows {
        assert_eq!(row.as_object().unwrap().len(), 6);
        assert_eq!(row["threads"], 2);
        for field in ["ratio", "encode_gbps", "decode_gbps"] {
            assert!(row[field].as_f64().unwrap() > 0.0, "{field} of {row}");
        }
    }
    let ratio = |row: usize| rows[row]["ratio"].as_f64().unwrap();
    assert!(ratio(1) < ratio(3), "sheaf against zstd");
    assert_eq!(ratio(5), 1.0);
}

#[test]
fn people_get_a_table() {
    let folder = folder(&[("noise", &noise(1000))]);
    let table = success(sheaf(folder.path()).args(["bench", "noise"]));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 1 + CODECS.len());
    assert!(lines[0].starts_with("file   codec"), "{table}");
    assert!(
        lines[6].starts_with("noise  memcpy         1.0000"),
        "{table}"
    );
}

#[test]
fn a_base_makes_sheaf_smaller() {
    let mut tuned = model();
    for byte in tuned[2000..].iter_mut().step_by(100) {
        *byte ^= 1;
    }
    let folder = folder(&[("base", &model()), ("tuned", &tuned)]);
    let args = ["bench", "tuned", "--base", "base", "--json"];
    let rows = success(sheaf(folder.path()).args(args));
    let rows: Vec<Value> = serde_json::from_str(&rows).unwrap();
    for (row, codec) in rows.iter().zip(CODECS) {
        let small = row["ratio"].as_f64().unwrap() < 0.2;
        assert_eq!(small, codec.starts_with("sheaf"), "{row}");
    }
}

#[test]
fn nothing_cannot_be_measured() {
    let folder = folder(&[("empty", b"")]);
    let (code, error) = refusal(sheaf(folder.path()).args(["bench", "empty"]));
    assert_eq!(code, Some(1));
    assert_eq!(
        error,
        "error: empty is empty: there is nothing to measure\n"
    );
}
