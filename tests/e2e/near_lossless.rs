//! Weights that are rounded when they are pushed or compressed: asked for, told, and lossless from there.

use std::fs;

use serde_json::{Value, json};
use sheaf_tests::{Client, Server, Upload, content, sha256, sha256_of_file};

const MODEL: &str = "model.safetensors";

/// A model whose second tensor has a number that is too large to be rounded.
fn model() -> Vec<u8> {
    let mut file = content::safetensors_of(3, &[120_000, 90_000]);
    let at = file.len() - 4;
    file[at..].copy_from_slice(&1.5_f32.to_le_bytes());
    file
}

/// The same file as rounding is defined, by arithmetic.
fn rounded(file: &[u8], bits: i32) -> Vec<u8> {
    let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let scale = 2f64.powi(bits);
    let mut out = file.to_vec();
    for number in out[header..][..120_000 * 4].chunks_exact_mut(4) {
        let weight = f64::from(f32::from_le_bytes(number.try_into().unwrap()));
        let floor = (weight * scale).floor() / scale;
        number.copy_from_slice(&(floor as f32).to_le_bytes());
    }
    out
}

fn with_model(client: &Client) {
    fs::create_dir(client.path("model")).unwrap();
    fs::write(client.path("model").join(MODEL), model()).unwrap();
    fs::write(client.path("model/config.json"), "{}").unwrap();
}

fn push(client: &Client, from: &str, to: &str, bits: &str) -> Value {
    let push = ["push", from, to, "--near-lossless", bits, "--json"];
    client.run(push).json()
}

/// What is said of a file that was rounded to 12 bits.
#[track_caller]
fn check(told: &Value) {
    assert_eq!(told["bits"], 12);
    assert_eq!(told["original_sha256"], sha256(model()));
    let tensors = told["tensors"].as_array().unwrap();
    assert_eq!(tensors.len(), 1);
    assert_eq!(tensors[0]["name"], "weight.0");
    let step = 2f64.powi(-12);
    let max = tensors[0]["max_error"].as_f64().unwrap();
    assert!(max > step * 0.99 && max < step, "{max}");
    let mean = tensors[0]["mean_error"].as_f64().unwrap();
    assert!((mean - step / 2.0).abs() < step / 50.0, "{mean}");
}

#[test]
fn a_rounded_model_is_pushed_and_everybody_is_told() {
    let server = Server::start();
    let client = server.client();
    with_model(&client);
    let report = push(&client, "model", "acme/model", "12");
    let files = report["near_lossless"].as_array().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["path"], MODEL);
    check(&files[0]);

    let expected = rounded(&model(), 12);
    assert!(expected != model());
    let admin = server.admin();
    let manifest = admin.manifest("acme/model", MODEL);
    assert_eq!(manifest["sha256"], sha256(&expected));
    check(&manifest["near_lossless"]);
    assert!(admin.manifest("acme/model", "config.json")["near_lossless"].is_null());
    let tree = admin.get_json("/api/v1/repositories/acme/model/tree/main");
    assert!(tree["items"][0]["near_lossless_bits"].is_null());
    assert_eq!(tree["items"][1]["near_lossless_bits"], 12);
    let answer = admin.file("acme/model", MODEL).expect(200);
    assert_eq!(answer.header("x-sheaf-near-lossless"), Some("12"));

    let said = client.run(["pull", "acme/model", "there"]).success();
    assert!(
        said.contains(&format!("near-lossless, 12 bits: {MODEL}")),
        "{said}"
    );
    assert_eq!(
        sha256_of_file(client.path("there").join(MODEL)),
        sha256(&expected)
    );
    // The model itself stays what it was.
    assert!(fs::read(client.path("model").join(MODEL)).unwrap() == model());
    for (command, part) in [
        ("ls", "near-lossless, 12 bits"),
        ("info", "near-lossless, 12 bits"),
    ] {
        let said = client.run([command, "acme/model"]).success();
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn rounding_again_stores_nothing_new() {
    let server = Server::start();
    let client = server.client();
    with_model(&client);
    push(&client, "model", "acme/model", "12");
    let stored = server.admin().all_savings()["stored_bytes"].clone();
    let again = push(&client, "model", "acme/model", "12");
    assert_eq!(
        (&again["changed"], &again["sent_bytes"]),
        (&false.into(), &0.into())
    );
    check(&again["near_lossless"][0]);

    // What was rounded is not changed by rounding, and what is not changed is nothing but itself.
    client.run(["pull", "acme/model", "there"]).success();
    let again = push(&client, "there", "acme/model", "12");
    assert_eq!(again["changed"], false);
    assert_eq!(again["near_lossless"], json!([]));
    let other = push(&client, "there", "acme/other", "12");
    assert_eq!(other["sent_bytes"], 0);
    assert!(server.admin().manifest("acme/other", MODEL)["near_lossless"].is_null());
    // A stream tells what was done, so it is not that of the same file to which nothing was.
    let etag = |name| {
        let request = server
            .admin()
            .request(&format!("/{name}/resolve/main/{MODEL}"));
        let answer = request.header("Accept-Encoding: sheaf").send().expect(200);
        answer.header("ETag").unwrap().to_owned()
    };
    assert_ne!(etag("acme/model"), etag("acme/other"));
    check(&server.admin().manifest("acme/model", MODEL)["near_lossless"]);
    assert_eq!(server.admin().all_savings()["stored_bytes"], stored);
}

#[test]
fn a_revision_keeps_what_is_told_of_its_files() {
    let server = Server::start();
    let client = server.client();
    with_model(&client);
    push(&client, "model", "acme/model", "12");
    let admin = server.admin();
    admin.put("acme/model", "more.txt", "more").expect(201);
    check(&admin.manifest("acme/model", MODEL)["near_lossless"]);
    // Put as it is, it is as it is.
    admin.put("acme/model", MODEL, model()).expect(201);
    assert!(admin.manifest("acme/model", MODEL)["near_lossless"].is_null());
    admin.delete("/api/v1/repositories/acme/model").expect(204);
}

#[test]
fn a_stream_of_a_rounded_file_says_so() {
    let server = Server::start();
    let client = server.client();
    with_model(&client);
    push(&client, "model", "acme/model", "12");
    let path = format!("/acme/model/resolve/main/{MODEL}");
    let request = server.admin().request(&path);
    let stream = request.header("Accept-Encoding: sheaf").send();
    fs::write(client.path("served.sheaf"), stream.expect(200).body).unwrap();
    let compress = [
        "compress",
        "model/model.safetensors",
        "--near-lossless",
        "12",
        "--json",
    ];
    let report = client.run(compress).json();
    check(&report["near_lossless"]);
    for stream in ["served.sheaf", "model/model.safetensors.sheaf"] {
        let told = client.run(["inspect", stream, "--json"]).json();
        check(&told["near_lossless"]);
        let said = client.run(["inspect", stream]).success();
        assert!(said.contains("1 tensor rounded down to 12 bits"), "{said}");
        let back = ["decompress", stream, "-o", "back", "--force", "--json"];
        check(&client.run(back).json()["near_lossless"]);
        assert_eq!(
            sha256_of_file(client.path("back")),
            sha256(rounded(&model(), 12))
        );
    }
}

#[test]
fn what_cannot_have_been_done_is_refused() {
    let server = Server::start();
    let admin = server.admin();
    admin.create("acme/model");
    admin.put("acme/model", "a", "bytes").expect(201);
    let manifest = admin.manifest("acme/model", "a");
    let file = json!({
        "path": "b", "size": 5, "sha256": manifest["sha256"],
        "chunks": [{"id": manifest["chunks"][0]["id"], "size": 5}],
    });
    let tensor = json!({"name": "w", "max_error": 0.5, "mean_error": 0.25});
    let good = json!({"bits": 1, "original_sha256": sha256(b"other"), "tensors": [tensor]});
    let commit = |told: &Value| {
        let mut file = file.clone();
        file["near_lossless"] = told.clone();
        let upload = Upload::open(&admin, "acme/model");
        upload.commit(&json!({"branch": "main", "files": [file]}))
    };
    for (key, bad) in [
        ("bits", json!(0)),
        ("bits", json!(53)),
        ("original_sha256", manifest["sha256"].clone()),
        ("tensors", json!([])),
        (
            "tensors",
            json!([{"name": "w", "max_error": 1.5, "mean_error": 0.0}]),
        ),
        (
            "tensors",
            json!([{"name": "w", "max_error": 0.5, "mean_error": -0.1}]),
        ),
    ] {
        let mut told = good.clone();
        told[key] = bad;
        commit(&told).expect_error(400, "invalid");
    }
    commit(&good).expect(200);
    assert_eq!(admin.manifest("acme/model", "b")["near_lossless"], good);
}

#[test]
fn bits_that_make_no_sense_are_refused() {
    let client = Client::bare();
    fs::write(client.path("a"), "a").unwrap();
    for bits in ["0", "53", "x"] {
        let ran = client.run(["compress", "a", "--near-lossless", bits]);
        assert!(
            !ran.succeeded() && ran.stderr.contains("from 1 to 52"),
            "{ran:?}"
        );
    }
    let said = client
        .run(["compress", "a", "--near-lossless", "8"])
        .success();
    assert!(
        said.contains("near-lossless: there was nothing to round"),
        "{said}"
    );
}
