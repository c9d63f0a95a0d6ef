//! What is wrong is found, and whom it hurts is named; nothing is found where nothing is wrong.

use serde_json::{Value, json};

use super::flipped;
use super::world::{FILE, World, in_each};

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
