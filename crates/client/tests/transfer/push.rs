use std::path::Path;
use std::sync::Arc;

use sheaf_client::push::{PushOptions, PushReport};
use sheaf_client::{Error, Filter, NoProgress};
use sheaf_types::uploads::UploadState;
use tempfile::TempDir;

use crate::fake::{Fake, name};
use crate::files::{noise, write};

async fn push(fake: &Fake, from: &Path, options: &PushOptions) -> Result<PushReport, Error> {
    let client = &fake.client;
    client
        .push(from, &name(), options, Arc::new(NoProgress))
        .await
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("config.json", b"{}".to_vec()),
        ("empty", vec![]),
        ("weights/a.bin", noise(1, 3_000_000)),
        ("weights/b.bin", noise(2, 1_000_000)),
    ];
    write(folder.path(), &files);
    folder
}

fn paths(fake: &Fake) -> Vec<String> {
    fake.held().files.keys().cloned().collect()
}

#[tokio::test]
async fn a_folder_becomes_a_revision_of_a_new_repository() {
    let (fake, folder) = (Fake::start().await, folder());
    let options = PushOptions {
        private: true,
        message: Some("first".into()),
        ..PushOptions::default()
    };
    let report = push(&fake, folder.path(), &options).await.unwrap();
    assert!(report.created && report.changed && fake.held().private);
    assert_eq!((report.files, report.raw_bytes), (4, 4_000_002));
    assert_eq!(report.reused_bytes, 0);
    assert!(report.sent_bytes > 4_000_000);
    assert_eq!(report.revision.unwrap().message, "first");
    assert_eq!(
        paths(&fake),
        ["config.json", "empty", "weights/a.bin", "weights/b.bin"]
    );
}

#[tokio::test]
async fn the_same_again_sends_nothing_and_makes_no_revision() {
    let (fake, folder) = (Fake::start().await, folder());
    let options = PushOptions::default();
    let first = push(&fake, folder.path(), &options).await.unwrap();
    let puts = fake.held().puts;
    let second = push(&fake, folder.path(), &options).await.unwrap();
    assert!(!second.changed && !second.created);
    assert_eq!(second.revision, first.revision);
    assert_eq!((second.unchanged, second.sent_bytes), (4, 0));
    assert_eq!(fake.held().puts, puts);
}

#[tokio::test]
async fn a_change_is_added_to_what_is_there() {
    let (fake, folder) = (Fake::start().await, folder());
    let options = PushOptions::default();
    push(&fake, folder.path(), &options).await.unwrap();
    write(folder.path(), &[("config.json", b"{\"a\": 1}".to_vec())]);
    let only = folder.path().join("config.json");
    let report = push(&fake, &only, &options).await.unwrap();
    assert_eq!((report.files, report.unchanged), (1, 0));
    assert_eq!(paths(&fake).len(), 4);
    assert_eq!(fake.held().files["config.json"].size, 8);
}

#[tokio::test]
async fn delete_takes_away_what_is_meant_and_lacks() {
    let (fake, folder) = (Fake::start().await, folder());
    push(&fake, folder.path(), &PushOptions::default())
        .await
        .unwrap();
    std::fs::remove_file(folder.path().join("config.json")).unwrap();
    std::fs::remove_file(folder.path().join("weights/a.bin")).unwrap();
    let options = PushOptions {
        delete: true,
        filter: Filter::new(&["*.bin".into()], &[]).unwrap(),
        ..PushOptions::default()
    };
    let report = push(&fake, folder.path(), &options).await.unwrap();
    assert_eq!((report.deleted, report.changed), (1, true));
    assert_eq!(paths(&fake), ["config.json", "empty", "weights/b.bin"]);
}

#[tokio::test]
async fn an_interrupted_push_goes_on_from_where_it_was() {
    let (fake, folder) = (Fake::start().await, folder());
    fake.held().room_for = Some(3);
    let notes = tempfile::tempdir().unwrap();
    let options = PushOptions {
        notes: Some(notes.path().into()),
        ..PushOptions::default()
    };
    let error = push(&fake, folder.path(), &options).await.unwrap_err();
    assert_eq!(error.code(), Some("storage_full"));
    assert!(fake.held().head.is_none());

    let there = fake.held().puts;
    let uploads = fake.held().uploads.len();
    fake.held().room_for = None;
    let report = push(&fake, folder.path(), &options).await.unwrap();
    let held = fake.held();
    assert!(report.changed && report.reused_bytes > 0);
    assert_eq!((there, held.puts), (3, held.blobs.len()));
    assert_eq!(held.uploads.len(), uploads, "the upload was used again");
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_made_twice() {
    let (fake, folder) = (Fake::start().await, folder());
    let notes = tempfile::tempdir().unwrap();
    let options = PushOptions {
        notes: Some(notes.path().into()),
        ..PushOptions::default()
    };
    // A proxy gave up: the upload tells what came of it.
    fake.held().loses_commit = Some(504);
    let report = push(&fake, folder.path(), &options).await.unwrap();
    assert!(report.changed);
    // The client gave up: the next push finds it done.
    write(folder.path(), &[("config.json", b"[]".to_vec())]);
    fake.held().loses_commit = Some(500);
    push(&fake, folder.path(), &options).await.unwrap_err();
    let report = push(&fake, folder.path(), &options).await.unwrap();
    assert!(!report.changed);
    assert_eq!(report.revision.unwrap().id.0[0], 2);
}

#[tokio::test]
async fn the_upload_of_another_push_is_left_alone() {
    let (fake, folder) = (Fake::start().await, folder());
    fake.client.open_upload(&name()).await.unwrap();
    let options = PushOptions::default();
    push(&fake, folder.path(), &options).await.unwrap();
    push(&fake, folder.path(), &options).await.unwrap();
    assert_eq!(fake.held().uploads[0].state, UploadState::Open);
}

#[tokio::test]
async fn an_upload_that_is_dropped_meanwhile_is_replaced() {
    let (fake, folder) = (Fake::start().await, folder());
    fake.held().closes_upload = true;
    let report = push(&fake, folder.path(), &PushOptions::default()).await;
    assert!(report.unwrap().changed);
    assert_eq!(fake.held().uploads.len(), 2);
}

#[tokio::test]
async fn who_comes_second_is_told() {
    let (fake, folder) = (Fake::start().await, folder());
    fake.held().moves_head = true;
    let error = push(&fake, folder.path(), &PushOptions::default()).await;
    assert_eq!(error.unwrap_err().code(), Some("branch_moved"));
}

#[tokio::test]
async fn names_that_collide_are_refused_before_anything_is_sent() {
    let (fake, folder) = (Fake::start().await, folder());
    push(&fake, folder.path(), &PushOptions::default())
        .await
        .unwrap();
    let puts = fake.held().puts;
    let other = tempfile::tempdir().unwrap();
    write(other.path(), &[("CONFIG.json", noise(9, 1000))]);
    let error = push(&fake, other.path(), &PushOptions::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("config.json"), "{error}");
    assert_eq!(fake.held().puts, puts);
}

#[tokio::test]
async fn little_memory_is_slow_and_no_standstill() {
    let (fake, folder) = (Fake::start().await, folder());
    let options = PushOptions {
        memory: 1,
        ..PushOptions::default()
    };
    assert!(push(&fake, folder.path(), &options).await.unwrap().changed);
}
