//! Chunks: how they go live, who may use them, and when they go.

use jiff::Timestamp;
use sheaf_catalog::{Expected, Live, SavingsScope, Visibility};
use sheaf_types::ChunkId;
use sheaf_types::files::ChunkRef;

use crate::database::{Database, both};
use crate::{World, blob, chunk_ref, create, later, now, open_upload, store};

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
