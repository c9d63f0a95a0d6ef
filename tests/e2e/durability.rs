//! What the server acknowledged survives `kill -9`, and what it did not leaves no trace that is seen.

use std::thread;

use serde_json::json;
use sheaf_tests::{Chunk, Object, Server, Upload, content, file_of, objects};

fn chunks(count: u64) -> Vec<Chunk> {
    let chunk = |seed| Chunk::new(content::weights(seed, 50_000));
    (1..=count).map(chunk).collect()
}

#[test]
fn what_was_answered_is_there_after_kill_9() {
    let mut server = Server::start();
    server.admin().create("acme/model");
    for round in 0..5 {
        let bytes = content::safetensors(round, 100_000);
        let name = format!("{round}.safetensors");
        server.admin().put("acme/model", &name, &bytes).expect(201);
        server.restart_after_kill();
        assert!(server.admin().file("acme/model", &name).expect(200).body == bytes);
        assert_eq!(
            server.admin().revisions("acme/model").len(),
            round as usize + 1
        );
    }
}

#[test]
fn a_server_told_to_end_ends_cleanly() {
    let mut server = Server::start();
    server.admin().create("acme/model");
    server.admin().put("acme/model", "a.bin", "x").expect(201);
    server.restart();
    assert_eq!(
        server.admin().file("acme/model", "a.bin").expect(200).body,
        b"x"
    );
}

#[test]
fn an_upload_goes_on_after_kill_9() {
    let mut server = Server::start();
    server.admin().create("acme/model");
    let chunks = chunks(6);
    let [sent, rest] = [&chunks[..4], &chunks[4..]];
    let upload = Upload::open(&server.admin(), "acme/model");
    for chunk in sent {
        upload.put(chunk).expect(200);
    }
    let stored = objects(&server.object_store());
    assert_eq!(stored.len(), sent.len());

    server.restart_after_kill();
    assert_eq!(objects(&server.object_store()), stored);
    let all: Vec<&Chunk> = chunks.iter().collect();
    let missing: Vec<_> = rest.iter().map(|chunk| chunk.id.clone()).collect();
    assert_eq!(upload.missing(&all), missing);
    for chunk in rest {
        upload.put(chunk).expect(200);
    }
    upload.commit_file("model.bin", &all).expect(200);
    let raw: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.raw.clone()).collect();
    assert!(
        server
            .anybody()
            .file("acme/model", "model.bin")
            .expect(200)
            .body
            == raw
    );
    assert_eq!(objects(&server.object_store()).len(), chunks.len());
}

#[test]
fn a_push_of_the_client_goes_on_after_kill_9() {
    let mut server = Server::start();
    let client = server.client();
    let bytes = content::safetensors_of(1, &[100_000; 60]);
    std::fs::write(client.path("model.safetensors"), &bytes).unwrap();
    let arguments = ["push", "model.safetensors", "acme/model", "--json"];

    let mut push = client.command().args(arguments).spawn().unwrap();
    let store = server.object_store();
    while objects(&store).len() < 30 {
        assert!(
            push.try_wait().unwrap().is_none(),
            "the push ended before it was interrupted"
        );
    }
    server.kill();
    push.kill().unwrap();
    push.wait().unwrap();
    server.restart_after_kill();
    server
        .admin()
        .file("acme/model", "model.safetensors")
        .expect(404);

    let report = client.run(arguments).json();
    // Eight are in flight at once, so that of 30 in the store a dozen were surely acknowledged.
    let reused = report["reused_bytes"].as_u64().unwrap();
    assert!(reused >= 12 * 400_000, "only {reused} bytes were there");
    let file = server
        .anybody()
        .file("acme/model", "model.safetensors")
        .expect(200);
    assert!(file.body == bytes);
}

#[test]
fn a_commit_happens_whole_or_not_at_all_whenever_the_server_dies() {
    let mut server = Server::start();
    server.admin().create("acme/model");
    server
        .admin()
        .put("acme/model", "good.bin", "good")
        .expect(201);
    for round in 0..8 {
        let chunks: Vec<_> = chunks(8)
            .into_iter()
            .map(|chunk| changed(chunk, round))
            .collect();
        let all: Vec<&Chunk> = chunks.iter().collect();
        let upload = Upload::open(&server.admin(), "acme/model");
        for chunk in &chunks {
            upload.put(chunk).expect(200);
        }
        let path = format!("{round}.bin");
        let before = server.admin().revisions("acme/model").len();
        let sender = {
            let request = json!({"branch": "main", "files": [file_of(&path, &all)]});
            let upload = upload.clone();
            thread::spawn(move || upload.commit(&request))
        };
        // Sooner or later, by the luck of each round.
        server.admin().get("/healthz");
        server.restart_after_kill();
        let answered = sender.join().unwrap().status == 200;

        let committed = upload.outcome().json()["state"] == "committed";
        assert!(committed || !answered, "an answer was forgotten");
        let revisions = server.admin().revisions("acme/model").len();
        assert_eq!(revisions, before + usize::from(committed));
        if !committed {
            upload.commit_file(&path, &all).expect(200);
        }
        let raw: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.raw.clone()).collect();
        assert!(server.anybody().file("acme/model", &path).expect(200).body == raw);
        assert_eq!(
            server
                .anybody()
                .file("acme/model", "good.bin")
                .expect(200)
                .body,
            b"good"
        );
    }
}

/// The same for the same round, another for each.
fn changed(chunk: Chunk, round: u8) -> Chunk {
    let mut raw = chunk.raw;
    raw[0] ^= round;
    Chunk::new(raw)
}

#[test]
fn of_two_pushes_at_once_one_wins_and_the_other_is_told() {
    let server = Server::start();
    let admin = server.admin();
    admin.create("acme/model");
    let head = admin.put("acme/model", "a.bin", "x").expect(201).json()["id"].clone();
    let [one, two] = [1, 2].map(|seed| {
        let chunk = Chunk::new(content::weights(seed, 200_000));
        let upload = Upload::open(&admin, "acme/model");
        upload.put(&chunk).expect(200);
        let files = [file_of("model.bin", &[&chunk])];
        let request = json!({"branch": "main", "parent": head, "files": files});
        let head = head.clone();
        let sender = thread::spawn(move || upload.commit(&request));
        (sender, chunk, head)
    });
    let answers = [one, two].map(|(sender, chunk, _)| (sender.join().unwrap(), chunk));
    let (won, lost): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|(answer, _)| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 1), "{lost:?}");
    for (answer, _) in lost {
        answer.expect_error(409, "branch_moved");
    }
    let file = server.anybody().file("acme/model", "model.bin").expect(200);
    assert!(file.body == won[0].1.raw);
    assert_eq!(admin.revisions("acme/model").len(), 2);
}

#[test]
fn an_upload_that_failed_can_be_committed_again() {
    let server = Server::start();
    let admin = server.admin();
    admin.create("acme/model");
    let upload = Upload::open(&admin, "acme/model");
    let [one, two] = [
        Chunk::new(content::weights(1, 1000)),
        Chunk::new(content::weights(2, 1000)),
    ];
    upload.put(&one).expect(200);
    upload
        .commit_file("a.bin", &[&one, &two])
        .expect_error(422, "chunks_missing");
    upload.put(&two).expect(200);
    upload.commit_file("a.bin", &[&one, &two]).expect(200);
    let stored: Vec<Object> = objects(&server.object_store());
    assert_eq!(stored.len(), 2);
}
