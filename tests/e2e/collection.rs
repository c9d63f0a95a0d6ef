//! What nothing reaches goes from the disk, and nothing else does.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};
use sheaf_tests::{Access, Chunk, Server, Upload, content, objects, sheaf};

/// A server that collects only when it is asked, what was unused for so long.
fn server_with_grace(grace: &str) -> Server {
    let mut command = Command::new(sheaf());
    command.env("SHEAF_COLLECTION_EVERY", "0s");
    command.env("SHEAF_COLLECTION_GRACE", grace);
    Server::start_as(command)
}

#[track_caller]
fn collect(admin: &Access) -> Value {
    admin
        .post("/api/v1/collection", &json!({}))
        .expect(200)
        .json()
}

fn preview(admin: &Access) -> Value {
    admin.get_json("/api/v1/collection")
}

fn count(collection: &Value, of: &str, what: &str) -> u64 {
    let count = collection[of][what].as_u64();
    count.unwrap_or_else(|| panic!("no {of}.{what} in {collection}"))
}

/// The rows' sums are those of the disk.
#[track_caller]
fn nothing_is_left_over(server: &Server) {
    let disk: u64 = objects(&server.object_store()).iter().map(|o| o.size).sum();
    let stored = server.admin().all_savings()["stored_bytes"].as_u64();
    assert_eq!(stored, Some(disk));
}

#[test]
fn a_deleted_repository_frees_what_only_it_held() {
    let server = server_with_grace("0s");
    let admin = server.admin();
    let shared = content::safetensors(1, 200_000);
    for (repository, own) in [("acme/one", 2), ("acme/two", 3)] {
        admin.create(repository);
        admin
            .put(repository, "shared.safetensors", &shared)
            .expect(201);
        let own = content::safetensors(own, 200_000);
        admin.put(repository, "own.safetensors", &own).expect(201);
    }
    let before = objects(&server.object_store()).len();
    let freed = admin.savings("acme/two")["exclusive_bytes"].as_u64();
    admin.delete("/api/v1/repositories/acme/two").expect(204);

    let done = collect(&admin);
    assert!(count(&done, "objects", "collected") > 0, "{done}");
    assert_eq!(done["objects"]["collected_bytes"].as_u64(), freed, "{done}");
    let left = objects(&server.object_store()).len() as u64;
    assert_eq!(left + count(&done, "objects", "collected"), before as u64);
    nothing_is_left_over(&server);
    let back = admin.file("acme/one", "shared.safetensors").expect(200);
    assert!(back.body == shared);
    assert_eq!(count(&collect(&admin), "objects", "collected"), 0);
}

#[test]
fn a_preview_says_what_would_go_and_takes_nothing() {
    let server = server_with_grace("0s");
    let admin = server.admin();
    admin.create("acme/model");
    admin
        .put("acme/model", "a.bin", content::noise(1, 300_000))
        .expect(201);
    let revision = admin.revisions("acme/model")[0]["id"].clone();
    admin
        .delete("/api/v1/repositories/acme/model/refs/main")
        .expect(204);
    let disk = objects(&server.object_store());

    let first = preview(&admin);
    assert_eq!(first["dry_run"], true);
    assert_eq!(count(&first, "revisions", "collected"), 1);
    assert_eq!(first["unreachable"][0]["revision"], revision);
    assert_eq!(first["unreachable"][0]["repository"], "acme/model");
    assert_eq!(count(&first, "objects", "collected"), disk.len() as u64);
    assert_eq!(objects(&server.object_store()), disk);

    let words = server.client().run(["gc", "--dry-run"]).success();
    assert!(words.contains("no branch or tag reaches it"), "{words}");
    let done = collect(&admin);
    for of in ["revisions", "chunks", "objects"] {
        let [told, gone] = [&first, &done].map(|c| count(c, of, "collected"));
        assert_eq!(told, gone, "{of}");
    }
    assert!(objects(&server.object_store()).is_empty());
}

#[test]
fn what_was_reached_until_lately_waits_and_can_be_had_back() {
    let server = server_with_grace("1h");
    let admin = server.admin();
    admin.create("acme/model");
    let model = content::safetensors(1, 100_000);
    admin.put("acme/model", "m.safetensors", &model).expect(201);
    let revision = admin.revisions("acme/model")[0]["id"].clone();
    let main = "/api/v1/repositories/acme/model/refs/main";
    admin.delete(main).expect(204);
    let done = collect(&admin);
    assert_eq!(count(&done, "revisions", "collected"), 0);
    assert_eq!(count(&done, "revisions", "waiting"), 1);
    assert!(count(&done, "chunks", "waiting_bytes") > 0, "{done}");

    let branch = "/api/v1/repositories/acme/model/branches/main";
    let body = json!({"target": revision});
    let answer = admin.request(branch).method("PUT").json(&body).send();
    assert!(matches!(answer.status, 200 | 201), "{}", answer.status);
    let done = collect(&admin);
    assert_eq!(count(&done, "revisions", "waiting"), 0);
    let back = admin.file("acme/model", "m.safetensors").expect(200);
    assert!(back.body == model);
}

#[test]
fn an_upload_keeps_its_chunks_until_it_is_given_up() {
    let server = server_with_grace("0s");
    let admin = server.admin();
    admin.create("acme/model");
    let chunk = Chunk::new(content::noise(7, 200_000));
    let upload = Upload::open(&admin, "acme/model");
    upload.put(&chunk).expect(200);
    assert_eq!(count(&collect(&admin), "objects", "collected"), 0);
    assert!(upload.missing(&[&chunk]).is_empty());
    admin.delete(&upload.path).expect(204);
    assert_eq!(count(&collect(&admin), "objects", "collected"), 1);
    assert!(objects(&server.object_store()).is_empty());
}

#[test]
fn only_administrators_collect() {
    let server = server_with_grace("0s");
    let writer = server.token("write", "*");
    let writer = server.with_secret(&writer);
    writer.post("/api/v1/collection", &json!({})).expect(403);
    server.anybody().get("/api/v1/collection").expect(401);
}

#[test]
fn the_same_content_comes_and_goes_while_it_is_collected() {
    come_and_go("0s", 4, 8);
}

#[test]
fn a_hundred_clients_come_and_go_while_what_they_share_is_collected() {
    come_and_go("1s", 100, 2);
}

/// Clients push, pull and delete the same content while collections follow one another.
fn come_and_go(grace: &str, clients: u64, rounds: u64) {
    let server = server_with_grace(grace);
    let admin = server.admin();
    let model = content::safetensors(1, 100_000);
    let (done, collected) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let collector = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let deleted = count(&collect(&admin), "objects", "collected");
                collected.fetch_add(deleted, Ordering::Relaxed);
            }
        });
        let running: Vec<_> = (0..clients)
            .map(|number| {
                let (admin, model, collected) = (admin.clone(), &model, &collected);
                scope.spawn(move || comes_and_goes(&admin, (number, rounds), model, collected))
            })
            .collect();
        let ended: Vec<_> = running.into_iter().map(|client| client.join()).collect();
        done.store(true, Ordering::Relaxed);
        collector.join().unwrap();
        assert!(ended.iter().all(Result::is_ok));
    });
    // Until what they left last has been without a holder for as long as it is kept.
    let mut collected = collected.into_inner();
    while !objects(&server.object_store()).is_empty() {
        collected += count(&collect(&admin), "objects", "collected");
    }
    assert!(collected >= clients * rounds);
}

/// What was acknowledged is there until it is deleted: some rounds, and until some of it was collected.
fn comes_and_goes(
    admin: &Access,
    (client, rounds): (u64, u64),
    model: &[u8],
    collected: &AtomicU64,
) {
    let repository = &format!("acme/m{client}");
    let path = format!("/api/v1/repositories/{repository}");
    let mut round = 0;
    while round < rounds || collected.load(Ordering::Relaxed) == 0 {
        let own = content::noise(1000 * client + round, 10_000);
        admin.create(repository);
        admin.put(repository, "m.safetensors", model).expect(201);
        admin.put(repository, "own.bin", &own).expect(201);
        for (name, bytes) in [("m.safetensors", model), ("own.bin", &own[..])] {
            let back = admin.file(repository, name).expect(200);
            assert!(back.body == bytes);
        }
        admin.delete(&path).expect(204);
        round += 1;
    }
}
