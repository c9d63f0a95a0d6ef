use crate::command::{sheaf, success};

use super::samples::{f32_bytes, folder, safetensors, weights};

/// A tensor that is rounded, one that is not, and one whose numbers are whole already.
fn model() -> Vec<u8> {
    let numbers = weights(20_000);
    let mut large = numbers[..5_000].to_vec();
    large[7] = -2.0;
    safetensors(&[
        ("weight", "F32", &[20_000], f32_bytes(&numbers)),
        ("large", "F32", &[5_000], f32_bytes(&large)),
        ("whole", "F32", &[4], f32_bytes(&[0.0, 0.5, -1.0, 1.0])),
    ])
}

/// What is stored gets smaller as the codec gets better.
fn check(name: &str, said: String) {
    let filters = [
        (r"[\d.]+ k?B, of", "[size], of"),
        (r#""stored_bytes": \d+"#, r#""stored_bytes": 0"#),
    ];
    insta::with_settings!({filters => filters}, {
        insta::assert_snapshot!(name, said);
    });
}

#[test]
fn what_was_rounded_is_said() {
    let folder = folder(&[("model", &model())]);
    let home = folder.path();
    let compress = ["compress", "model", "--near-lossless", "12"];
    check("compress", success(sheaf(home).args(compress)));
    let forced = ["--force", "--json"];
    let json = success(sheaf(home).args(compress).args(forced));
    check("compress_json", json);
    // Silence does not go so far.
    let quiet = success(sheaf(home).args(compress).args(["--force", "--quiet"]));
    assert!(quiet.starts_with("near-lossless: 1 tensor"), "{quiet}");

    let back = ["decompress", "model.sheaf", "-o", "back"];
    check("decompress", success(sheaf(home).args(back)));
    let inspect = success(sheaf(home).args(["inspect", "model.sheaf"]));
    assert!(inspect.contains("rounded down to 12 bits"), "{inspect}");

    // What was rounded is as it is.
    let again = ["compress", "back", "--near-lossless", "12"];
    check("compress_again", success(sheaf(home).args(again)));
    let again = success(sheaf(home).args(again).args(forced));
    assert!(again.contains("\"near_lossless\": null"), "{again}");
}

#[test]
fn it_is_never_the_default() {
    let folder = folder(&[("model", &model())]);
    let home = folder.path();
    let said = success(sheaf(home).args(["compress", "model"]));
    let json = success(sheaf(home).args(["compress", "model", "--force", "--json"]));
    assert!(!said.contains("lossless") && !json.contains("lossless"));
    success(sheaf(home).args(["decompress", "model.sheaf", "-o", "back"]));
    assert!(std::fs::read(home.join("back")).unwrap() == model());
}
