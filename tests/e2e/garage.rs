//! A registry on a real S3 store.

use std::fs;
use std::process::Command;

use sheaf_tests::{Garage, Server, content, corpus, sha256_of_file, sheaf};

use crate::midway;

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

    let bytes = fs::read(&model.path).unwrap();
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

#[test]
fn of_three_nodes_one_may_die_in_mid_push_and_another_in_mid_pull() {
    let Some(mut garage) = Garage::start_three() else {
        return;
    };
    let mut server = server(&garage);
    let pusher = server.client();
    let (mut push, bytes) = midway::push(&pusher, &server.admin());
    garage.kill_node(1);
    assert!(push.wait().unwrap().success());

    garage.start_node(1);
    let puller = server.client();
    let mut pull = midway::pull(&puller);
    garage.kill_node(2);
    assert!(pull.wait().unwrap().success());
    let pulled = fs::read(puller.path("here").join("model.safetensors")).unwrap();
    assert!(pulled == bytes);
    puller.run(["check", "--full"]).success();
    // Also after a start, which writes, lists, reads and deletes.
    server.restart();
    let file = server.admin().file("acme/model", "model.safetensors");
    assert!(file.expect(200).body == bytes);
}
