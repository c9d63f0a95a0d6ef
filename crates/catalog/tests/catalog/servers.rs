//! Several servers over one database.

use sheaf_catalog::{Catalog, CommitOutcome, Expected, Live, NewRevision, Visibility};
use sheaf_types::UploadId;
use sheaf_types::repositories::RepositoryChange;
use sqlx::{AssertSqlSafe, PgPool};

use crate::database::{Database, both};
use crate::{World, chunk_ref, file, main_branch, open_upload, revision, store};

/// Two catalogs over one database, as two servers have them.
async fn two(database: Database) -> (World, Catalog) {
    let url = database.url.clone();
    let world = World::new(database).await;
    (world, Catalog::open(&url).await.unwrap())
}

#[tokio::test]
async fn servers_may_start_at_the_same_time() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let opening = [(); 4].map(|()| {
        let url = database.url.clone();
        tokio::spawn(async move { Catalog::open(&url).await })
    });
    for catalog in opening {
        let catalog = catalog.await.unwrap().unwrap();
        let all = Visibility::all();
        let listed = catalog.list_repositories(&all, "", "", 1).await;
        assert!(listed.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_server_goes_on_while_a_newer_one_adds_columns() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let newer = PgPool::connect(&database.url).await.unwrap();
    let world = World::new(database).await;
    let catalog = &world.catalog;
    store(catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let used = async || {
        let head = world.head().await.unwrap().revision;
        assert!(catalog.revision(head).await.unwrap().is_some());
        let file = catalog.files(head, "", "", 1).await.unwrap().pop().unwrap();
        let chunks = catalog.content_chunks(file.content, 0, 100, 1).await;
        let blob = chunks.unwrap()[0].1.blob;
        let found = catalog.find_blob(world.repository, &blob).await;
        assert!(found.unwrap().is_some());
        let name = "acme/model".parse().unwrap();
        assert!(catalog.find_repository(&name).await.unwrap().is_some());
        let found = catalog.find_upload(world.repository, &world.upload).await;
        assert!(found.unwrap().is_some());
        let change = RepositoryChange::default();
        let changed = catalog.change_repository(world.repository, &change).await;
        assert!(changed.unwrap().is_some());
        assert!(catalog.list_tokens().await.unwrap().is_empty());
    };
    used().await;
    for table in ["chunks", "repositories", "revisions", "tokens", "uploads"] {
        let sql = format!("ALTER TABLE {table} ADD COLUMN new BIGINT NOT NULL DEFAULT 0");
        sqlx::query(AssertSqlSafe(sql))
            .execute(&newer)
            .await
            .unwrap();
    }
    used().await;
}

both!(of_two_who_move_a_branch_one_wins);
async fn of_two_who_move_a_branch_one_wins(database: Database) {
    let (world, other) = two(database).await;
    let mut expected = Expected::Missing;
    for round in 1..=10u8 {
        let racers = [&world.catalog, &other].map(|catalog| (catalog.clone(), round));
        let mut racing = Vec::new();
        for (number, (catalog, round)) in racers.into_iter().enumerate() {
            let repository = world.repository;
            let id = round * 2 + number as u8;
            let upload = open_upload(&catalog, repository, 100 + id).await;
            store(&catalog, id, "a", upload).await;
            racing.push(tokio::spawn(async move {
                let files = [file("a", &[id])];
                let new = NewRevision {
                    repository,
                    branch: &main_branch(),
                    expected,
                    revision: &revision(id),
                    put: &files,
                    delete: &[],
                };
                catalog.commit(&upload, &new).await.unwrap()
            }));
        }
        let mut outcomes = Vec::new();
        for racer in racing {
            outcomes.push(racer.await.unwrap());
        }
        let won = |outcome: &&CommitOutcome| **outcome == CommitOutcome::Committed;
        assert_eq!(outcomes.iter().filter(won).count(), 1, "{outcomes:?}");
        assert!(outcomes.contains(&CommitOutcome::HeadMoved), "{outcomes:?}");
        expected = Expected::At(world.head().await.unwrap().revision);
    }
}

both!(a_chunk_that_two_send_at_once_has_one_blob_and_is_held_for_both);
async fn a_chunk_that_two_send_at_once_has_one_blob_and_is_held_for_both(database: Database) {
    let (world, other) = two(database).await;
    let uploads = [world.upload, open_upload(&other, world.repository, 2).await];
    let sending = |catalog: &Catalog, upload: UploadId, backwards: bool| {
        let catalog = catalog.clone();
        let write = if backwards { "b" } else { "a" };
        tokio::spawn(async move {
            let mut stored = 0;
            for number in 0..40u8 {
                let chunk = if backwards { 39 - number } else { number };
                let live = store(&catalog, chunk, write, upload).await;
                assert_ne!(live, Live::Gone);
                stored += usize::from(live == Live::Stored);
            }
            stored
        })
    };
    let one = sending(&world.catalog, uploads[0], false);
    let two = sending(&other, uploads[1], true);
    assert_eq!(one.await.unwrap() + two.await.unwrap(), 40);
    for chunk in 0..40 {
        for upload in &uploads {
            let held = other.pinned_chunk(upload, &chunk_ref(chunk)).await;
            assert!(held.unwrap().is_some());
        }
    }
}
