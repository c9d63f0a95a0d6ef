//! A registry whose blobs are in a bucket: all as with a folder, and a store that goes down is waited
//! for.

use std::process::Command;

use serde_json::Value;
use sheaf_tests::{
    Access, Client, Server, content, corpus, objects, sha256, sha256_of_file, sheaf,
};
use tokio::runtime::Runtime;

use crate::light::Light;

/// A server on a bucket of its own.
struct World {
    server: Server,
    light: Light,
    runtime: Runtime,
}

impl World {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let light = runtime.block_on(Light::start());
        let mut command = Command::new(sheaf());
        // The small server puts keys into names of files, which must not be long.
        command.env("SHEAF_BLOBS_URL", "s3://models/r");
        light.set(&mut command);
        Self {
            server: Server::start_as(command),
            light,
            runtime,
        }
    }

    fn admin(&self) -> Access {
        self.server.admin()
    }
}

#[test]
fn a_real_model_goes_into_a_bucket_and_comes_back() {
    let Some(model) = corpus::get("all-MiniLM-L6-v2/model.safetensors") else {
        return;
    };
    let world = World::start();
    let client: Client = world.server.client();
    let folder = model.path.parent().unwrap().to_str().unwrap();
    client.run(["push", folder, "acme/minilm"]).success();
    client.run(["pull", "acme/minilm", "here"]).success();
    let pulled = client.path("here").join("model.safetensors");
    assert_eq!(sha256_of_file(&pulled), model.sha256);

    let savings = world.admin().savings("acme/minilm");
    let stored = savings["stored_bytes"].as_u64().unwrap();
    assert!(stored < savings["raw_bytes"].as_u64().unwrap(), "{savings}");
    let manifest = world.admin().manifest("acme/minilm", "model.safetensors");
    let size = |chunk: &Value| chunk["stored_size"].as_u64().unwrap();
    let chunks: u64 = manifest["chunks"]
        .as_array()
        .unwrap()
        .iter()
        .map(size)
        .sum();
    let blobs = world.light.bucket().join("r/blobs");
    let in_bucket: u64 = objects(&blobs).iter().map(|object| object.size).sum();
    assert!(in_bucket >= chunks, "{in_bucket} of {chunks}");
    assert!(
        !world.server.object_store().exists(),
        "nothing is in a folder"
    );
}

#[test]
fn ranges_are_read_from_a_bucket() {
    let world = World::start();
    let bytes = content::safetensors_of(1, &[70_000, 200_000, 70_000]);
    world.admin().create("acme/model");
    let put = world.admin().put("acme/model", "m.safetensors", &bytes);
    put.expect(201);
    for (from, to) in [(0, 10), (69_990, 400_000), (600_000, bytes.len())] {
        let request = world
            .admin()
            .request("/acme/model/resolve/main/m.safetensors");
        let range = format!("Range: bytes={from}-{}", to - 1);
        assert!(request.header(&range).send().expect(206).body == bytes[from..to]);
    }
    let whole = world
        .admin()
        .file("acme/model", "m.safetensors")
        .expect(200);
    assert_eq!(sha256(&whole.body), sha256(&bytes));
}

#[test]
fn a_store_that_is_down_is_said_and_waited_for() {
    let mut world = World::start();
    let bytes = content::noise(1, 3_000_000);
    world.admin().create("acme/model");
    world
        .admin()
        .put("acme/model", "old.bin", &bytes)
        .expect(201);

    world.runtime.block_on(world.light.stop());
    let read = world.admin().file("acme/model", "old.bin");
    assert_eq!(read.header("retry-after"), Some("2"));
    read.expect_error(503, "unavailable");
    let write = world
        .admin()
        .put("acme/model", "new.bin", content::noise(2, 3_000_000));
    write.expect_error(503, "unavailable");
    assert_eq!(world.admin().revisions("acme/model").len(), 1);

    world.runtime.block_on(world.light.start_again());
    assert!(world.admin().file("acme/model", "old.bin").expect(200).body == bytes);
    let new = content::noise(2, 3_000_000);
    world.admin().put("acme/model", "new.bin", &new).expect(201);
    assert!(world.admin().file("acme/model", "new.bin").expect(200).body == new);
}

#[test]
fn a_bucket_that_cannot_be_used_is_refused_at_the_start_without_a_secret() {
    let world = World::start();
    let client = Client::bare();
    let mut command = client.command();
    command.env("SHEAF_BLOBS_URL", "s3://models");
    world.light.set(&mut command);
    command.env("AWS_SECRET_ACCESS_KEY", "a-secret-that-is-wrong");
    let ended = command.arg("serve").output().unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.contains("the object store refuses: the keys are wrong"),
        "{said}"
    );
    assert!(!said.contains("a-secret-that-is-wrong"), "{said}");
}
