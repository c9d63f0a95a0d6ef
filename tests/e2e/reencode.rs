//! Blobs are made anew at another level, under those who read them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};
use sheaf_tests::{Access, Chunk, Client, Server, SmallDisk, Upload, content, objects, sheaf};

const FILE: &str = "model.safetensors";

/// A server that collects only when it is asked, what was unused for so long.
fn server(grace: &str) -> Server {
    let mut command = Command::new(sheaf());
    command.env("SHEAF_COLLECTION_EVERY", "0s");
    command.env("SHEAF_COLLECTION_GRACE", grace);
    Server::start_as(command)
}

/// Pushes a model of some chunks as fast as can be, and gives its bytes.
fn push(client: &Client, repository: &str) -> Vec<u8> {
    let bytes = content::safetensors_of(1, &[100_000; 12]);
    fs::create_dir_all(client.path("model")).unwrap();
    fs::write(client.path("model").join(FILE), &bytes).unwrap();
    let arguments = ["push", "model", repository, "--level", "fast"];
    client.run(arguments).success();
    bytes
}

fn reencode(client: &Client, repository: &str) -> Value {
    let arguments = ["reencode", repository, "--level", "max", "--json"];
    let job = client.run(arguments).json();
    assert_eq!(job["state"], "done", "{job}");
    job["result"]["reencode"].clone()
}

fn collect(admin: &Access) -> Value {
    let answer = admin.post("/api/v1/collection", &json!({}));
    answer.expect(200).json()
}

fn stored(admin: &Access) -> u64 {
    let stored = admin.savings("acme/model")["stored_bytes"].as_u64();
    stored.unwrap()
}

fn blobs(admin: &Access) -> Vec<String> {
    let manifest = admin.manifest("acme/model", FILE);
    let chunks = manifest["chunks"].as_array().unwrap();
    let blob = |chunk: &Value| chunk["blob"].as_str().unwrap().to_owned();
    chunks.iter().map(blob).collect()
}

#[test]
fn a_revision_becomes_smaller_and_comes_back_the_same() {
    let server = server("0s");
    let (admin, client) = (server.admin(), server.client());
    let bytes = push(&client, "acme/model");
    let before = stored(&admin);
    let said = client.run(["reencode", "acme/model"]).success();
    let after = stored(&admin);
    assert!(after < before, "{after} of {before}");
    assert!(said.contains("chunks, were"), "{said}");

    let file = server.anybody().file("acme/model", FILE).expect(200);
    assert!(file.body == bytes);
    client.run(["pull", "acme/model", "copy"]).success();
    assert!(fs::read(client.path("copy").join(FILE)).unwrap() == bytes);
    collect(&admin);
    let disk: u64 = objects(&server.object_store()).iter().map(|o| o.size).sum();
    assert_eq!(disk, after, "what was replaced is gone");

    let again = reencode(&client, "acme/model");
    assert_eq!(again["stored_bytes_before"], after);
    assert_eq!(again["stored_bytes"], after);
    assert_eq!(again["raw_bytes"], bytes.len());
}

#[test]
fn what_two_repositories_share_is_done_once() {
    let server = server("1h");
    let (admin, client) = (server.admin(), server.client());
    push(&client, "acme/model");
    push(&client, "acme/other");
    let first = reencode(&client, "acme/model");
    let there = objects(&server.object_store());
    let second = reencode(&client, "acme/other");
    assert_eq!(second["stored_bytes_before"], first["stored_bytes"]);
    assert_eq!(objects(&server.object_store()), there);
    let jobs = admin.get_json("/api/v1/jobs?kind=reencode");
    assert_eq!(jobs["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_blob_that_was_replaced_stays_for_those_who_were_told_of_it() {
    let server = server("1h");
    let (admin, client) = (server.admin(), server.client());
    push(&client, "acme/model");
    let told = blobs(&admin);
    reencode(&client, "acme/model");
    let now = blobs(&admin);
    assert!(told.iter().all(|blob| !now.contains(blob)));
    let done = collect(&admin);
    assert_eq!(done["objects"]["collected"], 0);
    assert_eq!(done["objects"]["waiting"], told.len());
    let preview = admin.get_json("/api/v1/collection");
    assert_eq!(preview["objects"]["collected"], 0);
    assert_eq!(preview["objects"]["waiting"], told.len());
    for blob in told.iter().chain(&now) {
        let path = format!("/api/v1/repositories/acme/model/blobs/{blob}");
        let answer = server.anybody().get(&path).expect(200);
        assert_eq!(&blob_id(&answer.body), blob);
    }
}

/// The id of a blob, from its bytes.
fn blob_id(blob: &[u8]) -> String {
    let parsed = sheaf_codec::Header::parse(blob).unwrap();
    match parsed {
        sheaf_codec::Parsed::Header(header, _) => hex::encode(header.blob_id()),
        sheaf_codec::Parsed::NeedMore(_) => panic!("half a blob"),
    }
}

#[test]
fn once_it_is_gone_whoever_asks_is_told_to_ask_again() {
    let server = server("0s");
    let (admin, client) = (server.admin(), server.client());
    push(&client, "acme/model");
    let told = blobs(&admin);
    reencode(&client, "acme/model");
    collect(&admin);
    let path = format!("/api/v1/repositories/acme/model/blobs/{}", told[0]);
    admin.get(&path).expect_error(404, "blob_not_found");
}

#[test]
fn those_who_read_meanwhile_get_what_they_asked_for() {
    let server = server("0s");
    let (admin, client) = (server.admin(), server.client());
    let bytes = push(&client, "acme/model");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let file = server.anybody().file("acme/model", FILE).expect(200);
                assert!(file.body == bytes);
            }
        });
        let puller = scope.spawn(|| {
            let client = server.client();
            while !done.load(Ordering::Relaxed) {
                let _ = fs::remove_dir_all(client.path("copy"));
                client.run(["pull", "acme/model", "copy"]).success();
                assert!(fs::read(client.path("copy").join(FILE)).unwrap() == bytes);
            }
        });
        let id = {
            let arguments = ["reencode", "acme/model", "--detach", "--json"];
            client.run(arguments).json()["id"].to_string()
        };
        loop {
            collect(&admin);
            let job = admin.get_json(&format!("/api/v1/jobs/{id}"));
            if job["state"] == "done" {
                break;
            }
            assert_ne!(job["state"], "failed", "{job}");
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
        puller.join().unwrap();
    });
    collect(&admin);
    let disk: u64 = objects(&server.object_store()).iter().map(|o| o.size).sum();
    assert_eq!(disk, stored(&admin));
}

/// A file of more chunks than the server looks up at once, 1000, and its bytes. Few of them differ.
fn put_long(admin: &Access) -> Vec<u8> {
    admin.create("acme/model");
    let chunks: Vec<Chunk> = (0..5)
        .map(|seed| Chunk::new(content::weights(seed, 8000)))
        .collect();
    let upload = Upload::open(admin, "acme/model");
    for chunk in &chunks {
        upload.put(chunk).expect(200);
    }
    let list: Vec<&Chunk> = chunks.iter().cycle().take(2500).collect();
    upload.commit_file(FILE, &list).expect(200);
    list.iter().flat_map(|chunk| chunk.raw.clone()).collect()
}

/// Asks for the file as a stream of blobs, and reads its beginning.
fn begin_to_read(server: &Server) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    // In HTTP/1.0 what has no length ends with the connection.
    let request = format!("GET /acme/model/resolve/main/{FILE} HTTP/1.0\r\n");
    let request = format!("{request}Accept-Encoding: sheaf\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut begun = vec![0; 64 << 10];
    stream.read_exact(&mut begun).unwrap();
    (stream, begun)
}

#[test]
fn a_long_stream_of_blobs_goes_on_while_they_are_replaced() {
    let server = server("0s");
    let (admin, client) = (server.admin(), server.client());
    let bytes = put_long(&admin);
    let before = blobs(&admin);
    let (mut stream, mut answer) = begin_to_read(&server);
    reencode(&client, "acme/model");
    let after = blobs(&admin);
    assert!(before.iter().zip(&after).all(|(was, is)| was != is));
    collect(&admin);
    stream.read_to_end(&mut answer).unwrap();

    let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(head.unwrap() + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    assert!(head.contains("content-encoding: sheaf"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    fs::write(client.path("model.sheaf"), body).unwrap();
    let decompress = ["decompress", "model.sheaf", "--output", "back"];
    client.run(decompress).success();
    assert!(fs::read(client.path("back")).unwrap() == bytes);
}

#[test]
fn a_full_disk_loses_nothing_and_is_tried_again() {
    let Some(disk) = SmallDisk::start(40) else {
        return;
    };
    let admin = disk.admin();
    let bytes = put_model_of_one_chunk(&admin);
    let before = stored(&admin);
    fill(&admin);
    // A row has room again, a blob of megabytes has none.
    disk.grow(41);
    let start = json!({"kind": "reencode", "repository": "acme/model", "level": "max"});
    let id = admin.post("/api/v1/jobs", &start).expect(201).json()["id"].clone();
    let path = format!("/api/v1/jobs/{id}");
    let job = loop {
        let job = admin.get_json(&path);
        if !job["error"].is_null() {
            break job;
        }
        assert_ne!(job["state"], "done", "there was room: {job}");
    };
    assert_eq!(job["error"]["code"], "storage_full", "{job}");
    assert_eq!(job["state"], "queued", "it is to be tried again: {job}");
    assert_eq!(stored(&admin), before);
    assert!(admin.file("acme/model", FILE).expect(200).body == bytes);

    disk.grow(80);
    let job = loop {
        let job = admin.get_json(&format!("{path}?wait=30"));
        match job["state"].as_str() {
            Some("queued" | "running") => {}
            _ => break job,
        }
    };
    assert_eq!(job["state"], "done", "{job}");
    assert!(stored(&admin) < before);
    assert!(admin.file("acme/model", FILE).expect(200).body == bytes);
    let check = admin.post(
        "/api/v1/jobs",
        &json!({"kind": "check", "depth": "decoded"}),
    );
    let path = format!("/api/v1/jobs/{}?wait=30", check.expect(201).json()["id"]);
    let found = loop {
        let job = admin.get_json(&path);
        if job["state"] == "done" {
            break job["result"]["check"]["faults_found"].clone();
        }
    };
    assert_eq!(found, 0);
}

/// Its blob is larger than what is left when the disk is full.
fn put_model_of_one_chunk(admin: &Access) -> Vec<u8> {
    admin.create("acme/model");
    let chunk = Chunk::new(content::weights(1, 1_000_000));
    let upload = Upload::open(admin, "acme/model");
    upload.put(&chunk).expect(200);
    upload.commit_file(FILE, &[&chunk]).expect(200);
    chunk.raw
}

/// Takes the room of the disk, in pieces that become smaller.
fn fill(admin: &Access) {
    admin.create("acme/filler");
    let mut number = 0;
    for size in [3_000_000, 700_000] {
        loop {
            number += 1;
            let name = format!("{number}.bin");
            let put = admin.put("acme/filler", &name, content::noise(number, size));
            if put.status != 201 {
                put.expect_error(507, "storage_full");
                break;
            }
        }
    }
}

#[test]
fn a_damaged_chunk_keeps_none_of_the_others_from_it() {
    let server = server("0s");
    let (admin, client) = (server.admin(), server.client());
    push(&client, "acme/model");
    let before = blobs(&admin);
    let victim = objects(&server.object_store()).pop().unwrap().path;
    let mut bad = fs::read(&victim).unwrap();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(&victim, &bad).unwrap();
    let id = {
        let arguments = ["reencode", "acme/model", "--detach", "--json"];
        client.run(arguments).json()["id"].to_string()
    };
    let job = loop {
        let job = admin.get_json(&format!("/api/v1/jobs/{id}?wait=5"));
        if !job["error"].is_null() {
            break job;
        }
        assert_ne!(job["state"], "done", "{job}");
    };
    assert_eq!(job["error"]["code"], "blob_damaged");
    let after = blobs(&admin);
    let same = before
        .iter()
        .zip(&after)
        .filter(|(was, is)| was == is)
        .count();
    assert_eq!(same, 1, "all but the damaged one are new");
    client.run(["jobs", "drop", &id]).success();
}

#[test]
fn who_may_write_may_and_no_other() {
    let server = server("0s");
    let client = server.client();
    push(&client, "acme/model");
    let start = json!({"kind": "reencode", "repository": "acme/model", "level": "max"});
    let ask = |access: &Access| access.post("/api/v1/jobs", &start);
    ask(&server.anybody()).expect_error(401, "token_needed");
    let reader = server.with_secret(&server.token("read", "*"));
    ask(&reader).expect_error(403, "forbidden");
    let writer = server.with_secret(&server.token("write", "acme/model"));
    let id = ask(&writer).expect(201).json()["id"].clone();
    writer
        .get(&format!("/api/v1/jobs/{id}?wait=30"))
        .expect(200);
    let none = json!({"kind": "reencode", "repository": "acme/model", "ref": "x", "level": "max"});
    writer
        .post("/api/v1/jobs", &none)
        .expect_error(404, "ref_not_found");
    let bad = json!({"kind": "reencode", "repository": "acme/model", "level": "best"});
    writer
        .post("/api/v1/jobs", &bad)
        .expect_error(400, "invalid");
}
