//! Repositories: their names, lists, figures and end.

use sheaf_catalog::{CommitOutcome, Expected, Live, NewRevision, SavingsScope, Visibility};
use sheaf_types::ChunkId;
use sheaf_types::repositories::NewRepository;

use crate::database::{Database, both};
use crate::records::write_all;
use crate::{World, chunk_ref, create, file, main_branch, now, open_upload, revision, store};

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
    write_all(catalog, world.repository).await;
    while catalog.purge_deleted().await.unwrap() {}
    assert_eq!(catalog.revision(head.revision).await.unwrap(), None);
    let found = catalog.find_repository(&name).await.unwrap();
    assert_eq!(found.unwrap().id, again);
    assert!(catalog.has_chunk(&ChunkId([1; 32])).await.unwrap());
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
