//! A chunk's blob is swapped for a smaller one.

use sheaf_catalog::{ChunkRow, Expected, Reencoded, RevisionRowId, Swapped};
use sheaf_types::{BlobId, ChunkId};

use crate::database::{Database, both};
use crate::{World, later, now, store};

const MAX: u8 = 3;

impl World {
    /// A revision of one chunk.
    async fn with_chunk(database: Database) -> (Self, RevisionRowId, ChunkRow) {
        let world = Self::new(database).await;
        store(&world.catalog, 1, "a", world.upload).await;
        world.commit("a", 1, Expected::Missing).await;
        let revision = world.head().await.unwrap().revision;
        let chunk = world.chunk().await.unwrap();
        (world, revision, chunk)
    }

    async fn chunk(&self) -> Option<ChunkRow> {
        self.catalog.find_chunk(&ChunkId([1; 32])).await.unwrap()
    }

    async fn swap(&self, old: &ChunkRow, new: Option<&ChunkRow>) -> Swapped {
        let done = Reencoded {
            old: old.clone(),
            new: new.cloned(),
            level: MAX,
            not_before: later(60),
        };
        self.catalog.swap(done).await.unwrap()
    }

    async fn due(&self, revision: RevisionRowId, level: u8) -> usize {
        let due = self.catalog.chunks_below(revision, level).await.unwrap();
        let mut left = 0;
        for chunk in &due {
            let row = self.catalog.chunk_below(*chunk, level).await;
            left += usize::from(row.unwrap().is_some());
        }
        assert_eq!(left, due.len());
        left
    }
}

/// A smaller blob of the same chunk.
fn smaller(old: &ChunkRow, key: &str) -> ChunkRow {
    ChunkRow {
        blob: BlobId([9; 32]),
        object_key: key.into(),
        stored_len: 50,
        ..old.clone()
    }
}

both!(a_swapped_blob_is_the_chunks_and_the_old_one_waits);
async fn a_swapped_blob_is_the_chunks_and_the_old_one_waits(database: Database) {
    let (world, revision, old) = World::with_chunk(database).await;
    let catalog = &world.catalog;
    assert_eq!(world.due(revision, MAX).await, 1);
    let before = catalog.chunk_totals(revision, MAX).await.unwrap();
    assert_eq!((before.chunks, before.raw_bytes), (1, 100));
    assert_eq!((before.stored_bytes, before.due_bytes), (60, 100));

    let new = smaller(&old, "new");
    catalog.announce("new".into()).await.unwrap();
    assert_eq!(world.swap(&old, Some(&new)).await, Swapped::Done);
    assert_eq!(world.chunk().await.as_ref(), Some(&new));
    assert_eq!(world.due(revision, MAX).await, 0);
    let after = catalog.chunk_totals(revision, MAX).await.unwrap();
    assert_eq!((after.stored_bytes, after.due_bytes), (50, 0));
    assert_eq!(catalog.intents(later(9999)).await.unwrap().0, 0);

    // Either can be had until the old object may be deleted.
    for blob in [&old, &new] {
        let found = catalog.find_blob(world.repository, &blob.blob).await;
        assert_eq!(found.unwrap().as_ref(), Some(blob));
    }
    assert_eq!(catalog.garbage(now(), "", 10).await.unwrap(), []);
    assert_eq!(catalog.garbage_tally(now()).await.unwrap().rows, 0);
    let garbage = catalog.garbage(later(60), "", 10).await.unwrap();
    assert_eq!(garbage[0].object_key, old.object_key);
    catalog.forget_garbage(&garbage).await.unwrap();
    let found = catalog.find_blob(world.repository, &old.blob).await;
    assert_eq!(found.unwrap(), None);
}

both!(a_blob_that_stays_is_not_tried_again);
async fn a_blob_that_stays_is_not_tried_again(database: Database) {
    let (world, revision, old) = World::with_chunk(database).await;
    assert_eq!(world.swap(&old, None).await, Swapped::Done);
    assert_eq!(world.chunk().await, Some(old));
    assert_eq!(world.due(revision, MAX).await, 0);
    let garbage = world.catalog.garbage(later(9999), "", 10).await;
    assert_eq!(garbage.unwrap(), []);
}

both!(of_two_who_make_a_blob_anew_one_swaps_it);
async fn of_two_who_make_a_blob_anew_one_swaps_it(database: Database) {
    let (world, _, old) = World::with_chunk(database).await;
    let [first, second] = ["first", "second"].map(|key| smaller(&old, key));
    for new in [&first, &second] {
        let key = new.object_key.clone();
        world.catalog.announce(key).await.unwrap();
    }
    assert_eq!(world.swap(&old, Some(&first)).await, Swapped::Done);
    assert_eq!(world.swap(&old, Some(&second)).await, Swapped::Changed);
    assert_eq!(world.chunk().await, Some(first));
    let left = world.catalog.intents(later(9999)).await.unwrap().0;
    assert_eq!(left, 1, "by which the second's object is found");
}

both!(a_blob_whose_write_was_given_up_is_not_swapped_in);
async fn a_blob_whose_write_was_given_up_is_not_swapped_in(database: Database) {
    let (world, _, old) = World::with_chunk(database).await;
    let new = smaller(&old, "new");
    assert_eq!(world.swap(&old, Some(&new)).await, Swapped::Overtaken);
    assert_eq!(world.chunk().await, Some(old));
}
