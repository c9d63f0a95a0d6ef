//! What is damaged is mended by a push of the same, or by another object of the chunk.

use std::thread;

use serde_json::{Value, json};
use sheaf_tests::{Chunk, Upload, content, sha256};

use super::flipped;
use super::world::{FILE, World, in_each};

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
