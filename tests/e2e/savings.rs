//! The figures that the API gives are those of the disk.

use serde_json::Value;
use sheaf_tests::{Server, content, objects};

fn on_disk(server: &Server) -> u64 {
    objects(&server.object_store())
        .iter()
        .map(|object| object.size)
        .sum()
}

fn number(savings: &Value, key: &str) -> i64 {
    savings[key]
        .as_i64()
        .unwrap_or_else(|| panic!("no {key} in {savings}"))
}

/// Figures that add up, and agree with the disk where they are those of everything.
#[track_caller]
fn checked(server: &Server) -> Value {
    let all = server.admin().all_savings();
    adds_up(&all);
    assert_eq!(number(&all, "stored_bytes") as u64, on_disk(server));
    all
}

#[track_caller]
fn adds_up(savings: &Value) {
    let saved = &savings["saved_by"];
    let parts = ["dedup", "encoding", "delta"].map(|part| number(saved, part));
    let sum = number(savings, "stored_bytes") + parts.iter().sum::<i64>();
    assert_eq!(number(savings, "raw_bytes"), sum, "{savings}");
}

#[test]
fn stored_bytes_are_those_of_the_object_store() {
    let server = Server::start();
    let admin = server.admin();
    assert_eq!(number(&checked(&server), "raw_bytes"), 0);

    admin.create("acme/one");
    let model = content::safetensors_of(1, &[100_000, 100_000]);
    admin
        .put("acme/one", "model.safetensors", &model)
        .expect(201);
    let all = checked(&server);
    assert_eq!(number(&all, "raw_bytes"), model.len() as i64);
    assert!(number(&all, "stored_bytes") < model.len() as i64 * 9 / 10);
    assert_eq!(number(&all["saved_by"], "dedup"), 0);

    admin
        .put("acme/one", "noise.bin", content::noise(1, 300_000))
        .expect(201);
    admin
        .put("acme/one", "zeros.bin", vec![0; 3_000_000])
        .expect(201);
    admin.put("acme/one", "empty.bin", b"").expect(201);
    let all = checked(&server);
    assert_eq!(number(&all, "raw_bytes"), model.len() as i64 + 3_300_000);
    assert_eq!(all["saved_by"], admin.savings("acme/one")["saved_by"]);
}

#[test]
fn the_same_file_twice_costs_nothing_twice() {
    let server = Server::start();
    let admin = server.admin();
    let model = content::safetensors_of(1, &[100_000, 100_000]);
    admin.create("acme/one");
    admin.create("acme/two");
    admin
        .put("acme/one", "model.safetensors", &model)
        .expect(201);
    let stored = objects(&server.object_store());
    let len = model.len() as i64;

    admin
        .put("acme/one", "model.safetensors", &model)
        .expect(200);
    assert_eq!(number(&checked(&server), "raw_bytes"), len);
    admin
        .put("acme/one", "copy.safetensors", &model)
        .expect(201);
    admin
        .put("acme/two", "model.safetensors", &model)
        .expect(201);
    let client = server.client();
    std::fs::write(client.path("again.safetensors"), &model).unwrap();
    let report = client
        .run(["push", "again.safetensors", "acme/two", "--json"])
        .json();
    assert_eq!(report["sent_bytes"], 0);
    assert_eq!(report["reused_bytes"], model.len());

    assert_eq!(objects(&server.object_store()), stored);
    let all = checked(&server);
    assert_eq!(number(&all, "raw_bytes"), 4 * len);
    assert_eq!(number(&all["saved_by"], "dedup"), 3 * len);
}

#[test]
fn what_two_repositories_share_is_exclusive_to_neither() {
    let server = Server::start();
    let admin = server.admin();
    let [shared, own] = [1, 2].map(|seed| content::safetensors(seed, 100_000));
    for repository in ["acme/one", "acme/two"] {
        admin.create(repository);
        admin
            .put(repository, "shared.safetensors", &shared)
            .expect(201);
    }
    let before = on_disk(&server);
    admin.put("acme/two", "own.safetensors", &own).expect(201);
    let exclusive = |repository: &str| number(&admin.savings(repository), "exclusive_bytes") as u64;
    assert_eq!(exclusive("acme/one"), 0);
    let manifest = admin.manifest("acme/two", "own.safetensors");
    let weights = manifest["chunks"].as_array().unwrap().last().unwrap();
    assert!(exclusive("acme/two") >= weights["stored_size"].as_u64().unwrap());
    assert_eq!(exclusive("acme/two"), on_disk(&server) - before);
    adds_up(&admin.savings("acme/one"));
    adds_up(&admin.savings("acme/two"));
}

#[test]
fn what_was_replaced_counts_as_long_as_history_reaches_it() {
    let server = Server::start();
    let admin = server.admin();
    admin.create("acme/one");
    for seed in 1..=3 {
        let model = content::safetensors(seed, 50_000);
        admin
            .put("acme/one", "model.safetensors", &model)
            .expect(201);
    }
    let len = content::safetensors(1, 50_000).len() as i64;
    assert_eq!(number(&checked(&server), "raw_bytes"), 3 * len);
    admin
        .delete("/acme/one/resolve/main/model.safetensors")
        .expect(200);
    assert_eq!(number(&checked(&server), "raw_bytes"), 3 * len);
}

#[test]
fn a_manifest_tells_the_sizes_of_its_objects() {
    let server = Server::start();
    server.admin().create("acme/one");
    let model = content::safetensors_of(1, &[100_000, 70_000, 500]);
    server
        .admin()
        .put("acme/one", "model.safetensors", &model)
        .expect(201);
    let manifest = server.admin().manifest("acme/one", "model.safetensors");
    assert_eq!(manifest["size"], model.len());
    assert_eq!(manifest["sha256"], sheaf_tests::sha256(&model));

    let objects = objects(&server.object_store());
    let chunks = manifest["chunks"].as_array().unwrap();
    assert_eq!(chunks.len(), objects.len());
    let mut start = 0;
    for chunk in chunks {
        let end = start + chunk["size"].as_u64().unwrap() as usize;
        let id = blake3::hash(&model[start..end]).to_hex().to_string();
        assert_eq!(chunk["id"], id);
        let in_place =
            |path: &str| path.contains(&id) && path.contains(chunk["blob"].as_str().unwrap());
        let object = objects
            .iter()
            .find(|object| in_place(object.path.to_str().unwrap()));
        assert_eq!(chunk["stored_size"], object.unwrap().size);
        start = end;
    }
    assert_eq!(start, model.len());
}

#[test]
fn traffic_is_counted_raw_and_on_the_wire() {
    let server = Server::start();
    let admin = server.admin();
    admin.create("acme/one");
    let model = content::safetensors(1, 100_000);
    admin
        .put("acme/one", "model.safetensors", &model)
        .expect(201);
    let sent = || {
        let savings = admin.savings("acme/one");
        ["sent_raw_bytes", "sent_wire_bytes"].map(|key| number(&savings, key))
    };
    assert_eq!(sent(), [0, 0]);
    let len = model.len() as i64;
    admin.file("acme/one", "model.safetensors").expect(200);
    assert_eq!(sent(), [len, len]);
    server.client().run(["pull", "acme/one", "here"]).success();
    assert_eq!(sent(), [2 * len, len + on_disk(&server) as i64]);
}
