//! A full disk: a clear error, nothing half done, and all is well once there is room.

use serde_json::Value;
use sheaf_tests::{Access, Answer, Chunk, SmallDisk, Upload, content};

const GOOD: &str = "good.bin";

/// Puts files until there is no room, and gives the refusal.
fn fill(admin: &Access) -> Answer {
    for seed in 0.. {
        let name = format!("{seed}.bin");
        let answer = admin.put("acme/model", &name, content::noise(seed, 3_000_000));
        if answer.status != 201 {
            return answer;
        }
    }
    unreachable!("the disk never fills")
}

fn revisions(admin: &Access) -> Vec<Value> {
    let revisions = admin.revisions("acme/model");
    assert_eq!(admin.file("acme/model", GOOD).expect(200).body, b"good");
    revisions
}

#[test]
fn what_finds_no_room_is_refused_and_harms_nothing() {
    let Some(disk) = SmallDisk::start(24) else {
        return;
    };
    let admin = disk.admin();
    admin.create("acme/model");
    admin.put("acme/model", GOOD, "good").expect(201);

    fill(&admin).expect_error(507, "storage_full");
    let before = revisions(&admin);
    for seed in 100..103 {
        let bytes = content::noise(seed, 5_000_000);
        admin
            .put("acme/model", "large.bin", bytes)
            .expect_error(507, "storage_full");
        assert_eq!(revisions(&admin), before);
    }

    disk.grow(64);
    let bytes = content::noise(103, 5_000_000);
    admin.put("acme/model", "large.bin", &bytes).expect(201);
    assert!(admin.file("acme/model", "large.bin").expect(200).body == bytes);
    assert_eq!(revisions(&admin)[1..], before);
}

#[test]
fn a_push_that_found_no_room_goes_on_when_there_is() {
    let Some(disk) = SmallDisk::start(16) else {
        return;
    };
    let admin = disk.admin();
    admin.create("acme/model");
    admin.put("acme/model", GOOD, "good").expect(201);
    let chunks: Vec<_> = (1..=12)
        .map(|seed| Chunk::new(content::noise(seed, 2_000_000)))
        .collect();
    let upload = Upload::open(&admin, "acme/model");
    let refused = chunks
        .iter()
        .map(|chunk| upload.put(chunk))
        .find(|answer| answer.status != 200);
    refused
        .expect("a full disk")
        .expect_error(507, "storage_full");
    assert_eq!(revisions(&admin).len(), 1);

    disk.grow(64);
    let all: Vec<&Chunk> = chunks.iter().collect();
    let missing = upload.missing(&all);
    assert!(
        (1..chunks.len()).contains(&missing.len()),
        "{} missing",
        missing.len()
    );
    for chunk in chunks.iter().filter(|chunk| missing.contains(&chunk.id)) {
        upload.put(chunk).expect(200);
    }
    upload.commit_file("large.bin", &all).expect(200);
    let raw: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.raw.clone()).collect();
    assert!(admin.file("acme/model", "large.bin").expect(200).body == raw);
}
