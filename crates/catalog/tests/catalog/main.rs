//! What the catalog promises, whatever database it stands on.

#![allow(clippy::unwrap_used)]

mod database;
mod jobs;
mod records;
mod reencode;
mod schema;
mod servers;
mod upgrades;

use std::sync::Arc;

use database::{Database, both};
use jiff::Timestamp;
use sheaf_catalog::{
    Catalog, CommitOutcome, Expected, Live, NewBlob, NewFile, NewRevision, RepositoryId,
    SavingsScope, Visibility,
};
use sheaf_types::files::ChunkRef;
use sheaf_types::repositories::NewRepository;
use sheaf_types::revisions::Revision;
use sheaf_types::{BlobId, ChunkId, RefName, RevisionId, Sha256, UploadId};

/// A catalog with a repository and an upload to it.
struct World {
    catalog: Catalog,
    repository: RepositoryId,
    upload: UploadId,
    _database: Arc<Database>,
}

fn now() -> Timestamp {
    Timestamp::from_microsecond(1_700_000_000_000_000).unwrap()
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_microsecond(now().as_microsecond() + seconds * 1_000_000).unwrap()
}

fn main_branch() -> RefName {
    RefName::main()
}

impl World {
    async fn new(database: Database) -> Self {
        let catalog = Catalog::open(&database.url).await.unwrap();
        let repository = create(&catalog, "acme/model", false).await;
        let upload = open_upload(&catalog, repository, 1).await;
        Self {
            catalog,
            repository,
            upload,
            _database: Arc::new(database),
        }
    }

    async fn head(&self) -> Option<sheaf_catalog::RefRow> {
        let found = self.catalog.find_ref(self.repository, &main_branch()).await;
        found.unwrap()
    }

    /// Commits one file of one chunk to `main`.
    async fn commit(&self, path: &str, chunk: u8, expected: Expected) -> CommitOutcome {
        let revision = revision(chunk);
        let files = [file(path, &[chunk])];
        let new = NewRevision {
            repository: self.repository,
            branch: &main_branch(),
            expected,
            revision: &revision,
            put: &files,
            delete: &[],
        };
        self.catalog.commit(&self.upload, &new).await.unwrap()
    }
}

async fn create(catalog: &Catalog, name: &str, private: bool) -> RepositoryId {
    let new = NewRepository {
        name: name.parse().unwrap(),
        private,
        description: String::new(),
    };
    catalog
        .create_repository(&new, now())
        .await
        .unwrap()
        .unwrap()
        .id
}

async fn open_upload(catalog: &Catalog, repository: RepositoryId, number: u8) -> UploadId {
    let id = UploadId([number; 16]);
    catalog
        .create_upload(repository, id, now(), later(60))
        .await
        .unwrap();
    id
}

fn blob(chunk: u8, write: &str, upload: UploadId) -> NewBlob {
    NewBlob {
        row: sheaf_catalog::ChunkRow {
            chunk: ChunkId([chunk; 32]),
            raw_len: 100,
            blob: BlobId([chunk; 32]),
            object_key: format!("blobs/{chunk}/{write}"),
            stored_len: 60,
        },
        upload,
    }
}

async fn store(catalog: &Catalog, chunk: u8, write: &str, upload: UploadId) -> Live {
    let new = blob(chunk, write, upload);
    catalog.announce(new.row.object_key.clone()).await.unwrap();
    catalog.go_live(new).await.unwrap()
}

fn chunk_ref(chunk: u8) -> ChunkRef {
    ChunkRef {
        id: ChunkId([chunk; 32]),
        size: 100,
    }
}

fn file(path: &str, chunks: &[u8]) -> NewFile {
    NewFile {
        path: path.parse().unwrap(),
        sha256: Sha256([chunks[0]; 32]),
        size: 100 * chunks.len() as u64,
        list: [chunks[0]; 32],
        near_lossless: None,
        scanned: None,
        chunks: chunks.iter().map(|c| chunk_ref(*c)).collect(),
    }
}

fn revision(number: u8) -> Revision {
    Revision {
        id: RevisionId([number; 20]),
        parent: None,
        message: "a message".into(),
        created_at: now(),
        files: 1,
        bytes: 100,
    }
}

both!(a_name_is_taken_whatever_its_case);
async fn a_name_is_taken_whatever_its_case(database: Database) {
    let world = World::new(database).await;
    let again = NewRepository {
        name: "ACME/Model".parse().unwrap(),
        private: false,
        description: String::new(),
    };
    let made = world
        .catalog
        .create_repository(&again, now())
        .await
        .unwrap();
    assert_eq!(made, None);
    let found = world.catalog.find_repository(&again.name).await.unwrap();
    assert_eq!(found.unwrap().repository.name.to_string(), "acme/model");
}

both!(lists_show_what_is_visible_and_escape_what_is_searched);
async fn lists_show_what_is_visible_and_escape_what_is_searched(database: Database) {
    let world = World::new(database).await;
    create(&world.catalog, "acme/secret_one", true).await;
    create(&world.catalog, "other/secret", true).await;
    let list = async |visibility: Visibility, search: &str| {
        let found = world
            .catalog
            .list_repositories(&visibility, search, "", 10)
            .await
            .unwrap();
        let names = found.iter().map(|r| r.name.to_string());
        names.collect::<Vec<_>>().join(" ")
    };
    let acme = Visibility {
        namespace: Some("acme".into()),
        ..Visibility::default()
    };
    assert_eq!(list(Visibility::default(), "").await, "acme/model");
    assert_eq!(list(acme, "").await, "acme/model acme/secret_one");
    assert_eq!(list(Visibility::all(), "T_O").await, "acme/secret_one");
    assert_eq!(list(Visibility::all(), "%").await, "");
}

both!(the_first_blob_of_a_chunk_stays);
async fn the_first_blob_of_a_chunk_stays(database: Database) {
    let world = World::new(database).await;
    let upload = world.upload;
    assert_eq!(store(&world.catalog, 1, "a", upload).await, Live::Stored);
    assert_eq!(store(&world.catalog, 1, "b", upload).await, Live::Existed);
    let row = world.catalog.pinned_chunk(&upload, &chunk_ref(1)).await;
    assert_eq!(row.unwrap().unwrap().object_key, "blobs/1/a");
}

both!(nothing_goes_live_that_was_not_announced_or_whose_upload_is_gone);
async fn nothing_goes_live_that_was_not_announced_or_whose_upload_is_gone(database: Database) {
    let world = World::new(database).await;
    let never = blob(1, "a", world.upload);
    assert_eq!(world.catalog.go_live(never).await.unwrap(), Live::Overtaken);
    let taken = blob(2, "a", world.upload);
    let key = taken.row.object_key.clone();
    world.catalog.announce(key.clone()).await.unwrap();
    world.catalog.withdraw(&key).await.unwrap();
    assert_eq!(world.catalog.go_live(taken).await.unwrap(), Live::Overtaken);
    world.catalog.drop_upload(&world.upload).await.unwrap();
    let gone = store(&world.catalog, 3, "a", world.upload).await;
    assert_eq!(gone, Live::Gone);
    assert!(!world.catalog.has_chunk(&ChunkId([3; 32])).await.unwrap());
}

both!(many_writers_at_once_all_get_their_answer);
async fn many_writers_at_once_all_get_their_answer(database: Database) {
    let world = World::new(database).await;
    let writers = (0..200u8).map(|chunk| {
        let (catalog, upload) = (world.catalog.clone(), world.upload);
        tokio::spawn(async move { store(&catalog, chunk, "a", upload).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        assert_eq!(writer.await.unwrap(), Live::Stored);
    }
}

both!(a_revision_appears_whole_or_not_at_all);
async fn a_revision_appears_whole_or_not_at_all(database: Database) {
    let world = World::new(database).await;
    let outcome = world.commit("a", 1, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::ChunkMissing(ChunkId([1; 32])));
    assert_eq!(world.head().await, None);
    store(&world.catalog, 1, "a", world.upload).await;
    let outcome = world.commit("a", 1, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::Committed);
    let head = world.head().await.unwrap();
    assert_eq!(head.shown.revision, RevisionId([1; 20]));
    let files = world
        .catalog
        .files(head.revision, "", "", 10)
        .await
        .unwrap();
    assert_eq!(files[0].entry.path.as_str(), "a");
    let chunks = world.catalog.content_chunks(files[0].content, 50, 60, 10);
    assert_eq!(chunks.await.unwrap()[0].1.chunk, ChunkId([1; 32]));
}

both!(a_branch_moves_only_from_where_it_was_expected);
async fn a_branch_moves_only_from_where_it_was_expected(database: Database) {
    let world = World::new(database).await;
    store(&world.catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let second = World {
        upload: open_upload(&world.catalog, world.repository, 2).await,
        ..world
    };
    store(&second.catalog, 2, "a", second.upload).await;
    let outcome = second.commit("b", 2, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::HeadMoved);
    let head = second.head().await.unwrap();
    let outcome = second.commit("b", 2, Expected::At(head.revision)).await;
    assert_eq!(outcome, CommitOutcome::Committed);
    let head = second.head().await.unwrap();
    let history = second.catalog.history(head.revision, 10).await.unwrap();
    let ids: Vec<RevisionId> = history.iter().map(|row| row.revision.id).collect();
    assert_eq!(ids, [RevisionId([2; 20]), RevisionId([1; 20])]);
    assert_eq!(history[0].revision.parent, Some(RevisionId([1; 20])));
    let files = second.catalog.files(head.revision, "", "", 10).await;
    let paths: Vec<String> = files
        .unwrap()
        .iter()
        .map(|f| f.entry.path.to_string())
        .collect();
    assert_eq!(paths, ["a", "b"], "those of the parent, and the new one");
}

both!(what_a_caller_may_not_read_is_missing);
async fn what_a_caller_may_not_read_is_missing(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    let private = create(catalog, "acme/private", true).await;
    let theirs = World {
        catalog: catalog.clone(),
        repository: private,
        upload: open_upload(catalog, private, 2).await,
        _database: world._database.clone(),
    };
    store(catalog, 7, "a", theirs.upload).await;
    theirs.commit("secret", 7, Expected::Missing).await;

    let ask = async |visibility: &Visibility, size: u64| {
        let asked = [ChunkRef {
            size,
            ..chunk_ref(7)
        }];
        let upload = open_upload(catalog, world.repository, 3).await;
        let missing = catalog.pin_or_missing(&upload, visibility, &asked).await;
        catalog.drop_upload(&upload).await.unwrap();
        missing.unwrap().unwrap().len()
    };
    assert_eq!(ask(&Visibility::default(), 100).await, 1);
    assert_eq!(ask(&Visibility::all(), 100).await, 0);
    assert_eq!(ask(&Visibility::all(), 99).await, 1, "a wrong size");

    // Whoever shows the bytes holds the chunk, and the figures of others do not tell.
    let pinned = catalog.pin_shown(&world.upload, &ChunkId([7; 32])).await;
    assert_eq!(pinned.unwrap(), Some(true));
    world.commit("mine", 7, Expected::Missing).await;
    let scope = SavingsScope::Repository(world.repository);
    let seen = catalog
        .savings(&Visibility::default(), scope)
        .await
        .unwrap();
    assert_eq!((seen.stored_bytes, seen.exclusive_bytes), (60, 60));
    let seen = catalog.savings(&Visibility::all(), scope).await.unwrap();
    assert_eq!((seen.stored_bytes, seen.exclusive_bytes), (60, 0));
}

both!(savings_add_up);
async fn savings_add_up(database: Database) {
    let world = World::new(database).await;
    store(&world.catalog, 1, "a", world.upload).await;
    store(&world.catalog, 2, "a", world.upload).await;
    let files = [
        file("a", &[1, 2]),
        file("b", &[1, 2]),
        file("c", &[2, 2, 2]),
    ];
    let new = NewRevision {
        repository: world.repository,
        branch: &main_branch(),
        expected: Expected::Missing,
        revision: &revision(9),
        put: &files,
        delete: &[],
    };
    world.catalog.commit(&world.upload, &new).await.unwrap();
    for scope in [
        SavingsScope::All,
        SavingsScope::Repository(world.repository),
    ] {
        let savings = world.catalog.savings(&Visibility::all(), scope).await;
        let savings = savings.unwrap();
        assert_eq!(savings.raw_bytes, 700);
        assert_eq!(savings.stored_bytes, 120);
        assert_eq!(savings.saved_by.dedup, 500);
        assert_eq!(savings.saved_by.encoding, 80);
    }
}

both!(uploads_expire_unless_something_is_sent);
async fn uploads_expire_unless_something_is_sent(database: Database) {
    let world = World::new(database).await;
    let other = open_upload(&world.catalog, world.repository, 2).await;
    assert!(
        world
            .catalog
            .reopen_upload(&other, later(600))
            .await
            .unwrap()
    );
    assert_eq!(world.catalog.expire_uploads(later(61)).await.unwrap(), 1);
    let left = world.catalog.list_uploads(world.repository).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].upload.id, other);
}

both!(a_deleted_repository_is_gone_at_once_and_its_rows_go_after_it);
async fn a_deleted_repository_is_gone_at_once_and_its_rows_go_after_it(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    store(catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let head = world.head().await.unwrap();
    let unfinished = open_upload(catalog, world.repository, 2).await;
    catalog.delete_repository(world.repository).await.unwrap();

    let name = "acme/model".parse().unwrap();
    assert_eq!(catalog.find_repository(&name).await.unwrap(), None);
    let all = Visibility::all();
    let listed = catalog.list_repositories(&all, "", "", 10).await.unwrap();
    assert!(listed.is_empty());
    let savings = catalog.savings(&all, SavingsScope::All).await.unwrap();
    assert_eq!((savings.raw_bytes, savings.exclusive_bytes), (0, 0));
    assert_eq!(store(catalog, 3, "a", unfinished).await, Live::Gone);
    let asked = [chunk_ref(1)];
    let missing = catalog.pin_or_missing(&unfinished, &all, &asked).await;
    assert_eq!(missing.unwrap(), None);

    let again = create(catalog, "acme/model", false).await;
    while catalog.purge_deleted().await.unwrap() {}
    let there = catalog.revision(head.revision).await.unwrap();
    assert!(there.is_some(), "gone before that is recorded");
    records::write_all(catalog, world.repository).await;
    while catalog.purge_deleted().await.unwrap() {}
    assert_eq!(catalog.revision(head.revision).await.unwrap(), None);
    let found = catalog.find_repository(&name).await.unwrap();
    assert_eq!(found.unwrap().id, again);
    assert!(catalog.has_chunk(&ChunkId([1; 32])).await.unwrap());
}

both!(what_was_written_is_there_after_a_restart);
async fn what_was_written_is_there_after_a_restart(database: Database) {
    let catalog = Catalog::open(&database.url).await.unwrap();
    create(&catalog, "acme/model", false).await;
    catalog.close().await;
    let catalog = Catalog::open(&database.url).await.unwrap();
    let found = catalog
        .find_repository(&"acme/model".parse().unwrap())
        .await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn another_database_is_refused_with_a_sentence() {
    let error = Catalog::open("mysql://me:secret@localhost/sheaf")
        .await
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "the catalog's URL is not one that is supported: \
         use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"
    );
}

both!(a_write_that_took_too_long_is_garbage_and_does_not_go_live);
async fn a_write_that_took_too_long_is_garbage_and_does_not_go_live(database: Database) {
    let World {
        catalog, upload, ..
    } = &World::new(database).await;
    let slow = blob(1, "slow", *upload);
    let key = slow.row.object_key.clone();
    catalog.announce(key.clone()).await.unwrap();
    assert_eq!(catalog.collect_intents(now()).await.unwrap(), 0);
    assert_eq!(catalog.collect_intents(Timestamp::MAX).await.unwrap(), 1);
    assert_eq!(catalog.go_live(slow).await.unwrap(), Live::Overtaken);
    let garbage = catalog.garbage(later(9999), "", 10).await.unwrap();
    assert_eq!(garbage.len(), 1);
    assert_eq!(garbage[0].object_key, key);
    catalog.forget_garbage(&garbage).await.unwrap();
    assert_eq!(catalog.garbage_tally(later(9999)).await.unwrap().rows, 0);
}

both!(a_chunk_goes_once_nothing_has_held_it_for_long_enough);
async fn a_chunk_goes_once_nothing_has_held_it_for_long_enough(database: Database) {
    let World {
        catalog, upload, ..
    } = &World::new(database).await;
    store(catalog, 1, "a", *upload).await;
    catalog.mark_chunks(now()).await.unwrap();
    assert_eq!(catalog.collect_chunks(later(9)).await.unwrap().rows, 0);

    catalog.drop_upload(upload).await.unwrap();
    catalog.mark_chunks(now()).await.unwrap();
    catalog.mark_chunks(later(5)).await.unwrap();
    assert_eq!(catalog.collect_chunks(later(-1)).await.unwrap().rows, 0);
    let taken = catalog.collect_chunks(now()).await.unwrap();
    assert_eq!((taken.rows, taken.bytes), (1, 60));
    assert!(!catalog.has_chunk(&ChunkId([1; 32])).await.unwrap());
    assert_eq!(
        catalog.garbage(later(9999), "", 10).await.unwrap()[0].stored_len,
        60
    );
}

both!(a_pin_begins_the_time_of_an_unused_chunk_anew);
async fn a_pin_begins_the_time_of_an_unused_chunk_anew(database: Database) {
    let world = World::new(database).await;
    let World {
        catalog,
        repository,
        upload,
        ..
    } = &world;
    store(catalog, 1, "a", *upload).await;
    catalog.drop_upload(upload).await.unwrap();
    catalog.mark_chunks(now()).await.unwrap();
    let again = open_upload(catalog, *repository, 2).await;
    let pinned = catalog.pin_shown(&again, &ChunkId([1; 32])).await.unwrap();
    assert_eq!(pinned, Some(true));
    catalog.drop_upload(&again).await.unwrap();
    assert_eq!(catalog.collect_chunks(later(9)).await.unwrap().rows, 0);
    catalog.mark_chunks(later(10)).await.unwrap();
    assert_eq!(catalog.collect_chunks(later(9)).await.unwrap().rows, 0);
    assert_eq!(catalog.collect_chunks(later(10)).await.unwrap().rows, 1);
}

both!(text_is_ordered_by_its_bytes_and_nul_is_never_found);
async fn text_is_ordered_by_its_bytes_and_nul_is_never_found(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    for (number, path) in [
        (1, "a"),
        (2, "_"),
        (3, "Z"),
        (4, "a/b"),
        (5, "a.b"),
        (6, "é"),
    ] {
        let upload = open_upload(catalog, world.repository, 10 + number).await;
        store(catalog, number, "a", upload).await;
        let expected = world.head().await.map(|head| Expected::At(head.revision));
        let files = [file(path, &[number])];
        let new = NewRevision {
            repository: world.repository,
            branch: &main_branch(),
            expected: expected.unwrap_or(Expected::Missing),
            revision: &revision(number),
            put: &files,
            delete: &[],
        };
        let outcome = catalog.commit(&upload, &new).await.unwrap();
        assert_eq!(outcome, CommitOutcome::Committed);
    }
    let head = world.head().await.unwrap().revision;
    let list = async |prefix: &str, after: &str| {
        let files = catalog.files(head, prefix, after, 10).await.unwrap();
        let paths = files.iter().map(|file| file.entry.path.to_string());
        paths.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list("", "").await, "Z _ a a.b a/b é");
    assert_eq!(list("a", "a.").await, "a.b a/b");
    assert_eq!(list("", "a\0").await, "a.b a/b é");
    assert_eq!(list("a\0", "").await, "");
    let all = Visibility::all();
    let listed = catalog.list_repositories(&all, "\0", "", 10).await;
    assert!(listed.unwrap().is_empty());
    let listed = catalog
        .list_repositories(&all, "", "acme/model\0", 10)
        .await;
    assert!(listed.unwrap().is_empty());
}
