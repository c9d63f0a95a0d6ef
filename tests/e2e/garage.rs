//! A registry on a real S3 store.

use std::process::Command;

use sheaf_tests::{Garage, Server, content, corpus, sha256_of_file, sheaf};

fn server(garage: &Garage) -> Server {
    let mut command = Command::new(sheaf());
    command.env("SHEAF_BLOBS_URL", "s3://models/registry");
    garage.set(&mut command);
    Server::start_as(command)
}

#[test]
fn a_real_model_goes_into_garage_and_comes_back() {
    let (Some(model), Some(garage)) = (
        corpus::get("all-MiniLM-L6-v2/model.safetensors"),
        Garage::start(),
    ) else {
        return;
    };
    let server = server(&garage);
    let client = server.client();
    let folder = model.path.parent().unwrap().to_str().unwrap();
    client.run(["push", folder, "acme/minilm"]).success();
    client.run(["pull", "acme/minilm", "here"]).success();
    let pulled = client.path("here").join("model.safetensors");
    assert_eq!(sha256_of_file(&pulled), model.sha256);

    let bytes = std::fs::read(&model.path).unwrap();
    let (from, to) = (5_000_000, 30_000_001);
    let range = format!("Range: bytes={from}-{}", to - 1);
    let path = "/acme/minilm/resolve/main/model.safetensors";
    let part = server.admin().request(path).header(&range).send();
    assert!(part.expect(206).body == bytes[from..to]);
    let savings = server.admin().savings("acme/minilm");
    assert!(
        savings["saved_by"]["encoding"].as_i64().unwrap() > 0,
        "{savings}"
    );
}

#[test]
fn garage_goes_down_and_comes_back() {
    let Some(mut garage) = Garage::start() else {
        return;
    };
    let server = server(&garage);
    let (old, new) = (content::noise(1, 3_000_000), content::noise(2, 3_000_000));
    server.admin().create("acme/model");
    server
        .admin()
        .put("acme/model", "old.bin", &old)
        .expect(201);

    garage.kill();
    let read = server.admin().file("acme/model", "old.bin");
    assert_eq!(read.header("retry-after"), Some("2"));
    read.expect_error(503, "unavailable");
    let write = server.admin().put("acme/model", "new.bin", &new);
    write.expect_error(503, "unavailable");

    garage.start_again();
    assert!(
        server
            .admin()
            .file("acme/model", "old.bin")
            .expect(200)
            .body
            == old
    );
    server
        .admin()
        .put("acme/model", "new.bin", &new)
        .expect(201);
    assert!(
        server
            .admin()
            .file("acme/model", "new.bin")
            .expect(200)
            .body
            == new
    );
}
