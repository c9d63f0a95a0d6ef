//! A check finds what is wrong, names whom it hurts, and finds nothing where nothing is.

mod world;

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};
use sheaf_tests::{
    Access, Chunk, Cluster, Postgres, Server, Upload, content, objects, sha256, sheaf,
};

use world::{FILE, World, in_each};

/// The one fault that is found: its kind, and the files that it hurts.
#[track_caller]
fn one_fault(world: &World, arguments: &[&str]) -> (String, Vec<String>) {
    let faults = world.faults(arguments);
    let [fault] = &faults[..] else {
        panic!("{}: {faults:#?}", world.name);
    };
    let hurts = fault["hurts"].as_array().unwrap().iter();
    let name = |file: &Value| {
        let part = |key: &str| file[key].as_str().unwrap().to_owned();
        format!("{}@{} {}", part("repository"), part("ref"), part("path"))
    };
    let kind = fault["kind"].as_str().unwrap().to_owned();
    (kind, hurts.map(name).collect())
}

/// What a check finds that is asked for as a job.
fn checked(admin: &Access, mut check: Value) -> Value {
    check["kind"] = json!("check");
    let job = admin.post("/api/v1/jobs", &check);
    assert!(matches!(job.status, 200 | 201), "{job:?}");
    ended(admin, &job.json())["result"]["check"].clone()
}

/// A job once it is done.
fn ended(admin: &Access, job: &Value) -> Value {
    let path = format!("/api/v1/jobs/{}?wait=30", job["id"]);
    loop {
        let job = admin.get_json(&path);
        match job["state"].as_str().unwrap() {
            "queued" | "running" => {}
            "done" => return job,
            _ => panic!("{job}"),
        }
    }
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 4;
    bytes
}

#[test]
fn a_registry_that_is_whole_is_clean() {
    in_each(|world| {
        world.is_clean();
        world.put_model("acme/one", 1);
        world.put_model("acme/two", 1);
        world.admin().put("acme/one", "empty.bin", "").expect(201);
        world.admin().put("acme/one", FILE, "now small").expect(201);
        world.is_clean();
        let report = world.check(&["--json", "--full", "acme/two"]).json();
        assert_eq!(report["files"], 1, "{report}");
        assert_eq!(report["revisions"], 1, "{report}");
        assert_eq!(report["objects"], 0, "{report}");
        let words = world.check(&[]).success();
        assert!(words.starts_with("checked "), "{words}");
        assert!(words.ends_with("read: nothing is wrong\n"), "{words}");
    });
}

#[test]
fn damage_to_an_object_is_found_and_named() {
    in_each(|world| {
        world.put_model("acme/one", 1);
        world.put_model("acme/two", 1);
        world.put_model("acme/other", 2);
        let (key, blob) = world.victim("acme/one");
        let (other, strange) = world.victim("acme/other");
        let hurt = [
            format!("acme/one@main {FILE}"),
            format!("acme/two@main {FILE}"),
        ];
        let longer = [&blob[..], b"more"].concat();
        let cases: [(&str, &[u8], &[&str]); 5] = [
            ("object_length", &blob[..blob.len() / 2], &["--quick"]),
            ("object_length", &longer, &["--quick"]),
            ("object_length", &longer, &["acme/two"]),
            ("blob_damaged", &flipped(&blob, 30), &[]),
            ("blob_damaged", &flipped(&blob, blob.len() - 9), &[]),
        ];
        for (kind, bytes, depth) in cases {
            world.write(&key, bytes);
            for arguments in [depth, &["--full"]] {
                let found = one_fault(world, arguments);
                assert_eq!(found, (kind.to_owned(), hurt.to_vec()), "{}", world.name);
            }
        }
        world.delete(&key);
        for arguments in [&["--quick"][..], &["acme/one"], &["--full"]] {
            let found = one_fault(world, arguments);
            assert_eq!(found, ("object_missing".into(), hurt.to_vec()));
        }
        // Nobody else is hurt.
        world.check(&["--full", "acme/other"]).success();

        world.write(&key, &strange);
        world.write(&other, &blob);
        let faults = world.faults(&[]);
        assert_eq!(faults.len(), 2, "{}: swapped: {faults:#?}", world.name);
        let said = world.check(&[]).found();
        for file in [&hurt[0], &hurt[1], &format!("acme/other@main {FILE}")] {
            assert!(said.contains(&format!("  hurts {file}")), "{said}");
        }

        world.write(&key, &blob);
        world.write(&other, &strange);
        world.is_clean();
    });
}

#[test]
fn an_object_that_nothing_names_is_found_and_given_to_the_collection() {
    in_each(|world| {
        world.put_model("acme/model", 1);
        let (key, blob) = world.victim("acme/model");
        // As the write of a server that died when its intent had been collected.
        let stray = format!("{}{}", &key[..key.len() - 16], "0123456789abcdef");
        world.write(&stray, &blob);
        let foreign = "blobs/00/readme.txt";
        world.write(foreign, b"what is this?");
        let faults = world.faults(&["--quick"]);
        let found = |kind: &str| {
            let fault = faults.iter().find(|fault| fault["kind"] == kind);
            fault.unwrap_or_else(|| panic!("{}: {faults:#?}", world.name))
        };
        assert_eq!(found("object_foreign")["object_key"], foreign);
        assert_eq!(found("object_unnamed")["object_key"], stray);
        world.delete(foreign);
        assert_eq!(world.faults(&["--quick"]).len(), 1, "only looked at");

        let repaired = &world.faults(&["--quick", "--repair"])[0]["repaired"];
        assert_eq!(repaired, "given to the collection");
        world.is_clean();
        world
            .admin()
            .post("/api/v1/collection", &json!({}))
            .expect(200);
        assert!(world.objects().iter().all(|object| object.key != stray));
        world.is_clean();
    });
}

#[test]
fn rows_that_contradict_each_other_are_found() {
    // What is done to the rows, undone, and found.
    let edits = [
        (
            "UPDATE contents SET size = size + 1",
            "UPDATE contents SET size = size - 1",
            "not 1",
        ),
        (
            "UPDATE revisions SET message = message || '!'",
            "UPDATE revisions SET message = substr(message, 1, length(message) - 1)",
            "not what its id says",
        ),
        (
            "UPDATE revisions SET bytes = bytes + 1",
            "UPDATE revisions SET bytes = bytes - 1",
            "has 1 files of",
        ),
        (
            "UPDATE revision_files SET path = 'other' || path",
            "UPDATE revision_files SET path = substr(path, 6)",
            "not what its id says",
        ),
        (
            "UPDATE chunks SET raw_len = raw_len + 1 WHERE id = (SELECT chunk FROM content_chunks WHERE start = 0)",
            "UPDATE chunks SET raw_len = raw_len - 1 WHERE id = (SELECT chunk FROM content_chunks WHERE start = 0)",
            "leave a gap",
        ),
        (
            "UPDATE content_chunks SET chunk = chunk + 1000 WHERE start = 0",
            "UPDATE content_chunks SET chunk = chunk - 1000 WHERE start = 0",
            "files have chunks that are not there: 1",
        ),
        (
            "UPDATE refs SET revision = revision + 1000",
            "UPDATE refs SET revision = revision - 1000",
            "branches or tags point to revisions that are not there",
        ),
        (
            "UPDATE chunks SET stored_len = stored_len + 1 WHERE id = 1",
            "UPDATE chunks SET stored_len = stored_len - 1 WHERE id = 1",
            "bytes, not",
        ),
    ];
    in_each(|world| {
        world.put_model("acme/model", 1);
        for (done, undone, said) in edits {
            world.sql(done);
            let found = world.check(&["--quick"]).found();
            assert!(found.contains(said), "{}: {done}: {found}", world.name);
            world.sql(undone);
        }
        world.is_clean();
    });
}

/// What is done to an object, by its key and bytes.
type Damage = fn(&World, &str, &[u8]);

const DAMAGES: [(&str, Damage); 4] = [
    ("gone", |world, key, _| world.delete(key)),
    ("cut", |world, key, blob| {
        world.write(key, &blob[..blob.len() / 2]);
    }),
    ("header", |world, key, blob| {
        world.write(key, &flipped(blob, 20))
    }),
    ("frame", |world, key, blob| {
        world.write(key, &flipped(blob, blob.len() - 1));
    }),
];

#[test]
fn a_new_push_of_a_damaged_file_mends_all_models_that_have_it() {
    in_each(|world| {
        let bytes = world.put_model("acme/one", 1);
        world.put_model("acme/two", 1);
        let pusher = world.server.client();
        std::fs::write(pusher.path(FILE), &bytes).unwrap();
        for (what, damage) in DAMAGES {
            let (key, blob) = world.victim("acme/one");
            damage(world, &key, &blob);
            assert_eq!(world.faults(&[]).len(), 1, "{} {what}", world.name);
            // By the command, and as a plain upload: to where it was, and elsewhere.
            match what {
                "gone" => drop(pusher.run(["push", FILE, "acme/one"]).success()),
                "cut" => drop(pusher.run(["push", FILE, "acme/three"]).success()),
                _ => {
                    let put = world.admin().put("acme/one", FILE, &bytes);
                    assert!(matches!(put.status, 200 | 201), "{put:?}");
                }
            }
            for repository in ["acme/one", "acme/two"] {
                let back = world.admin().file(repository, FILE).expect(200);
                assert_eq!(sha256(&back.body), sha256(&bytes), "{} {what}", world.name);
            }
            world
                .admin()
                .post("/api/v1/collection", &json!({}))
                .expect(200);
            assert_ne!(world.victim("acme/two").0, key, "an object of its own");
            world.is_clean();
        }
        let manifest = world.admin().manifest("acme/one", FILE);
        let chunks = manifest["chunks"].as_array().unwrap().len();
        assert_eq!(world.objects().len(), chunks, "what was damaged is gone");
    });
}

#[test]
fn what_a_reader_finds_damaged_is_asked_for_again() {
    let world = World::embedded();
    let bytes = world.put_model("acme/model", 1);
    let (key, blob) = world.victim("acme/model");
    world.write(&key, &flipped(&blob, blob.len() / 2));
    let reader = world.server.client();
    reader.run(["pull", "acme/model", "here"]).failure();
    std::fs::write(reader.path(FILE), &bytes).unwrap();
    reader.run(["push", FILE, "acme/model"]).success();
    reader.run(["pull", "acme/model", "here"]).success();
    assert!(std::fs::read(reader.path("here").join(FILE)).unwrap() == bytes);
    world.is_clean();
}

#[test]
fn a_commit_of_a_chunk_that_was_damaged_meanwhile_is_refused() {
    let world = World::embedded();
    let admin = world.admin();
    admin.create("acme/model");
    let chunk = Chunk::new(content::weights(1, 70_000));
    let upload = Upload::open(&admin, "acme/model");
    upload.put(&chunk).expect(200);
    let key = world.objects()[0].key.clone();
    let blob = world.read(&key);
    world.write(&key, &flipped(&blob, blob.len() - 1));
    assert_eq!(world.faults(&[]).len(), 1);
    assert_eq!(upload.missing(&[&chunk]), std::slice::from_ref(&chunk.id));
    let refused = upload.commit_file("a.bin", &[&chunk]);
    refused.expect_error(422, "chunks_missing");
    upload.put(&chunk).expect(200);
    upload.commit_file("a.bin", &[&chunk]).expect(200);
    assert!(admin.file("acme/model", "a.bin").expect(200).body == chunk.raw);
    world.is_clean();
}

#[test]
fn another_object_of_a_damaged_chunk_mends_it() {
    in_each(|world| {
        let bytes = world.put_model("acme/model", 1);
        for (what, damage) in DAMAGES {
            let (key, blob) = world.victim("acme/model");
            let second = format!("{}{}", &key[..key.len() - 16], "0123456789abcdef");
            world.write(&second, &blob);
            damage(world, &key, &blob);
            let faults = world.faults(&["--repair"]);
            assert_eq!(faults.len(), 2, "{} {what}: {faults:#?}", world.name);
            let how = |fault: &Value| fault["repaired"].as_str().unwrap().to_owned();
            let mut repaired: Vec<String> = faults.iter().map(how).collect();
            repaired.sort();
            let wanted = [
                "given to the collection",
                "mended from another object of the chunk",
            ];
            assert_eq!(repaired, wanted, "{} {what}", world.name);
            assert!(world.admin().file("acme/model", FILE).expect(200).body == bytes);
            world.is_clean();
            world
                .admin()
                .post("/api/v1/collection", &json!({}))
                .expect(200);
            world.is_clean();
        }
    });
}

#[test]
fn of_many_who_mend_the_same_chunk_one_does() {
    let world = World::embedded();
    let bytes = world.put_model("acme/model", 1);
    let store = world.objects().len();
    for _ in 0..5 {
        let (key, blob) = world.victim("acme/model");
        world.write(&key, &flipped(&blob, blob.len() - 1));
        assert_eq!(world.faults(&[]).len(), 1);
        thread::scope(|scope| {
            for number in 0..4 {
                let (world, bytes, admin) = (&world, &bytes, world.admin());
                scope.spawn(move || match number {
                    3 => drop(world.check(&["--repair"])),
                    _ => {
                        let put = admin.put("acme/model", FILE, bytes);
                        assert!(matches!(put.status, 200 | 201), "{put:?}");
                    }
                });
            }
        });
        world
            .admin()
            .post("/api/v1/collection", &json!({}))
            .expect(200);
        world.is_clean();
        assert_eq!(world.objects().len(), store);
    }
}

#[test]
fn a_check_goes_on_after_the_server_was_killed() {
    let mut world = World::embedded();
    let bytes = content::safetensors_of(1, &[70_000; 12]);
    world.admin().create("acme/model");
    world.admin().put("acme/model", FILE, &bytes).expect(201);
    let chunks = objects(&world.server.object_store())
        .len()
        .max(world.objects().len());
    let slow = json!({"kind": "check", "bytes_per_second": 400_000});
    let job = world.admin().post("/api/v1/jobs", &slow).expect(201).json();
    let path = format!("/api/v1/jobs/{}", job["id"]);
    loop {
        let job = world.admin().get_json(&path);
        assert_ne!(job["state"], "done", "it was not killed in the middle");
        if job["progress"]["done"].as_u64() > Some(2) {
            break;
        }
    }
    world.server.restart_after_kill();
    let job = ended(&world.admin(), &job);
    assert!(job["attempts"].as_u64() > Some(1), "{job}");
    let report = &job["result"]["check"];
    assert_eq!(report["faults_found"], 0, "{report}");
    // What was done after the last note is done again, and counted once.
    assert_eq!(report["chunks"], chunks, "{report}");
    assert_eq!(report["objects"], chunks, "{report}");
}

#[test]
fn a_sample_looks_at_other_chunks_each_time() {
    let world = World::embedded();
    let bytes = content::safetensors_of(1, &[66_000; 40]);
    world.admin().create("acme/model");
    world.admin().put("acme/model", FILE, &bytes).expect(201);
    let (key, blob) = world.victim("acme/model");
    world.write(&key, &flipped(&blob, blob.len() - 1));
    let sample = json!({"sample_percent": 50});
    let all = world.objects().len() as u64;
    let mut found = [false, false];
    for _ in 0..100 {
        let report = checked(&world.admin(), sample.clone());
        let chunks = report["chunks"].as_u64().unwrap();
        assert!(chunks < all, "{chunks} of {all}");
        found[report["faults_found"].as_u64().unwrap() as usize] = true;
        if found == [true, true] {
            return;
        }
    }
    panic!("of a hundred samples all had the damaged chunk, or none: {found:?}");
}

#[test]
fn another_server_goes_on_with_the_check_of_one_that_was_killed() {
    let Some(postgres) = Postgres::shared() else {
        return;
    };
    let cluster = Cluster::new(postgres);
    let mut servers = [0, 1].map(|_| {
        let mut command = Command::new(sheaf());
        command.envs(cluster.settings());
        command.env("SHEAF_JOBS_LEASE", "3s");
        Server::start_as(command)
    });
    let bytes = content::safetensors_of(1, &[70_000; 12]);
    let admins = servers.each_ref().map(Server::admin);
    admins[0].create("acme/model");
    admins[0].put("acme/model", FILE, &bytes).expect(201);
    let slow = json!({"kind": "check", "bytes_per_second": 400_000});
    let job = admins[0].post("/api/v1/jobs", &slow).expect(201).json();
    let path = format!("/api/v1/jobs/{}", job["id"]);
    let runner = loop {
        let job = admins[0].get_json(&path);
        assert_ne!(job["state"], "done", "it was not killed in the middle");
        if job["progress"]["done"].as_u64() > Some(2) {
            break job["runner"].as_str().unwrap().to_owned();
        }
    };
    let killed = servers
        .iter()
        .position(|server| runner.ends_with(&port(server)));
    let killed = killed.unwrap_or_else(|| panic!("no server is {runner}"));
    servers[killed].kill();
    let job = ended(&admins[1 - killed], &job);
    assert!(
        job["runner"]
            .as_str()
            .unwrap()
            .ends_with(&port(&servers[1 - killed])),
        "{job}"
    );
    let report = &job["result"]["check"];
    assert_eq!(report["faults_found"], 0, "{report}");
    let chunks = objects(&cluster.object_store()).len();
    assert_eq!(report["chunks"], chunks, "{report}");
}

fn port(server: &Server) -> String {
    let port = server.address().rsplit(':').next().unwrap();
    format!(":{port}")
}

#[test]
fn a_check_is_for_administrators_and_asks_for_what_there_is() {
    let world = World::embedded();
    world.put_model("acme/model", 1);
    let check = |access: &Access, mut body: Value| {
        body["kind"] = json!("check");
        access.post("/api/v1/jobs", &body)
    };
    let writer = world.server.token("write", "*");
    let writer = world.server.with_secret(&writer);
    check(&writer, json!({})).expect(403);
    check(&world.server.anybody(), json!({})).expect(401);
    let admin = world.admin();
    check(&admin, json!({"sample_percent": 0})).expect_error(400, "invalid");
    check(&admin, json!({"bytes_per_second": 0})).expect_error(400, "invalid");
    let nowhere = json!({"repository": "acme/nowhere"});
    check(&admin, nowhere).expect_error(404, "repository_not_found");
    check(&admin, json!({"deep": true})).expect(400);
}

#[test]
fn pushes_deletions_and_collections_meanwhile_are_no_faults() {
    in_each(|world| {
        let (done, checks) = (AtomicBool::new(false), AtomicU64::new(0));
        let admin = &world.admin();
        thread::scope(|scope| {
            let others: Vec<_> = (0..3)
                .map(|number| {
                    let (done, checks) = (&done, &checks);
                    scope.spawn(move || comes_and_goes(admin, number, done, checks))
                })
                .collect();
            let collector = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    admin.post("/api/v1/collection", &json!({})).expect(200);
                }
            });
            let ended = thread::scope(|scope| {
                let checker = scope.spawn(|| {
                    for depth in ["listed", "stored", "decoded"].iter().cycle().take(9) {
                        let body = json!({"depth": depth, "repair": true});
                        let report = checked(admin, body);
                        assert_eq!(report["faults_found"], 0, "{}: {report}", world.name);
                        checks.fetch_add(1, Ordering::Relaxed);
                    }
                });
                checker.join()
            });
            done.store(true, Ordering::Relaxed);
            collector.join().unwrap();
            others.into_iter().for_each(|other| other.join().unwrap());
            assert!(ended.is_ok());
        });
        world.is_clean();
    });
}

/// The same content comes and goes, beside some of its own.
fn comes_and_goes(admin: &Access, client: u64, done: &AtomicBool, checks: &AtomicU64) {
    let repository = &format!("acme/m{client}");
    let shared = content::safetensors(1, 60_000);
    let mut round = 0;
    while !done.load(Ordering::Relaxed) {
        let own = content::noise(1000 * client + round, 300_000);
        admin.create(repository);
        admin
            .put(repository, "shared.safetensors", &shared)
            .expect(201);
        admin.put(repository, "own.bin", &own).expect(201);
        // Now and then something stays for a whole check.
        let seen = checks.load(Ordering::Relaxed);
        while round % 4 == 0
            && checks.load(Ordering::Relaxed) == seen
            && !done.load(Ordering::Relaxed)
        {
            assert!(admin.file(repository, "own.bin").expect(200).body == own);
        }
        admin
            .delete(&format!("/api/v1/repositories/{repository}"))
            .expect(204);
        round += 1;
    }
}
