//! Several servers over one Postgres: each can do what another began.

use std::fs;
use std::thread;

use serde_json::{Value, json};
use sheaf_tests::{Access, Chunk, Cluster, Postgres, Server, Upload, content, file_of, objects};

/// Two servers over one catalog, in the Postgres that the tests share.
fn two() -> Option<(Cluster, [Server; 2])> {
    let cluster = Cluster::new(Postgres::shared()?);
    // At the same time: each may find that there are no tables yet.
    let servers = thread::scope(|scope| {
        let starting = [0, 1].map(|_| scope.spawn(|| cluster.server()));
        starting.map(|server| server.join().unwrap())
    });
    Some((cluster, servers))
}

fn chunks(count: u64) -> Vec<Chunk> {
    let chunk = |seed| Chunk::new(content::weights(seed, 50_000));
    (1..=count).map(chunk).collect()
}

fn raw(chunks: &[Chunk]) -> Vec<u8> {
    chunks.iter().flat_map(|chunk| chunk.raw.clone()).collect()
}

#[test]
fn what_is_pushed_to_one_is_pulled_from_the_other() {
    let Some((_cluster, [one, other])) = two() else {
        return;
    };
    let (pusher, puller) = (one.client(), other.client());
    fs::create_dir(pusher.path("model")).unwrap();
    let bytes = content::safetensors_of(1, &[100_000, 3, 70_000]);
    fs::write(pusher.path("model/model.safetensors"), &bytes).unwrap();
    fs::write(pusher.path("model/Zebra.txt"), "Z").unwrap();
    fs::write(pusher.path("model/config.json"), "{}").unwrap();
    pusher.run(["push", "model", "acme/model"]).success();

    puller.run(["pull", "acme/model", "copy"]).success();
    assert!(fs::read(puller.path("copy/model.safetensors")).unwrap() == bytes);
    let tree = other
        .admin()
        .get_json("/api/v1/repositories/acme/model/tree/main");
    let paths: Vec<&Value> = tree["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["path"])
        .collect();
    assert_eq!(
        paths,
        ["Zebra.txt", "config.json", "model.safetensors"],
        "by their bytes"
    );
    assert_eq!(
        other.admin().savings("acme/model"),
        one.admin().savings("acme/model")
    );
    let secret = one.token("read", "acme");
    other
        .with_secret(&secret)
        .get("/api/v1/repositories/acme/model")
        .expect(200);
}

#[test]
fn of_commits_that_name_their_parent_one_wins_whichever_server_they_go_to() {
    let Some((_cluster, servers)) = two() else {
        return;
    };
    let [one, other] = servers.each_ref().map(Server::admin);
    one.create("acme/model");
    let mut head = one.put("acme/model", "a.bin", "x").expect(201).json()["id"].clone();
    for round in 0..5 {
        let senders = [&one, &other, &one, &other].map(|access| {
            let (access, parent) = (access.clone(), head.clone());
            let seed = round * 10;
            thread::spawn(move || commit(&access, "model.bin", seed, Some(parent)))
        });
        let statuses = senders.map(|sender| sender.join().unwrap().0);
        let won = statuses.iter().filter(|status| **status == 200).count();
        let lost = statuses.iter().filter(|status| **status == 409).count();
        assert_eq!((won, lost), (1, 3), "{statuses:?}");
        let revisions = other.revisions("acme/model");
        assert_eq!(revisions.len(), round as usize + 2);
        assert_eq!(revisions[0]["parent"], head);
        head = revisions[0]["id"].clone();
    }
}

#[test]
fn commits_that_name_no_parent_all_get_into_one_line() {
    let Some((_cluster, servers)) = two() else {
        return;
    };
    let [one, other] = servers.each_ref().map(Server::admin);
    one.create("acme/model");
    let senders: Vec<_> = (0..12u64)
        .map(|seed| {
            let access = [&one, &other][seed as usize % 2].clone();
            thread::spawn(move || commit(&access, &format!("{seed}.bin"), seed, None))
        })
        .collect();
    let sent: Vec<_> = senders
        .into_iter()
        .map(|sender| sender.join().unwrap())
        .collect();
    let revisions = one.revisions("acme/model");
    assert_eq!(revisions.len(), sent.len());
    for (newer, older) in revisions.iter().zip(&revisions[1..]) {
        assert_eq!(newer["parent"], older["id"]);
    }
    for (seed, (status, chunk)) in sent.iter().enumerate() {
        assert_eq!(*status, 200);
        let file = other.file("acme/model", &format!("{seed}.bin")).expect(200);
        assert!(file.body == chunk.raw);
    }
}

/// Commits a file of one chunk, and gives the status and the chunk.
fn commit(access: &Access, path: &str, seed: u64, parent: Option<Value>) -> (u16, Chunk) {
    let chunk = Chunk::new(content::weights(seed, 1000));
    let upload = Upload::open(access, "acme/model");
    upload.put(&chunk).expect(200);
    let mut request = json!({"branch": "main", "files": [file_of(path, &[&chunk])]});
    if let Some(parent) = parent {
        request["parent"] = parent;
    }
    (upload.commit(&request).status, chunk)
}

#[test]
fn an_upload_goes_on_at_another_server_when_its_own_is_killed() {
    let Some((cluster, [mut one, other])) = two() else {
        return;
    };
    one.admin().create("acme/model");
    let chunks = chunks(6);
    let all: Vec<&Chunk> = chunks.iter().collect();
    let upload = Upload::open(&one.admin(), "acme/model");
    for chunk in &chunks[..4] {
        upload.put(chunk).expect(200);
    }
    one.kill();

    let upload = upload.through(&other.admin());
    let missing: Vec<_> = chunks[4..].iter().map(|chunk| chunk.id.clone()).collect();
    assert_eq!(upload.missing(&all), missing);
    for chunk in &chunks[4..] {
        upload.put(chunk).expect(200);
    }
    upload.commit_file("model.bin", &all).expect(200);
    let file = other.anybody().file("acme/model", "model.bin").expect(200);
    assert!(file.body == raw(&chunks));
    assert_eq!(objects(&cluster.object_store()).len(), chunks.len());
}

#[test]
fn the_same_content_from_many_at_once_is_stored_once() {
    let Some((cluster, servers)) = two() else {
        return;
    };
    let chunks = chunks(8);
    let names: Vec<String> = (0..6)
        .map(|number| format!("acme/model-{number}"))
        .collect();
    thread::scope(|scope| {
        for (number, name) in names.iter().enumerate() {
            let (access, chunks) = (servers[number % 2].admin(), &chunks);
            scope.spawn(move || {
                access.create(name);
                let upload = Upload::open(&access, name);
                // Half of them from the other end.
                let mut order: Vec<&Chunk> = chunks.iter().collect();
                if number % 4 > 1 {
                    order.reverse();
                }
                for chunk in order {
                    upload.put(chunk).expect(200);
                }
                let all: Vec<&Chunk> = chunks.iter().collect();
                upload.commit_file("model.bin", &all).expect(200);
            });
        }
    });
    assert_eq!(objects(&cluster.object_store()).len(), chunks.len());
    for (number, name) in names.iter().enumerate() {
        let access = servers[(number + 1) % 2].anybody();
        assert!(access.file(name, "model.bin").expect(200).body == raw(&chunks));
    }
}

#[test]
fn a_push_goes_on_when_postgres_was_killed_and_is_back() {
    let Some(postgres) = Postgres::own() else {
        return;
    };
    let cluster = Cluster::new(postgres);
    let server = cluster.server();
    let client = server.client();
    let bytes = content::safetensors_of(1, &[100_000; 60]);
    fs::write(client.path("model.safetensors"), &bytes).unwrap();
    let arguments = ["push", "model.safetensors", "acme/model"];
    let mut push = client.command().args(arguments).spawn().unwrap();
    let store = cluster.object_store();
    while objects(&store).len() < 20 {
        let ended = push.try_wait().unwrap();
        assert!(ended.is_none(), "the push ended before it was interrupted");
    }
    cluster.postgres.kill();
    cluster.postgres.start();
    assert!(push.wait().unwrap().success());
    let file = server.anybody().file("acme/model", "model.safetensors");
    assert!(file.expect(200).body == bytes);
}

#[test]
fn without_postgres_callers_are_told_to_come_back() {
    let Some(postgres) = Postgres::own() else {
        return;
    };
    let cluster = Cluster::new(postgres);
    let server = cluster.server();
    server.admin().create("acme/model");
    cluster.postgres.kill();
    let answer = server.admin().put("acme/model", "a.bin", "x");
    answer.expect_error(503, "unavailable");
    cluster.postgres.start();
    server.admin().put("acme/model", "a.bin", "x").expect(201);
}
