//! Records of repositories, refs and revisions: each must be in the store, and say what the catalog says.

use serde_json::{Value, json};

use super::flipped;
use super::world::{World, in_each};

/// One fault, of this kind and of this record; what is said of it.
#[track_caller]
fn one_fault(world: &World, arguments: &[&str], kind: &str, key: &str) -> Value {
    let faults = world.faults(arguments);
    let [fault] = &faults[..] else {
        panic!("{} {arguments:?}: {faults:#?}", world.name);
    };
    assert_eq!(fault["kind"], kind, "{}: {fault}", world.name);
    assert_eq!(fault["object_key"], key, "{}: {fault}", world.name);
    fault.clone()
}

fn said(fault: &Value) -> &str {
    fault["message"].as_str().unwrap()
}

/// A registry that has a record of each kind: their keys, and what is said of each.
fn with_each_kind(world: &World) -> Vec<(String, &'static str)> {
    world.put_model("acme/model", 1);
    let admin = world.admin();
    let path = "/api/v1/repositories/acme/model";
    let tag = admin.request(&format!("{path}/tags/v1")).method("PUT");
    tag.json(&json!({"target": "main"})).send().expect(200);
    admin.delete(&format!("{path}/refs/v1")).expect(204);
    world.put_model("acme/gone", 2);
    admin.delete("/api/v1/repositories/acme/gone").expect(204);
    // What was replaced goes first.
    admin.post("/api/v1/collection", &json!({})).expect(200);
    world.is_clean();
    let kinds = [
        (".repository", "the record of acme/model "),
        (".ref-", "the record of acme/model@main "),
        (".unset-", "the record of the deletion of v1 "),
        (".revision-", "the record of revision "),
        (".deleted", "the record of a deleted repository "),
    ];
    kinds
        .into_iter()
        .map(|(part, said)| {
            let found = world.records(part);
            let [key] = &found[..] else {
                panic!("{}: {part}: {found:?}", world.name);
            };
            (key.clone(), said)
        })
        .collect()
}

#[test]
fn what_is_missing_or_damaged_is_named_and_written_again() {
    in_each(|world| {
        for (number, (key, whose)) in with_each_kind(world).into_iter().enumerate() {
            let bytes = world.read(&key);
            world.delete(&key);
            let fault = one_fault(world, &["--quick"], "record_missing", &key);
            let wanted = format!("{}is not in the store", said_of(whose, &key));
            assert_eq!(said(&fault), wanted, "{}", world.name);
            let fault = one_fault(world, &["--repair"], "record_missing", &key);
            assert_eq!(fault["repaired"], "written again");
            assert!(world.read(&key) == bytes, "{}: {key}", world.name);

            let damaged = match number % 3 {
                0 => flipped(&bytes, 40),
                1 => bytes[..bytes.len() - 1].to_vec(),
                _ => vec![],
            };
            world.write(&key, &damaged);
            let fault = one_fault(world, &["--repair"], "record_damaged", &key);
            let wanted = format!("{}cannot be read: it is damaged", said_of(whose, &key));
            assert!(said(&fault).starts_with(&wanted), "{fault}");
            assert_eq!(fault["repaired"], "written again");
            assert!(world.read(&key) == bytes, "{}: {key}", world.name);
        }
        world.is_clean();
    });
}

/// The words for a revision have its id.
fn said_of(whose: &str, key: &str) -> String {
    match key.split_once(".revision-") {
        Some((_, id)) => format!("{whose}{id} of acme/model "),
        None => whose.to_owned(),
    }
}

#[test]
fn one_repository_is_looked_at_alone() {
    in_each(|world| {
        world.put_model("acme/one", 1);
        world.put_model("acme/two", 2);
        let [one, _] = &world.records(".revision-")[..] else {
            panic!("{:?}", world.records(""));
        };
        let bytes = world.read(one);
        let checks = ["acme/one", "acme/two"];
        for damage in [true, false] {
            world.delete(one);
            if damage {
                world.write(one, &flipped(&bytes, 50));
            }
            let found = checks.map(|name| !world.check(&[name]).succeeded());
            assert!(
                found[0] != found[1],
                "{}: of one, and not of both",
                world.name
            );
        }
        world.check(&["--repair"]).found();
        world.is_clean();
        assert!(world.read(one) == bytes);
    });
}

#[test]
fn a_record_that_says_other_things_than_the_catalog_is_written_again() {
    in_each(|world| {
        world.put_model("acme/model", 1);
        world.sql("UPDATE repositories SET description = 'another'");
        let [key] = &world.records(".repository")[..] else {
            panic!("{:?}", world.records(""));
        };
        let fault = one_fault(world, &[], "record_damaged", key);
        let wanted = "the record of acme/model says other things than the catalog";
        assert_eq!(said(&fault), wanted, "{}", world.name);
        one_fault(world, &["acme/model", "--repair"], "record_damaged", key);
        world.is_clean();
    });
}

#[test]
fn what_was_never_noted_is_recorded() {
    in_each(|world| {
        world.put_model("acme/model", 1);
        let before = world.records("");
        world.sql("DELETE FROM records");
        let faults = world.faults(&[]);
        let unnamed: Vec<_> = faults
            .iter()
            .map(|f| f["object_key"].as_str().unwrap())
            .collect();
        assert_eq!(sorted(unnamed), before, "{}: {faults:#?}", world.name);
        assert!(faults.iter().all(|fault| fault["kind"] == "object_unnamed"));
        for key in &before {
            world.delete(key);
        }
        world.is_clean();
        assert_eq!(world.records("").len(), before.len(), "{}", world.name);
    });
}

fn sorted(mut keys: Vec<&str>) -> Vec<&str> {
    keys.sort_unstable();
    keys
}

#[test]
fn what_is_no_record_or_lies_beside_the_folders_is_named_and_left() {
    in_each(|world| {
        world.put_model("acme/model", 1);
        let [record] = &world.records(".repository")[..] else {
            panic!("{:?}", world.records(""));
        };
        let older = format!("{}0000000000000001.repository", &record[..44]);
        let planted = [
            ("blobs/readme.txt", "object_foreign"),
            ("blobs/zz/model", "object_foreign"),
            ("records/readme.txt", "object_foreign"),
            ("records/00/readme.txt", "object_foreign"),
            (older.as_str(), "object_unnamed"),
        ];
        for (key, kind) in planted {
            world.write(key, b"what is this?");
            one_fault(world, &["--quick"], kind, key);
            let fault = one_fault(world, &["--repair"], kind, key);
            assert!(fault["repaired"].is_null(), "{fault}");
            assert_eq!(world.read(key), b"what is this?", "{}", world.name);
            world.delete(key);
        }
        world.is_clean();
    });
}
